package convert

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// Parts is an array in several files, as Split writes it. The files are mapped, so that nothing is
// read before it is used. After Close the arrays must not be used; see [ndarray.Mapped]. The zero
// value has no array: its Concatenated is nil.
type Parts struct {
	*ndarray.Concatenated
	mapped []*ndarray.Mapped
}

// Close ends the mappings.
func (p *Parts) Close() error {
	var err error
	for _, m := range p.mapped {
		err = errors.Join(err, m.Close())
	}
	return err
}

// OpenParts maps the parts in a manifest of [Split] as one array. It compares their dtypes and
// shapes with the manifest, and with check their checksums too. The files are in the manifest's own
// folder.
func OpenParts(manifestPath string, check bool) (*Parts, error) {
	root, err := os.OpenRoot(filepath.Dir(manifestPath))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	m, err := partsManifest(root, filepath.Base(manifestPath))
	if err != nil {
		return nil, err
	}
	p := &Parts{}
	if err := p.open(root, m, check); err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// partsManifest reads and checks a manifest of Split.
func partsManifest(root *os.Root, name string) (*manifest, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var m manifest
	if err := json.NewDecoder(io.LimitReader(f, maxManifest)).Decode(&m); err != nil {
		return nil, malformed("%s: %v", name, err)
	}
	if m.Axis == nil || len(m.Files) == 0 {
		return nil, malformed("%s is no manifest of parts", name)
	}
	for _, file := range m.Files {
		if file.File != filepath.Base(file.File) || !filepath.IsLocal(file.File) {
			return nil, malformed("%s: %q leads out of the folder", name, file.File)
		}
	}
	return &m, nil
}

func (p *Parts) open(root *os.Root, m *manifest, check bool) error {
	var arrays []*ndarray.Array
	for _, file := range m.Files {
		path := filepath.Join(root.Name(), file.File)
		if info, err := root.Lstat(file.File); err != nil {
			return err
		} else if !info.Mode().IsRegular() || info.Size() != file.Bytes {
			return malformed("%q is no file of %d bytes", file.File, file.Bytes)
		}
		if check {
			sum, _, err := checksum(path)
			if err != nil {
				return err
			}
			if sum != file.SHA256 {
				return malformed("the checksum of %q is %s, not %s", file.File, sum, file.SHA256)
			}
		}
		c := &config{from: "npy"}
		a, err := c.mapArray(path)
		if err != nil {
			return err
		}
		p.mapped = append(p.mapped, a)
		if !slices.Equal(a.Shape(), file.Shape) || a.DType().Str() != file.DType {
			return malformed("%q has shape %v and dtype %s, not %v and %s", file.File, a.Shape(),
				a.DType().Str(), file.Shape, file.DType)
		}
		arrays = append(arrays, a.Array)
	}
	whole, err := ndarray.Concat(*m.Axis, arrays...)
	if err != nil {
		return fmt.Errorf("convert: %w", err)
	}
	if !slices.Equal(whole.Shape(), m.Shape) {
		return malformed("the parts have shape %v together, not %v", whole.Shape(), m.Shape)
	}
	p.Concatenated = whole
	return nil
}

// Join concatenates the parts in a manifest of [Split], after comparing their checksums, and writes
// the array to a file. If the format is .npy and the array was cut along its first axis, the memory
// that this takes does not depend on the size of the array.
func Join(manifestPath, to string, opts ...Option) error {
	p, err := OpenParts(manifestPath, true)
	if err != nil {
		return err
	}
	defer p.Close()
	c := newConfig(opts)
	format, err := c.formatToWrite(to)
	if err != nil {
		return err
	}
	if format.Name != "npy" || !isFirstAxis(p.Concatenated) {
		a, err := p.Array()
		if err != nil {
			return err
		}
		return Write(to, a, opts...)
	}
	out := &output{config: c, format: format, path: to}
	return out.write(func(w io.Writer) error {
		h := npy.Header{DType: p.DType(), Shape: p.Shape(), Order: ndarray.OrderC}
		if err := npy.WriteHeader(w, &h); err != nil {
			return err
		}
		for _, part := range p.Concatenated.Parts() {
			if _, err := part.WriteTo(w, ndarray.OrderC); err != nil {
				return err
			}
		}
		return nil
	})
}

// isFirstAxis reports whether the array was cut along its first axis, so that its parts follow each
// other in C order.
func isFirstAxis(c *ndarray.Concatenated) bool {
	for k, n := range c.Parts()[0].Shape() {
		if n != c.Shape()[k] {
			return k == 0
		}
	}
	return true
}
