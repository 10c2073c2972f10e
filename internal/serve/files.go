package serve

import (
	"errors"
	"io/fs"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
)

// maxOpen is the greatest number of files that stay open.
const maxOpen = 8

// file is a file that is open or could not be opened. The embedded mutex guards the fields below
// size and modified.
type file struct {
	sync.Mutex
	path     string
	size     int64 // in bytes, when it was opened
	modified time.Time
	opened   *Opened
	err      error // why it could not be opened, or errClosed
	reader   *lookup.Reader
	sorted   []sorting // the latest at the end
}

// cache holds the files that were used most recently. Its mutex guards the list and is never held
// while a file is read.
type cache struct {
	sync.Mutex
	open  func(*file)
	files []*file // the most recently used at the end
}

// use calls do with the file at a path, which it locks meanwhile. It opens the file if it is not in
// the cache or has changed since.
func (c *cache) use(path string, info fs.FileInfo, do func(*file) error) error {
	c.Lock()
	f := &file{path: path, size: info.Size(), modified: info.ModTime()}
	at := slices.IndexFunc(c.files, func(o *file) bool { return o.path == path })
	var gone []*file
	if at >= 0 {
		o := c.files[at]
		c.files = slices.Delete(c.files, at, at+1)
		if o.size == f.size && o.modified.Equal(f.modified) {
			f = o
		} else {
			gone = append(gone, o)
		}
	}
	c.files = append(c.files, f)
	if len(c.files) > maxOpen {
		gone = append(gone, c.files[0])
		c.files = slices.Delete(c.files, 0, 1)
	}
	c.Unlock()
	for _, o := range gone {
		go o.close() // waits for the requests that read it
	}
	f.Lock()
	defer f.Unlock()
	if f.opened == nil && f.err == nil {
		c.open(f)
	}
	if f.err != nil {
		return f.err
	}
	return do(f)
}

// errClosed is the error for a request that got hold of a file just before it was closed.
var errClosed = errors.New("the file was closed; ask again")

func (f *file) close() {
	f.Lock()
	defer f.Unlock()
	if f.opened != nil && f.opened.Close != nil {
		f.opened.Close()
	}
	f.opened, f.err, f.sorted = nil, errClosed, nil
}

func (c *cache) close() {
	c.Lock()
	defer c.Unlock()
	for _, f := range c.files {
		f.close()
	}
	c.files = nil
}

// open opens a file. It is called with the file's lock held.
func (s *Server) open(f *file) {
	f.opened, f.err = s.o.Open(f.path)
	f.reader = lookup.NewReader(s.o.CopyText)
}

// pathOf returns the path of the file that a request names. It returns an error if the file is not
// inside the folder; neither .. nor a symbolic link leads out of it.
func (s *Server) pathOf(r *http.Request) (string, fs.FileInfo, error) {
	name := r.FormValue("file")
	if s.root == nil {
		if name != "" {
			return "", nil, badRequestf("one file is shown, no folder")
		}
		info, err := os.Stat(s.o.Path)
		return s.o.Path, info, withoutPath(err)
	}
	name, err := local(name)
	if err != nil {
		return "", nil, err
	}
	info, err := s.root.Stat(name)
	if err != nil {
		return "", nil, withoutPath(err)
	}
	if !info.Mode().IsRegular() {
		return "", nil, badRequestf("%q is no regular file", name)
	}
	return filepath.Join(s.o.Path, name), info, nil
}

// local converts a name with slashes to a path relative to the folder in the system's form.
func local(name string) (string, error) {
	name = filepath.FromSlash(name)
	if !filepath.IsLocal(name) {
		return "", badRequestf("%q does not lie in the folder", name)
	}
	return name, nil
}

// withoutPath removes the path on the disk from an error, since the browser need not know it.
func withoutPath(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// with calls do with the file that a request names.
func (s *Server) with(r *http.Request, do func(f *file) error) error {
	path, info, err := s.pathOf(r)
	if err != nil {
		return err
	}
	return s.files.use(path, info, do)
}

// at calls do with the value that a request names by file and pointer.
func (s *Server) at(r *http.Request, do func(f *file, p describe.Place) error) error {
	ptr, err := pointer.Parse(r.FormValue("pointer"))
	if err != nil {
		return badRequestf("%v", err)
	}
	return s.with(r, func(f *file) error {
		p, err := describe.Root(f.reader, f.opened.Value)
		for _, token := range ptr {
			if err != nil {
				break
			}
			p, err = p.Step(f.reader, token)
		}
		if err != nil {
			// The error of Values names the keys that are most similar to the missing one.
			if _, why := f.reader.Values(f.opened.Value, ptr); why != nil {
				err = why
			}
			return err
		}
		return do(f, p)
	})
}

// numberArg returns a number of the query, which must be from 0 to most, or without if there is
// none.
func numberArg(r *http.Request, name string, without, most int) (int, error) {
	text := r.FormValue(name)
	if text == "" {
		return without, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		return 0, badRequestf("%s=%q is no number from 0 to %d", name, text, most)
	}
	return n, nil
}

const (
	// maxFirst is the greatest position from which a list may be asked for.
	maxFirst = math.MaxInt
	// maxCount is the greatest number of files, values, rows or lines in one answer.
	maxCount = 1000
)

// pageArgs returns the part of a list that is asked for: count items beginning at position first.
// without is the count if the request has none.
func pageArgs(r *http.Request, without int) (first, count int, err error) {
	if first, err = numberArg(r, "first", 0, maxFirst); err == nil {
		count, err = numberArg(r, "count", without, maxCount)
	}
	return first, count, err
}

// entry is a file or folder in an answer.
type entry struct {
	Name   string `json:"name"`
	Folder bool   `json:"folder,omitempty"`
	Size   int64  `json:"size,omitempty"` // in bytes
}

// listing answers with the contents of a folder, folders first.
func (s *Server) listing(r *http.Request) (any, error) {
	if s.root == nil {
		return map[string]any{"title": s.title, "folder": false}, nil
	}
	first, count, err := pageArgs(r, 200)
	if err != nil {
		return nil, err
	}
	name := r.FormValue("folder")
	if name == "" {
		name = "."
	}
	if name, err = local(name); err != nil {
		return nil, err
	}
	folder, err := s.root.Open(name)
	if err != nil {
		return nil, withoutPath(err)
	}
	defer folder.Close()
	all, err := folder.ReadDir(-1)
	if err != nil {
		return nil, withoutPath(err)
	}
	all = slices.DeleteFunc(all, func(e fs.DirEntry) bool {
		return !e.IsDir() && !e.Type().IsRegular() || !utf8.ValidString(e.Name())
	})
	slices.SortFunc(all, func(a, b fs.DirEntry) int {
		if a.IsDir() != b.IsDir() {
			if a.IsDir() {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name(), b.Name())
	})
	entries := []entry{}
	for i := first; i < len(all) && i-first < count; i++ {
		e := entry{Name: all[i].Name(), Folder: all[i].IsDir()}
		if info, err := all[i].Info(); err == nil && !e.Folder {
			e.Size = info.Size()
		}
		entries = append(entries, e)
	}
	return map[string]any{"title": s.title, "folder": true, "entries": entries, "all": len(all)},
		nil
}
