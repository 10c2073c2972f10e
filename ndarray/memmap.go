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

// Mapped is an array in a mapped file: numpy.memmap. With [MapReadWrite], a write to the array
// changes the file; Flush waits until the changes are on the disk.
//
// Close ends the mapping, and with it the memory of the array and of all its views: their methods
// then fail with [ErrClosed]. But a slice that was taken before, as [Slice] returns it, points to
// memory that no longer exists, and touching it crashes the program. The caller must not use such
// slices after Close, and must not truncate the file while it is mapped. Flush and Close are safe
// for concurrent use. In the zero value, Array is nil and nothing is mapped.
type Mapped struct {
	*Array
	mu     sync.Mutex // held by Flush and Close
	file   *os.File
	data   []byte // the mapping, which begins at a page boundary
	closed atomic.Bool
}

// A MapMode says how a mapped array may be used.
type MapMode uint8

// The modes, numpy.memmap's "r", "r+" and "c".
const (
	MapRead      MapMode = iota // the array is not writeable
	MapReadWrite                // a write to the array changes the file
	MapCopy                     // a write to the array changes only this process's copy
)

// OpenMapped maps the elements of a file from the byte offset on as an array: numpy.memmap(path,
// dtype, mode, offset, shape, order). A nil shape means one dimension of as many elements as the
// file has. Nothing is read before it is touched. The error is of the kind ErrShape if the array
// does not fit the file, and of the kind ErrDType for a dtype with objects. Other errors are the
// operating system's; errors.ErrUnsupported means that it has no such mappings.
//
// The offset of the data of an .npy file is the Len of its header, see package npy.
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

// Create creates a file of zeros for an array that begins at the byte offset, and maps it with
// MapReadWrite: numpy.memmap with mode "w+". The content of an existing file is lost. The zeros
// take no room on the disk if the file system supports sparse files.
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

// mappedSize returns the end of an array in a file, in bytes.
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

// mapArray maps an array of the file f. If it succeeds, the result owns f.
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
		// A mapping must begin at a multiple of the page size. 64 KiB is one on all systems.
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

// Flush writes the changes of the array to the disk: numpy.memmap.flush.
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

// Close ends the mapping. With MapReadWrite the file has the changes, although they may not be on
// the disk yet. Closing twice is not an error.
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

// Closed returns nil while the file is mapped, and then an error of the kind ErrClosed.
func (m *Mapped) Closed() error {
	if m.closed.Load() {
		return errorf(ErrClosed, "the mapping of %s is closed", m.file.Name())
	}
	return nil
}
