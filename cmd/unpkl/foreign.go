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

// foreignEndings are those of files that nothing but their name tells.
var foreignEndings = []string{".csv", ".tsv", ".safetensors", ".jsonl"}

// isForeign reports whether a file is in a format that is not read as pickles are.
func isForeign(name string) bool {
	if !isFile(name) {
		return false
	}
	return isForeignHead(firstBytes(name), name)
}

// firstBytes returns the first bytes of a file, none of one that cannot be read.
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

// headBytes is how many bytes tell a format.
const headBytes = 16

// isForeignHead is isForeign of a file by its first bytes and its name.
func isForeignHead(head []byte, name string) bool {
	if f, ok := magic.Of(head); ok && f.Kind&magic.Convert != 0 {
		return true
	}
	return slices.Contains(foreignEndings, strings.ToLower(filepath.Ext(name)))
}

// openAny is openInput for files of the formats of convert too.
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

// openConverted reads a file of a format of convert.
func openConverted(path string) (*opened, error) {
	v, err := convert.Read(path, convert.WithObjects())
	if err != nil {
		return nil, err
	}
	return &opened{decoder: &converted{v: v}}, nil
}

// openAnyObject is openAny for an object of a store. One in a format of convert is copied first.
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

// converted is a value that was read already, as a decoder of one.
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
