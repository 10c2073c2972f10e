package hdf5

import (
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"github.com/unpkl/unpkl/internal/mmap"
)

// File is an HDF5 file opened for reading. All its methods, and those of the objects in it, are
// safe for concurrent use.
//
// Close ends the mapping of a file that [Open] mapped. Arrays of contiguous data, read whole or
// sliced, are in the mapping; after Close their methods fail with [ErrClosed]. A Go slice taken
// from such an array before, with ndarray.Slice, then points to memory that is gone, and using it
// crashes the program. The caller must not use such slices after Close, and must not truncate the
// file while it is open. Everything that was decoded or copied stays valid after Close.
type File struct {
	src    source
	sb     *superblock
	opts   options
	mapped []byte
	mu     sync.RWMutex // held for reading during each read of the file
	closed atomic.Bool
	owned  []io.Closer // closed with the file

	table        *sharedTable
	extensionErr error // of reading table

	externalMu sync.Mutex
	externals  map[string]*externalFile // by name
	nesting    int                      // number of files that led to this one
}

// Open opens the file at path for reading. If the system can, the file is mapped copy-on-write, so
// that contiguous data is not read before it is used, and never copied. Else the parts of the file
// are read when they are needed. With nil opts the defaults are used.
//
// Errors are those of the operating system, and those of [NewReader].
func Open(path string, opts *Options) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	if !info.Mode().IsRegular() {
		f.Close()
		return nil, &fs.PathError{Op: "map", Path: path, Err: fs.ErrInvalid}
	}
	if info.Size() > 0 && info.Size() <= math.MaxInt {
		if data, err := mmap.Map(f, info.Size()); err == nil {
			f.Close()
			file, err := newFile(source{data: data, size: info.Size()}, opts.withDefaults())
			if err != nil {
				mmap.Unmap(data)
				return nil, err
			}
			file.mapped = data
			return file, nil
		}
	}
	file, err := newFile(source{r: f, size: info.Size()}, opts.withDefaults())
	if err != nil {
		f.Close()
		return nil, err
	}
	file.owned = append(file.owned, f)
	return file, nil
}

// NewReader opens the HDF5 file of size bytes that r reads. It calls r from several goroutines at
// once, and keeps in memory only the headers that were read. With nil opts the defaults are used.
//
// Errors are of the kinds of this package, or those of r.
func NewReader(r io.ReaderAt, size int64, opts *Options) (*File, error) {
	return newFile(source{r: r, size: max(size, 0)}, opts.withDefaults())
}

// NewBytes opens the HDF5 file in data. Arrays of contiguous data alias data: writing to one
// changes the other.
func NewBytes(data []byte, opts *Options) (*File, error) {
	return newFile(source{data: data, size: int64(len(data))}, opts.withDefaults())
}

func newFile(s source, opts options) (*File, error) {
	f := &File{src: s, opts: opts}
	sb, err := readSuperblock(&f.src)
	if err != nil {
		return nil, err
	}
	f.sb = sb
	f.table, f.extensionErr = f.readExtension()
	return f, nil
}

// Close closes the file; see [File]. It waits for reads that are in progress. Closing twice is not
// an error.
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed.Swap(true) {
		return nil
	}
	var first error
	for _, c := range f.owned {
		if err := c.Close(); err != nil && first == nil {
			first = err
		}
	}
	for _, o := range f.externals {
		if err := o.close(); err != nil && first == nil {
			first = err
		}
	}
	if f.mapped != nil {
		if err := mmap.Unmap(f.mapped); err != nil && first == nil {
			first = err
		}
		f.mapped, f.src.data = nil, nil
	}
	return first
}

// Closed returns nil while the file is open, and ErrClosed afterwards. It makes a File the
// ndarray.Owner of the arrays in its mapping.
func (f *File) Closed() error {
	if f.closed.Load() {
		return ErrClosed
	}
	return nil
}

// enter begins a read, and leave ends it. Close waits in between.
func (f *File) enter() error {
	if f == nil || f.sb == nil { // a zero value, not a file that Open returned
		return &Error{Offset: -1, Kind: ErrClosed, Text: "no file is open"}
	}
	f.mu.RLock()
	if f.closed.Load() {
		f.mu.RUnlock()
		return &Error{Offset: -1, Kind: ErrClosed, Text: "the file is closed"}
	}
	return nil
}

func (f *File) leave() { f.mu.RUnlock() }

// cursor returns a cursor over n bytes at an address.
func (f *File) cursor(addr, n uint64) (*cursor, error) {
	b, err := f.src.bytes(addr, n)
	if err != nil {
		return nil, err
	}
	return f.cursorOver(b, f.src.offset(addr)), nil
}

// cursorOver returns a cursor over bytes that stand at an offset in the file.
func (f *File) cursorOver(b []byte, off int64) *cursor {
	return &cursor{b: b, off: off, sizeOffset: f.sb.sizeOffset, sizeLength: f.sb.sizeLength}
}

// Size returns the size of the file in bytes.
func (f *File) Size() int64 { return f.src.size }

// UserBlock returns the number of bytes before the superblock, which HDF5 reserves for
// applications.
func (f *File) UserBlock() int64 { return f.src.base }

// Dir returns a function for Options.External that opens files in a folder and below it. A name
// that leads out of the folder is an error, and so is an absolute name of a file outside the
// folder.
func Dir(folder string) func(name string) (io.ReaderAt, int64, error) {
	return func(name string) (io.ReaderAt, int64, error) {
		if filepath.IsAbs(name) {
			abs, err := filepath.Abs(folder)
			if err != nil {
				return nil, 0, err
			}
			if name, err = filepath.Rel(abs, name); err != nil {
				return nil, 0, err
			}
		}
		root, err := os.OpenRoot(folder)
		if err != nil {
			return nil, 0, err
		}
		defer root.Close()
		file, err := root.Open(filepath.Clean(name))
		if err != nil {
			return nil, 0, err
		}
		info, err := file.Stat()
		if err == nil && !info.Mode().IsRegular() {
			err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
		}
		if err != nil {
			file.Close()
			return nil, 0, err
		}
		return file, info.Size(), nil
	}
}
