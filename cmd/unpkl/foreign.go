package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/magic"
)

// foreignEndings are the endings of formats that only the name of a file tells.
var foreignEndings = []string{".csv", ".tsv", ".safetensors", ".jsonl"}

// isForeign reports whether a file is in a format that package convert reads and openInput does
// not.
func isForeign(name string) bool {
	if !isFile(name) {
		return false
	}
	return isForeignHead(firstBytes(name), name)
}

// firstBytes returns the first headBytes bytes of a file, or none if it cannot be read.
func firstBytes(name string) []byte {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	head := make([]byte, headBytes)
	n, _ := io.ReadFull(f, head)
	return head[:n]
}

// headBytes is the number of bytes that tell a format.
const headBytes = 16

// isForeignHead is isForeign for a file with the given first bytes and name.
func isForeignHead(head []byte, name string) bool {
	if f, ok := magic.Of(head); ok && f.Kind&magic.Convert != 0 {
		return true
	}
	return slices.Contains(foreignEndings, strings.ToLower(filepath.Ext(name)))
}

// openAny is openInput for all formats that package convert reads.
func openAny(s *streams, name string, opts ...unpkl.Option) (*opened, error) {
	if objects.Has(name) {
		return openAnyObject(s, name, opts)
	}
	if name == "-" || !isForeign(name) {
		return openInput(s, name, opts...)
	}
	s.gc.file(name)
	return openConverted(name)
}

// openConverted reads a file in a format of package convert.
func openConverted(path string) (*opened, error) {
	v, err := convert.Read(path, convert.WithObjects())
	if err != nil {
		return nil, err
	}
	return &opened{decoder: &converted{v: v}}, nil
}

// openAnyObject is openAny for an object of a store. It copies an object in a format of package
// convert to a temporary file first.
func openAnyObject(s *streams, url string, opts []unpkl.Option) (*opened, error) {
	o, err := objects.open(url)
	if err != nil {
		return nil, err
	}
	head := make([]byte, headBytes)
	n, err := o.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if !isForeignHead(head[:n], url) {
		return openObject(s, o, opts)
	}
	path, done, err := local(url)
	if err != nil {
		return nil, err
	}
	defer done()
	return openConverted(path)
}

// converted is a decoder of one value that has already been read.
type converted struct {
	v    any
	done bool
}

func (c *converted) Decode(v any) error {
	if c.done {
		return io.EOF
	}
	c.done = true
	switch to := v.(type) {
	case *lookup.Part:
		return to.FindInObject(c.v)
	case *any:
		*to = c.v
		return nil
	}
	return fmt.Errorf("not decoded into a %T", v)
}

func (c *converted) Protocol() (int, bool) { return 0, false }
func (c *converted) More() (bool, error)   { return false, nil }
func (c *converted) InputOffset() int64    { return 0 }
