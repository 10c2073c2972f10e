package convert

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/internal/pointer"
)

// Read reads the file at path and returns its plain value, or with [WithObjects] its object. The
// format is recognised by the file's first bytes, or else by the ending of its name, or else it is
// taken for a pickle. After a '#' the path may say which part of the file to return: a JSON pointer
// ("x.npz#/a"), or in a SQLite database TABLE.COLUMN ("sim.db#simulations.ppms").
//
// The caller owns the result. Errors are of the kinds of this package, or the operating system's.
func Read(path string, opts ...Option) (any, error) {
	c := newConfig(opts)
	v, err := c.read(path)
	if err != nil || c.objects {
		return v, err
	}
	return plain.New(&plain.Options{
		Limits: c.limits, BigInt: func(digits string) any { return unpkl.BigInt(digits) },
	}).Convert(v, 0)
}

// read returns the object of a file, or of the part that the path or WithSelect names.
func (c *config) read(path string) (any, error) {
	in := &input{config: c}
	in.path, in.fragment = splitFragment(path)
	f, err := c.formatToRead(in.path)
	if err != nil {
		return nil, err
	}
	v, err := f.read(in)
	if err != nil {
		return nil, err
	}
	way := c.selects
	if way == "" && f.Name != "sqlite" {
		way = in.fragment
	}
	if way == "" {
		return v, nil
	}
	return selectPointer(v, way)
}

// selectPointer returns the value at a pointer. For a pointer with a * it returns a dict of all
// values that match, by their pointers.
func selectPointer(v any, text string) (any, error) {
	p, err := pointer.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	found, err := lookup.NewReader(false).Values(v, p)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	if len(found) == 1 && !slices.Contains(p, pointer.All) {
		return found[0].Value, nil
	}
	out := types.Dict{}
	for _, m := range found {
		out = append(out, types.DictEntry{Key: strings.TrimPrefix(m.At.String(), "/"),
			Value: m.Value})
	}
	return &out, nil
}

// splitFragment splits a path at its last '#', unless a file has the whole path as its name.
func splitFragment(path string) (file, fragment string) {
	i := strings.LastIndexByte(path, '#')
	if i < 0 {
		return path, ""
	}
	if _, err := os.Lstat(path); err == nil {
		return path, ""
	}
	return path[:i], path[i+1:]
}

// formatToRead returns the format of an existing file.
func (c *config) formatToRead(path string) (*Format, error) {
	if c.from != "" {
		return formatByName(c.from)
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return formatNamed(folderName), nil
	}
	if !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, compress.HeadSize)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return nil, err
	}
	if found := formatOfHead(head[:n]); found != nil {
		return found, nil
	}
	if found, _ := formatOfPath(path); found != nil && found.magic == "" {
		return found, nil
	}
	return formatNamed("pickle"), nil
}

// formatByName is formatNamed with an error for an unknown name.
func formatByName(name string) (*Format, error) {
	if f := formatNamed(name); f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("convert: %w %q", ErrFormat, name)
}

// Write writes v to the file at path in the format of the path's ending, or of [WithTo]. The file
// is replaced only when the new one is complete. After a '#' the path may say where in the file to
// write: in a SQLite database TABLE.COLUMN.
//
// v is a plain value or an object, as package unpkl writes them, or a Go slice of numbers. A value
// that the format cannot hold is a *[HoldError], unless [WithLossy] is given.
func Write(path string, v any, opts ...Option) error {
	c := newConfig(opts)
	out := &output{config: c}
	out.path, out.fragment = path, ""
	if i := strings.LastIndexByte(path, '#'); i >= 0 {
		if f, _ := formatOfPath(path[:i]); f != nil {
			out.path, out.fragment = path[:i], path[i+1:]
		}
	}
	f, err := c.formatToWrite(out.path)
	if err != nil {
		return err
	}
	out.format = f
	return f.write(out, v)
}

// formatToWrite returns the format of a file to write.
func (c *config) formatToWrite(path string) (*Format, error) {
	if c.to != "" {
		return formatByName(c.to)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return formatNamed(folderName), nil
	}
	if f, _ := formatOfPath(path); f != nil {
		return f, nil
	}
	return nil, fmt.Errorf("convert: %w: the ending of %q is none's", ErrFormat, path)
}
