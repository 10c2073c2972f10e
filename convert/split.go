package convert

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// Chunks says how Split cuts an array.
type Chunks struct {
	// Bytes is the largest size of a part's elements in bytes; a part has at least one index along
	// the axis. 0 is 512 MiB.
	Bytes int64
	// Axis is the axis along which the array is cut; a negative axis counts from the end.
	Axis int
	// Date replaces {date} in the names; the zero value is today.
	Date time.Time
}

const defaultChunk = 512 << 20

var placeholder = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{(n|date|name)(?::0?(\d{1,2}))?\}`)
})

// partName replaces the placeholders in a pattern: {n} and {n:03} by the number of a part, {date}
// by the date as 2006-01-02, {name} by the name of the file that is cut.
func partName(pattern, source string, date time.Time, n string) string {
	return placeholder().ReplaceAllStringFunc(pattern, func(match string) string {
		m := placeholder().FindStringSubmatch(match)
		switch m[1] {
		case "date":
			return date.Format("2006-01-02")
		case "name":
			return strings.TrimSuffix(filepath.Base(source), filepath.Ext(source))
		}
		width, _ := strconv.Atoi(m[2])
		if len(n) < width {
			return strings.Repeat("0", width-len(n)) + n
		}
		return n
	})
}

// Split cuts the array of an .npy file, or of raw bytes, into .npy files. Their names are the
// pattern with a number from 0 on in place of {n}: "data_{date}_{n:03}.npy". It returns the path of
// the manifest, which has the shapes and checksums of the parts. The manifest is in the same
// folder; its name is the pattern with "manifest" in place of the number, and the ending .json.
//
// No file is overwritten: an existing file is an error of the kind fs.ErrExist. After an error no
// part is left behind. The memory that Split takes does not depend on the size of the array.
func Split(path, pattern string, chunks Chunks, opts ...Option) (manifestPath string, err error) {
	c := newConfig(opts)
	if !strings.Contains(pattern, "{n") || filepath.Ext(pattern) != ".npy" {
		return "", fmt.Errorf("convert: the names of parts need a {n} and the ending .npy, not %q",
			pattern)
	}
	m, err := c.mapArray(path)
	if err != nil {
		return "", err
	}
	defer m.Close()
	s := &splitter{axis: chunks.Axis, partBytes: chunks.Bytes, date: chunks.Date, source: path,
		pattern: pattern, array: m.Array}
	if s.date.IsZero() {
		s.date = time.Now()
	}
	defer func() {
		if err != nil {
			for _, name := range s.created {
				os.Remove(name)
			}
		}
	}()
	if err := s.parts(); err != nil {
		return "", err
	}
	return s.finish()
}

// mapArray maps the array of an .npy file or of raw bytes.
func (c *config) mapArray(path string) (*ndarray.Mapped, error) {
	format, err := c.formatToRead(path)
	if err != nil {
		return nil, err
	}
	switch format.Name {
	case "npy":
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		h, err := npy.ReadHeader(f, nil)
		if err != nil {
			return nil, err
		}
		return ndarray.OpenMapped(path, ndarray.MapRead, h.DType, h.Shape, h.Order, int64(h.Len))
	case "raw":
		r, err := c.raw.withSidecar(path)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		dt, shape, order, err := r.layout(info.Size() - r.Offset)
		if err != nil {
			return nil, err
		}
		return ndarray.OpenMapped(path, ndarray.MapRead, dt, shape, order, r.Offset)
	}
	return nil, unsupported("only .npy files and raw bytes are split, not %s", format.Name)
}

// splitter cuts one array.
type splitter struct {
	axis            int
	partBytes       int64 // largest size of a part in bytes
	date            time.Time
	source, pattern string
	array           *ndarray.Array
	created         []string // files written so far, to be removed after an error
	manifest
}

// parts writes all parts.
func (s *splitter) parts() error {
	n := s.array.NDim()
	if s.axis < 0 {
		s.axis += n
	}
	if s.axis < 0 || s.axis >= n {
		return fmt.Errorf("convert: axis %d of an array of %d dimensions", s.axis, n)
	}
	length := s.array.Shape()[s.axis]
	size := s.partBytes
	if size <= 0 {
		size = defaultChunk
	}
	each := int64(s.array.NBytes()) / int64(max(length, 1))
	per := int(max(1, min(size/max(each, 1), int64(max(length, 1)))))
	s.manifest.Axis, s.manifest.Shape = &s.axis, s.array.Shape()
	for from := 0; from < length || from == 0; from += per {
		part, err := s.array.Slice(s.axis, from, min(from+per, length), 1)
		if err != nil {
			return err
		}
		if err := s.part(part); err != nil {
			return err
		}
	}
	return nil
}

// part writes one part to a new file.
func (s *splitter) part(a *ndarray.Array) error {
	name := partName(s.pattern, s.source, s.date, strconv.Itoa(len(s.Files)))
	sum, size, err := s.create(name, func(w io.Writer) error { return npy.Write(w, a, nil) })
	if err != nil {
		return err
	}
	s.Files = append(s.Files, manifestFile{
		File: filepath.Base(name), DType: a.DType().Str(), Shape: append([]int{}, a.Shape()...),
		Bytes: size, SHA256: sum,
	})
	return nil
}

// create writes a new file. It is an error if the file exists.
func (s *splitter) create(name string, fill func(w io.Writer) error) (sum string, size int64,
	err error) {
	root, err := os.OpenRoot(filepath.Dir(name))
	if err != nil {
		return "", 0, err
	}
	defer root.Close()
	base := filepath.Base(name)
	if _, err := root.Lstat(base); err == nil {
		return "", 0, &fs.PathError{Op: "create", Path: name, Err: fs.ErrExist}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", 0, err
	}
	if sum, size, err = writeInRoot(root, base, fill); err == nil {
		s.created = append(s.created, name)
	}
	return sum, size, err
}

// finish writes the manifest.
func (s *splitter) finish() (string, error) {
	name := partName(s.pattern, s.source, s.date, "manifest")
	name = strings.TrimSuffix(name, ".npy") + ".json"
	data, err := json.MarshalIndent(s.manifest, "", "  ")
	if err != nil {
		return "", err
	}
	_, _, err = s.create(name, func(w io.Writer) error {
		_, err := w.Write(append(data, '\n'))
		return err
	})
	return name, err
}
