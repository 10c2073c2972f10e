package reconstruct

import (
	"errors"
	"io"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// readNPY reads the array of an .npy file. in unpickles an array with objects.
func readNPY(file io.Reader, in bridge.Input, resolver *Resolver) (*ndarray.Array, error) {
	return npy.Read(file, &npy.Options{
		Dims:     resolver.limits.Dims,
		Elements: resolver.limits.Elements,
		Objects: func(r io.Reader) (*ndarray.Array, error) {
			v, err := in.LoadFrom(r)
			if err != nil {
				return nil, err
			}
			a, ok := v.(*ndarray.Array)
			if !ok {
				return nil, pickle.Malformed("the pickle in an .npy file holds %s, want an array",
					typeName(v))
			}
			return a, nil
		},
	})
}

// readZFile reads the n bytes of a decompressed file. Memory grows as the bytes arrive.
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
