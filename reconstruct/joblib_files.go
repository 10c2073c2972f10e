package reconstruct

import (
	"errors"
	"io"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// readNPY reads the array of an .npy file, with the hooks of u for one with objects.
func readNPY(file io.Reader, u *pickle.Unpickler, r *Resolver) (*ndarray.Array, error) {
	return npy.Read(file, &npy.Options{
		Dims:     r.limits.Dims,
		Elements: r.limits.Elements,
		Objects: func(in io.Reader) (*ndarray.Array, error) {
			inner := pickle.NewUnpickler(in)
			inner.FindClass, inner.PersistentLoad, inner.GetExtension = u.FindClass, u.PersistentLoad, u.GetExtension
			inner.Strict, inner.Allow = u.Strict, u.Allow
			inner.Encoding, inner.Limits = u.Encoding, u.Limits
			v, err := inner.Load()
			if err != nil {
				return nil, err
			}
			a, ok := v.(*ndarray.Array)
			if !ok {
				return nil, pickle.Malformed("the pickle in an .npy file holds %s, want an array", typeName(v))
			}
			return a, nil
		},
	})
}

// readZFile reads the n bytes that a compressed file unfolds to, into memory that
// grows as they come.
func readZFile(file io.Reader, n int, limits pickle.Limits) ([]byte, error) {
	z, err := compress.NewReader(file, limits)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(z, int64(n)+1))
	if err = errors.Join(err, z.Close()); err != nil {
		return nil, err
	}
	if len(data) < n {
		return nil, pickle.Malformed("%d bytes of data, want %d", len(data), n)
	}
	if len(data) > n {
		return nil, pickle.Malformed("more than %d bytes of data", n)
	}
	return data, nil
}
