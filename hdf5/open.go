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

// File is an HDF5 file opened for reading. All methods, and those of the objects in it, are
// safe for concurrent use.
//
// Close ends the mapping of a file that [Open] mapped, and with it the memory of every
// array that lies in it: contiguous data that was read whole or sliced. Their methods then
// fail with [ErrClosed], but a Go slice taken from one before, as ndarray.Slice gives,
// points to memory that is gone, and touching it crashes the program. Not using such slices
// after Close is the caller's duty, and so is not truncating the file while it is open.
// Everything that was decoded or copied outlives the File.
type File struct {
	src    source
	sb     *superblock
	opts   options
	mapped []byte
	mu     sync.RWMutex // held for reading while the file is read
	closed atomic.Bool
	owned  []io.Closer

	table        *sharedTable
	extensionErr error

	otherMu sync.Mutex
	others  map[string]*otherFile
	nesting int // files that led to this one
}

// Open opens the file at path for reading. The file is mapped copy-on-write where the
// system can, so that contiguous data is not read before it is touched and never copied;
// elsewhere it is read as it is needed. A nil opts is the defaults.
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

// NewReader opens the HDF5 file of size bytes that r reads, at once from several
// goroutines. Nothing is kept of what was read but for headers. A nil opts is the defaults.
//
// Errors are of the kinds of this package, or those of r.
func NewReader(r io.ReaderAt, size int64, opts *Options) (*File, error) {
	return newFile(source{r: r, size: max(size, 0)}, opts.withDefaults())
}

// NewBytes opens the HDF5 file that data holds. Arrays of contiguous data alias it, so
// that writing to the one changes the other.
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

// Close ends the file; see [File]. It waits for reads that are under way. Closing twice
// is not an error.
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
	for _, o := range f.others {
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

// Closed returns nil as long as the file is open, afterwards ErrClosed. With it a File is
// the ndarray.Owner of arrays in its mapping.
func (f *File) Closed() error {
	if f.closed.Load() {
		return ErrClosed
	}
	return nil
}

// enter begins a read, which leave ends: between them the mapping stays.
func (f *File) enter() error {
	if f == nil || f.sb == nil { // a zero value, which no function of this package returned
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

// cursor returns a cursor over n bytes from an address.
func (f *File) cursor(addr, n uint64) (*cursor, error) {
	b, err := f.src.bytes(addr, n)
	if err != nil {
		return nil, err
	}
	return f.over(b, f.src.offset(addr)), nil
}

// over returns a cursor over bytes at an offset in the file.
func (f *File) over(b []byte, off int64) *cursor {
	return &cursor{b: b, off: off, sizeOffset: f.sb.sizeOffset, sizeLength: f.sb.sizeLength}
}

// Size returns the file's size in bytes.
func (f *File) Size() int64 { return f.src.size }

// UserBlock returns the number of bytes before the superblock, which HDF5 leaves to
// the application.
func (f *File) UserBlock() int64 { return f.src.base }

// Dir returns a function for Options.External that opens files in the folder and below it.
// A name that is absolute or leads out of the folder is an error, but for absolute names of
// files in the folder.
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
