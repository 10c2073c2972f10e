package unpkl

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"
	"sync/atomic"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/mmap"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// A File is a pickle file opened with [Open]. Its arrays use the memory of the mapped file itself.
//
// Close ends the mapping, and with it the memory of every array that came from the File: methods of
// these arrays then fail with [ErrClosed]. But a slice that was taken from an array before Close,
// as [ndarray.Slice] and Unmarshal return, points to memory that no longer exists, and touching it
// crashes the program. The caller must not use such slices after Close, and must not truncate the
// file while it is open. A bytes object of 4 KiB or more shares the mapping as an array does;
// shorter ones, strings and all other values are copies and outlive the File.
//
// A write to an array changes the process's own copy of that page, never the file. Arrays of later
// loads of the same File see the change.
//
// All methods are safe for concurrent use. A File that is not closed keeps its mapping until the
// process ends. The zero value is a closed File.
type File struct {
	path   string
	r      io.ReaderAt // read instead of the file at path, if not nil
	size   int64       // of r, in bytes
	c      *config
	mu     sync.RWMutex // held for reading while a load runs
	data   []byte       // the mapping; nil if there is none
	closed atomic.Bool
}

// Open opens the file at path without reading it: the file is mapped copy-on-write, and the pages
// of an array are read when they are first touched. If the file is compressed, or the system has no
// such mappings, each load reads the file as [LoadFile] does, and Close has nothing to unmap.
//
// The file must be a regular one. Errors are those of the operating system.
func Open(path string, opts ...Option) (*File, error) {
	file := &File{path: path, c: newConfig(opts)}
	if err := file.c.misuse(); err != nil {
		return nil, err
	}
	file.c.inFolderOf(path)
	data, err := input.Map(path, file.c.inputOptions())
	if err != nil {
		return nil, err
	}
	if data != nil {
		file.mapped(data)
	}
	return file, nil
}

// rangeBytes is the smallest number of bytes to ask an io.ReaderAt for, because each request to an
// object store takes time of its own.
const rangeBytes = 1 << 20

// OpenReaderAt opens the size bytes of r, such as an object of an object store (package store),
// without reading them. Each load reads from the beginning, in ranges of 1 MiB, or of the size of
// an array or bytes object that is larger, and stops where the first pickle ends. Nothing is kept
// between loads, and Close does not close r. Arrays have memory of their own and outlive the File.
//
// Several goroutines use r at once if they use the File at once. The errors of r are those of the
// loads.
func OpenReaderAt(r io.ReaderAt, size int64, opts ...Option) (*File, error) {
	file := &File{path: "the reader", r: r, size: size, c: newConfig(opts)}
	if err := file.c.misuse(); err != nil {
		return nil, err
	}
	if size < 0 {
		return nil, fmt.Errorf("unpkl: OpenReaderAt of %d bytes", size)
	}
	return file, nil
}

// mapped makes data the mapping of f, and f the owner of the arrays in it.
func (f *File) mapped(data []byte) {
	f.data = data
	f.c.owner = f
}

// Load returns the plain value of the file's first pickle, or with [WithObjects] its object. Each
// call decodes the pickle anew, but the arrays of all of them share the mapping. Errors are those
// of the function [Load], and [ErrClosed].
func (f *File) Load() (any, error) {
	var v any
	if err := f.Decode(&v); err != nil {
		return nil, err
	}
	return v, nil
}

// Decode stores the file's first pickle in what v points to, as [Unmarshal] does.
func (f *File) Decode(v any) error {
	if err := checkTarget(v); err != nil {
		return err
	}
	d, err := f.Decoder()
	if err != nil {
		return err
	}
	defer d.Close()
	return d.only(v)
}

// Decoder returns a [FileDecoder] that reads all pickles in the file, from the first.
func (f *File) Decoder() (*FileDecoder, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if err := f.Closed(); err != nil {
		return nil, err
	}
	d := &FileDecoder{file: f}
	if f.r != nil {
		d.d = newDecoder(bufio.NewReaderSize(io.NewSectionReader(f.r, 0, f.size), rangeBytes), f.c)
		return d, nil
	}
	if f.data == nil {
		in, err := os.Open(f.path)
		if err != nil {
			return nil, err
		}
		d.in = in
		d.d = newDecoder(in, f.c)
		return d, nil
	}
	d.d = &Decoder{c: f.c}
	f.source(d.d)
	return d, nil
}

