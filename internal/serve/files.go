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

// maxOpen is how many files stay open.
const maxOpen = 8

// file is an open file. Who uses it holds its lock.
type file struct {
	sync.Mutex
	path     string
	size     int64
	modified time.Time
	opened   *Opened
	err      error // of opening it
	reader   *lookup.Reader
	sorted   []sorting
}

// cache holds the files that were used last.
type cache struct {
	sync.Mutex
	open  func(*file)
	files []*file // the one used last stands last
}

// use calls do with a file, which nobody else uses meanwhile. A file that changed is opened again.
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
		go o.close() // once a request that reads it is over
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

// errClosed is that of a request which came as the file was closed.
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

// open reads a file.
func (s *Server) open(f *file) {
	f.opened, f.err = s.o.Open(f.path)
	f.reader = lookup.NewReader(s.o.CopyText)
}

// pathOf returns the path of the file that a request names, which lies in the folder: no .. and no
// symbolic link leads out of it.
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

// local returns the name of what lies in the folder, as the system writes it.
func local(name string) (string, error) {
	name = filepath.FromSlash(name)
	if !filepath.IsLocal(name) {
		return "", badRequestf("%q does not lie in the folder", name)
	}
	return name, nil
}

// withoutPath leaves out of an error where on the disk the file is.
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
			// What Values says of a pointer that leads nowhere names the nearest keys.
			if _, why := f.reader.Values(f.opened.Value, ptr); why != nil {
				err = why
			}
			return err
		}
		return do(f, p)
	})
}

// numberArg returns a number of the query between 0 and most.
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
	// maxFirst is the largest number that something is counted from.
	maxFirst = math.MaxInt
	// maxCount is how many files, values, rows or lines are sent at once.
	maxCount = 1000
)

// pageArgs returns which part of a list is asked for.
func pageArgs(r *http.Request, without int) (first, count int, err error) {
	if first, err = numberArg(r, "first", 0, maxFirst); err == nil {
		count, err = numberArg(r, "count", without, maxCount)
	}
	return first, count, err
}

// entry is a file or folder.
type entry struct {
	Name   string `json:"name"`
	Folder bool   `json:"folder,omitempty"`
	Size   int64  `json:"size,omitempty"` // in bytes
}

// listing lists what is in a folder, folders first.
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
