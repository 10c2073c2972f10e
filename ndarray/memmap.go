package ndarray

import (
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"os"
	"sync"
	"sync/atomic"
)

// Mapped is an array that lies in a file: numpy.memmap. With [MapReadWrite] what is written to the
// array is written to the file; Flush sees to it that it is there.
//
// Close ends the mapping and with it the memory of the array and of all its views: their methods
// then fail with [ErrClosed], but a slice taken from one before, as [Slice] gives, points to memory
// that is gone, and touching it crashes the program. Not using such slices after Close is the
// caller's duty, and so is not truncating the file while it is mapped. Flush and Close are safe for
// concurrent use. Array is nil in the zero value, which maps nothing.
type Mapped struct {
	*Array
	mu     sync.Mutex // held while the mapping is flushed or ended
	file   *os.File
	data   []byte // the mapping, which begins at a page
	closed atomic.Bool
}

// MapMode says what may be done with a mapped array.
type MapMode uint8

// The modes, numpy.memmap's "r", "r+" and "c".
const (
	MapRead      MapMode = iota // the array is not writeable
	MapReadWrite                // what is written to the array is written to the file
	MapCopy                     // what is written to the array stays in this process
)

// OpenMapped maps the elements of a file that lie from offset on, in bytes, as an array:
// numpy.memmap(path, dtype, mode, offset, shape, order). A nil shape is one dimension of as many
// elements as there are. Nothing is read before it is touched. An array that does not lie in the
// file is of the kind ErrShape, a dtype with objects of the kind ErrDType; other errors are the
// operating system's, errors.ErrUnsupported where it has no such mappings.
//
// The offset of the data of an .npy file is the Len of its header: see package npy.
func OpenMapped(path string, mode MapMode, dt *DType, shape []int, order Order,
	offset int64) (*Mapped, error) {
	flags := os.O_RDONLY
	if mode == MapReadWrite {
		flags = os.O_RDWR
	}
	f, err := os.OpenFile(path, flags, 0)
	if err != nil {
		return nil, err
	}
	m, err := mapArray(f, mode, dt, shape, order, offset)
	if err != nil {
		f.Close()
		return nil, err
	}
	return m, nil
}

// Create makes a file of zeros for an array behind offset bytes and maps it with MapReadWrite:
// numpy.memmap with mode "w+". An existing file is made of the new size, and what it held is lost.
// The zeros take no room on the disk where the file system allows it.
func Create(path string, dt *DType, shape []int, order Order, offset int64) (*Mapped, error) {
	size, err := mappedSize(dt, shape, offset)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, err
	}
	if err = f.Truncate(offset + size); err == nil {
		var m *Mapped
		if m, err = mapArray(f, MapReadWrite, dt, shape, order, offset); err == nil {
			return m, nil
		}
	}
	f.Close()
	return nil, err
}

// mappedSize returns the number of bytes of an array.
func mappedSize(dt *DType, shape []int, offset int64) (int64, error) {
	if dt.HasObject() || dt.ItemSize() == 0 {
		return 0, errorf(ErrDType, "dtype %s is not bytes in a file", dt)
	}
	if offset < 0 {
		return 0, errorf(ErrShape, "an offset of %d", offset)
	}
	size := uint64(dt.ItemSize())
	for _, n := range shape {
		hi, lo := bits.Mul64(size, uint64(n))
		if n < 0 || hi != 0 || lo >= 1<<62 {
			return 0, errorf(ErrShape, "shape %v of dtype %s in a file", shape, dt)
		}
		size = lo
	}
	if int64(int(size)) != int64(size) {
		return 0, errorf(ErrShape, "shape %v of dtype %s in memory", shape, dt)
	}
	return int64(size), nil
}

// mapArray maps an array of a file, which it owns if there is no error.
func mapArray(f *os.File, mode MapMode, dt *DType, shape []int, order Order, offset int64) (*Mapped,
	error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if shape == nil {
		if _, err := mappedSize(dt, nil, offset); err != nil {
			return nil, err
		}
		n := (info.Size() - offset) / int64(dt.ItemSize())
		if n < 0 || int64(int(n)) != n || (info.Size()-offset)%int64(dt.ItemSize()) != 0 {
			return nil,
				errorf(ErrShape, "%d bytes behind the offset %d are no elements of dtype %s",
					info.Size()-offset, offset, dt)
		}
		shape = []int{int(n)}
	}
	size, err := mappedSize(dt, shape, offset)
	if err != nil {
		return nil, err
	}
	if size > info.Size()-offset {
		return nil,
			errorf(ErrShape, "shape %v of dtype %s needs %d bytes behind %d, the file has %d",
				shape, dt, size, offset, info.Size())
	}
	m := &Mapped{file: f}
	var data []byte
	if size > 0 {
		// A mapping begins at a multiple of the size of a page, or of Windows' 64 KiB.
		skip := offset % (64 << 10)
		if m.data, err = mapFile(f, offset-skip, int(skip+size), mode); err != nil {
			if errors.Is(err, errors.ErrUnsupported) {
				return nil, fmt.Errorf("ndarray: mapping a file: %w", err)
			}
			return nil, &fs.PathError{Op: "map", Path: f.Name(), Err: err}
		}
		data = m.data[skip:]
	}
	if m.Array, err = New(dt, shape, order, data); err != nil {
		unmapFile(m.data)
		return nil, err
	}
	m.Array.SetOwner(m)
	if mode == MapRead {
		m.Array.SetWriteable(false)
	}
	return m, nil
}

// Flush writes what was written to the array to the disk: numpy.memmap.flush.
func (m *Mapped) Flush() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.Closed(); err != nil {
		return err
	}
	if len(m.data) == 0 {
		return nil
	}
	return flushFile(m.file, m.data)
}

// Close ends the mapping. Changes of MapReadWrite are in the file, if not yet on the disk. Closing
// twice is not an error.
func (m *Mapped) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed.Swap(true) {
		return nil
	}
	err := unmapFile(m.data)
	m.data = nil
	return errors.Join(err, m.file.Close())
}

// Closed returns nil as long as the file is mapped, afterwards an error of the kind ErrClosed.
func (m *Mapped) Closed() error {
	if m.closed.Load() {
		return errorf(ErrClosed, "the mapping of %s is closed", m.file.Name())
	}
	return nil
}
