package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/unpkl/unpkl/internal/batch"
	"github.com/unpkl/unpkl/store"
)

// objects gives access to object stores by URLs such as s3:// and gs://. Environment variables say
// where the stores are.
var objects objectStores

// objectStores has a store for each scheme, which it connects to on first use. It implements
// [batch.Remote].
type objectStores struct {
	mu     sync.Mutex
	stores map[string]*store.Store
}

// listing lists the files that the arguments of commands name.
var listing = batch.Listing{Remote: &objects}

// Has reports whether a path is the URL of an object.
func (o *objectStores) Has(path string) bool {
	scheme, _, ok := strings.Cut(path, "://")
	return ok && slices.Contains(store.Schemes(), scheme)
}

// storeOf returns the store of a URL.
func (o *objectStores) storeOf(url string) (*store.Store, error) {
	scheme, _, _ := strings.Cut(url, "://")
	o.mu.Lock()
	defer o.mu.Unlock()
	if s := o.stores[scheme]; s != nil {
		return s, nil
	}
	s, err := store.Environment(scheme)
	if err != nil {
		return nil, err
	}
	if o.stores == nil {
		o.stores = map[string]*store.Store{}
	}
	o.stores[scheme] = s
	return s, nil
}

// List lists the objects whose URLs begin with a prefix.
func (o *objectStores) List(prefix string) iter.Seq2[batch.Source, error] {
	return func(yield func(batch.Source, error) bool) {
		s, err := o.storeOf(prefix)
		if err != nil {
			yield(batch.Source{}, err)
			return
		}
		for e, err := range s.List(context.Background(), prefix) {
			info := &objectInfo{path.Base(e.URL), e.Size, e.Modified}
			if !yield(batch.Source{Path: e.URL, Info: info}, err) {
				return
			}
		}
	}
}

// Stat returns the size and the time of an object.
func (o *objectStores) Stat(url string) (fs.FileInfo, error) {
	obj, err := o.open(url)
	if err != nil {
		return nil, err
	}
	return &objectInfo{path.Base(url), obj.Size(), obj.Modified()}, nil
}

func (o *objectStores) open(url string) (*store.Object, error) {
	s, err := o.storeOf(url)
	if err != nil {
		return nil, err
	}
	return s.Open(context.Background(), url)
}

// objectInfo is the fs.FileInfo of an object.
type objectInfo struct {
	name     string
	size     int64
	modified time.Time
}

func (i *objectInfo) Name() string       { return i.name }
func (i *objectInfo) Size() int64        { return i.size }
func (i *objectInfo) ModTime() time.Time { return i.modified }
func (i *objectInfo) Mode() fs.FileMode  { return 0o444 }
func (i *objectInfo) IsDir() bool        { return false }
func (i *objectInfo) Sys() any           { return nil }

// statAny is os.Stat for files and objects.
func statAny(name string) (fs.FileInfo, error) {
	if objects.Has(name) {
		return objects.Stat(name)
	}
	return os.Stat(name)
}

// openFile opens a file or an object for reading from its beginning to its end.
func openFile(name string) (io.ReadCloser, error) {
	if !objects.Has(name) {
		return os.Open(name)
	}
	o, err := objects.open(name)
	if err != nil {
		return nil, err
	}
	return &objectReader{o: o}, nil
}

// objectRange is the number of bytes in one request when an object is read as a stream.
const objectRange = 8 << 20

// objectReader reads an object as a stream, range by range.
type objectReader struct {
	o    *store.Object
	at   int64  // where the next range begins
	held []byte // the part of the last range that has not been read; it shares buf
	buf  []byte
}

func (r *objectReader) Read(p []byte) (int, error) {
	if len(r.held) == 0 {
		left := r.o.Size() - r.at
		if left == 0 {
			return 0, io.EOF
		}
		if r.buf == nil {
			r.buf = make([]byte, min(left, objectRange))
		}
		n, err := r.o.ReadAt(r.buf[:min(left, int64(len(r.buf)))], r.at)
		if n == 0 && err != nil {
			return 0, err
		}
		r.held, r.at = r.buf[:n], r.at+int64(n)
	}
	n := copy(p, r.held)
	r.held = r.held[n:]
	return n, nil
}

func (r *objectReader) Close() error { return nil }

// local returns the path of a local file with the content of name: name itself, or a copy of an
// object, which done removes. A fragment after '#' is kept.
func local(name string) (path string, done func(), err error) {
	if !objects.Has(name) {
		return name, func() {}, nil
	}
	url, fragment := name, ""
	r, err := openFile(url)
	if i := strings.LastIndexByte(name, '#'); i >= 0 && errors.Is(err, fs.ErrNotExist) {
		url, fragment = name[:i], name[i:]
		r, err = openFile(url)
	}
	if err != nil {
		return "", nil, err
	}
	defer r.Close()
	f, untrack, err := keepTrack(func() (*os.File, error) {
		return os.CreateTemp("", "unpkl-*-"+fileName(url))
	})
	if err != nil {
		return "", nil, err
	}
	done = func() {
		os.Remove(f.Name())
		untrack()
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		done()
		return "", nil, err
	}
	return f.Name() + fragment, done, nil
}

// fileName returns a file name for an object: the last element of its key, with characters that
// some system does not allow replaced. It keeps the ending, which tells the format.
func fileName(url string) string {
	name := strings.Map(func(c rune) rune {
		if c < ' ' || strings.ContainsRune(`<>:"/\|?*#`, c) {
			return '_'
		}
		return c
	}, path.Base(url))
	const most = 100
	if len(name) > most {
		name = name[len(name)-most:]
	}
	return strings.ToValidUTF8(name, "_")
}
