package convert

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/npy"
)

// openNPZ opens the member that the pointer leads to, or returns nil if it has to be read whole.
func openNPZ(in *input) (*arrayStream, error) {
	name, ok := strings.CutPrefix(in.pointer(), "/")
	if !ok || strings.ContainsAny(name, "/*~") {
		return nil, nil
	}
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	s, err := memberStream(in, f, name)
	if s == nil || err != nil {
		f.Close()
		return nil, err
	}
	member := s.close
	s.close = func() error { return errors.Join(member(), f.Close()) }
	return s, nil
}

func memberStream(in *input, f *os.File, name string) (*arrayStream, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	limits := in.limits.WithDefaults()
	z, err := npy.OpenArchive(f, info.Size(), &npy.Options{
		DecompressedBytes: limits.DecompressedBytes, CompressionRatio: limits.CompressionRatio})
	if err != nil || !slices.Contains(z.Names(), name) || !z.IsArray(name) {
		return nil, nil // a zip of another kind, such as PyTorch's
	}
	r, err := z.Open(name)
	if err != nil {
		return nil, err
	}
	s := &arrayStream{close: r.Close}
	if err := s.npy(r); err != nil || s.reader == nil {
		r.Close()
		return nil, err
	}
	s.reader = &memberReader{r: s.reader, left: s.nbytes, name: name}
	return s, nil
}

// memberReader reads exactly the bytes of one array in an archive. Together with the last bytes it
// reports what reading on shows: a wrong checksum, or bytes after the array.
type memberReader struct {
	r    io.Reader
	left int64
	name string
}

func (w *memberReader) Read(p []byte) (int, error) {
	if w.left == 0 {
		return 0, io.EOF
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.left)])
	if w.left -= int64(n); w.left > 0 || err != nil {
		return n, err
	}
	var more [1]byte
	switch _, err := io.ReadFull(w.r, more[:]); err {
	case io.EOF:
		return n, nil
	case nil:
		return 0, malformed("member %q has bytes behind its array", w.name)
	default:
		return 0, fmt.Errorf("convert: member %q: %w", w.name, err)
	}
}

// writeNPZStream writes an array as the member of a document that is one array.
func writeNPZStream(out *output, s *arrayStream) (bool, error) {
	if info, err := os.Stat(out.path); out.stream != nil || err == nil && !info.Mode().IsRegular() {
		return false, nil // the archive's writer has to seek
	}
	return true, out.replace(func(f *os.File) error {
		z := npy.NewArchiveWriter(f, &npy.WriteOptions{Compress: out.deflate})
		h := npy.Header{DType: s.dtype, Shape: s.shape, Order: s.order}
		if err := z.AddFrom("arr_0", &h, s.reader); err != nil {
			return err
		}
		return z.Close()
	})
}