// source sets the source of d to the mapping of f. Sources that do not know the owner of their
// arrays get d.own, which sets it.
func (f *File) source(d *Decoder) {
	switch {
	case bytes.HasPrefix(f.data, []byte(magic.NPY)):
		d.src, d.own = input.MapNPY(f.data, f.c.inputOptions()), f.own
		return
	case compress.Detect(f.data[:min(len(f.data), compress.HeadSize)]) == compress.Zip:
		if src, ok := input.MapZip(f.data, f.c.inputOptions()); ok {
			d.src, d.own = src, f.own
			return
		}
	}
	u := pickle.NewUnpicklerBytes(f.data)
	u.SharedInput = true
	if input.IsTorch(f.data[:min(len(f.data), compress.HeadSize)]) {
		d.src = input.NewTorch(u, f.c.inputOptions())
		return
	}
	f.c.setUp(u)
	d.src, d.u = u, u
	d.head = func() []byte { return f.data[:min(len(f.data), compress.HeadSize)] }
}

// Close ends the mapping, after it has waited for loads that are running. Closing twice is
// [ErrClosed].
func (f *File) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.Closed(); err != nil {
		return err
	}
	f.closed.Store(true)
	data := f.data
	f.data = nil
	return mmap.Unmap(data)
}

// Closed returns nil while the file is open, and then an error of the kind [ErrClosed]. It
// implements [ndarray.Owner], by which the arrays of a mapping ask whether their memory still
// exists.
func (f *File) Closed() error {
	switch {
	case f == nil || f.c == nil:
		return fmt.Errorf("unpkl: no file is open: %w", ErrClosed)
	case f.closed.Load():
		return fmt.Errorf("unpkl: %s is %w", f.path, ErrClosed)
	}
	return nil
}

// A FileDecoder reads the pickles of a [File] one after another. It is not safe for concurrent use.
// The zero value behaves as the FileDecoder of a closed File.
type FileDecoder struct {
	file *File
	d    *Decoder
	in   *os.File // what d reads, to be closed; nil for a mapping or an io.ReaderAt
}

// Decode is [Decoder.Decode]. After [File.Close] it fails with [ErrClosed].
func (d *FileDecoder) Decode(v any) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return d.d.Decode(v)
}

// lock prevents File.Close until unlock is called. It fails if the file is closed.
func (d *FileDecoder) lock() (unlock func(), err error) {
	if d.file == nil {
		return nil, d.file.Closed()
	}
	d.file.mu.RLock()
	if err := d.file.Closed(); err != nil {
		d.file.mu.RUnlock()
		return nil, err
	}
	return d.file.mu.RUnlock, nil
}

// More is [Decoder.More]. After [File.Close] it fails with [ErrClosed].
func (d *FileDecoder) More() (bool, error) {
	unlock, err := d.lock()
	if err != nil {
		return false, err
	}
	defer unlock()
	return d.d.More()
}

// All is [Decoder.All]. After [File.Close] it ends with [ErrClosed].
func (d *FileDecoder) All() iter.Seq2[any, error] { return all(d.Decode) }

// InputOffset is [Decoder.InputOffset].
func (d *FileDecoder) InputOffset() int64 {
	if d.d == nil {
		return 0
	}
	return d.d.InputOffset()
}

// only is Decoder.only.
func (d *FileDecoder) only(v any) error {
	unlock, err := d.lock()
	if err != nil {
		return err
	}
	defer unlock()
	return d.d.only(v)
}

// Close releases what the decoder holds; the File stays open.
func (d *FileDecoder) Close() error {
	if d.in == nil {
		return nil
	}
	return d.in.Close()
}

// Protocol is [Decoder.Protocol].
func (d *FileDecoder) Protocol() (protocol int, ok bool) {
	if d.d == nil {
		return 0, false
	}
	return d.d.Protocol()
}

// own makes f the owner of the array of an .npy file, or of those of an .npz file.
func (f *File) own(v any) {
	switch v := v.(type) {
	case *ndarray.Array:
		v.SetOwner(f)
	case *types.Dict:
		for _, e := range *v {
			f.own(e.Value)
		}
	}
}
