package hdf5

import (
	"io"

	"github.com/unpkl/unpkl/internal/bulk"
	"github.com/unpkl/unpkl/ndarray"
)

// view returns an array over contiguous data in the file's memory. It returns nil if the file is
// not in memory, or if the elements have to be converted.
func (d *Dataset) view(s selection) (*ndarray.Array, error) {
	f := d.f
	if f.src.data == nil || d.layout.class != layoutContiguous || len(d.external) > 0 ||
		d.layout.addr == undefined || !d.plan.isIdentity() || s.size() == 0 {
		return nil, nil
	}
	n, err := d.nbytes()
	if err != nil {
		return nil, err
	}
	if err := d.checkSize(n); err != nil {
		return nil, err
	}
	data, err := f.src.bytes(d.layout.addr, n)
	if err != nil {
		return nil, err
	}
	shape := append(clamp(d.space.dims), d.plan.dims...)
	a, err := ndarray.New(d.plan.dt, shape, ndarray.OrderC, data)
	if err != nil {
		return nil, err
	}
	for i := range s.count {
		start, step := int(s.start[i]), int(s.step[i])
		if s.count[i] == d.space.dims[i] && step == 1 {
			continue
		}
		stop := start + int(s.count[i]-1)*step + 1
		if a, err = a.Slice(i, start, stop, step); err != nil {
			return nil, err
		}
	}
	if f.mapped != nil {
		a.SetOwner(f)
	}
	return a, nil
}

// checkSize compares the size of the data with the size in the layout message, if that has one.
func (d *Dataset) checkSize(n uint64) error {
	if have := d.layout.size; have != 0 && have < n {
		return malformed(d.layout.off, "%d bytes of data for a dataset of %d", have, n)
	}
	return nil
}

// compactReader returns a function that copies the selection from data in the object header.
func (d *Dataset) compactReader(s selection) (func(dst []byte) error, error) {
	n, err := d.nbytes()
	if err != nil {
		return nil, err
	}
	if uint64(len(d.layout.data)) < n {
		return nil, malformed(d.layout.off, "%d bytes of data for a dataset of %d",
			len(d.layout.data), n)
	}
	return func(dst []byte) error {
		t, ok := newTransfer(s, make([]uint64, len(s.count)), d.space.dims, d.typ.Size)
		if ok {
			t.copy(dst, d.layout.data)
		}
		return nil
	}, nil
}

// contiguousReader returns a function that reads the selection from contiguous data.
func (d *Dataset) contiguousReader(s selection) (func(dst []byte) error, error) {
	if d.layout.addr == undefined {
		return func(dst []byte) error {
			d.fillAll(dst)
			return nil
		}, nil
	}
	n, err := d.nbytes()
	if err != nil {
		return nil, err
	}
	if err := d.checkSize(n); err != nil {
		return nil, err
	}
	if err := d.f.src.check(d.layout.addr, n); err != nil {
		return nil, err
	}
	return func(dst []byte) error {
		return d.readLinear(dst, s, func(dst []byte, off uint64) error {
			return d.f.readPieces(dst, d.layout.addr+off)
		})
	}, nil
}

// readPieces fills dst from an address; several goroutines read a large dst in pieces.
func (f *File) readPieces(dst []byte, addr uint64) error {
	return bulk.Each(len(dst), f.opts.workers, func(from, to int) error {
		return f.src.readInto(dst[from:to], addr+uint64(from))
	})
}

// linearBlock is the number of bytes that are read at once if not all of the data is selected.
const linearBlock = 1 << 20

// readLinear reads a selection of elements that are stored in C order. The function read fills
// memory from an offset in the data. If only a small part of the bytes between the first and the
// last element of a block is selected, the runs are read one by one.
func (d *Dataset) readLinear(dst []byte, s selection, read func(dst []byte,
	off uint64) error) error {
	elem := uint64(d.typ.Size)
	if first, ok := s.contiguous(d.space.dims); ok {
		return read(dst, first*elem)
	}
	shape := runShape(d.space.dims, elem, linearBlock)
	origin := make([]uint64, len(shape))
	var buf []byte
	return eachSelectedChunk(s.axes(shape), func(coord []uint64) error {
		base := uint64(0)
		for i := range shape {
			origin[i] = coord[i] * shape[i]
			base = base*d.space.dims[i] + origin[i]
		}
		base *= elem
		t, ok := newTransfer(s, origin, shape, d.typ.Size)
		if !ok {
			return nil
		}
		wanted, last := t.run, t.src+t.run
		for i := range t.rank {
			wanted *= t.n[i]
			last += (t.n[i] - 1) * t.srcStep[i]
		}
		if span := last - t.src; span/64 > wanted {
			return t.each(func(to, from int) error {
				return read(dst[to:to+t.run], base+uint64(from))
			})
		} else if cap(buf) < span {
			buf = make([]byte, span)
		}
		base += uint64(t.src)
		buf = buf[:last-t.src]
		t.src = 0
		if err := read(buf, base); err != nil {
			return err
		}
		t.copy(dst, buf)
		return nil
	})
}

// readExternal reads data that is stored in other files, one after another.
func (d *Dataset) readExternal(dst []byte, s selection) error {
	return d.readLinear(dst, s, func(dst []byte, off uint64) error {
		for _, slot := range d.external {
			if len(dst) == 0 {
				return nil
			}
			if off >= slot.size {
				off -= slot.size
				continue
			}
			n := min(uint64(len(dst)), slot.size-off)
			if err := d.f.readSlot(dst[:n], slot, off); err != nil {
				return err
			}
			dst, off = dst[n:], 0
		}
		if len(dst) > 0 {
			return malformed(d.layout.off, "external files that end %d bytes before the data does",
				len(dst))
		}
		return nil
	})
}

// readSlot reads from an external file. As in HDF5's library, bytes behind its end are zeros.
func (f *File) readSlot(dst []byte, slot externalSlot, off uint64) error {
	o, err := f.openExternal(slot.name)
	if err != nil {
		return err
	}
	at := slot.offset + off
	if at < off || at > 1<<62 {
		return errorf(ErrMalformed, "the offset %d in the external file %q", at, slot.name)
	}
	n, err := o.r.ReadAt(dst, int64(at))
	if err != nil && err != io.EOF && n < len(dst) {
		return &Error{Offset: -1, Kind: err, Text: "external file " + slot.name + ": " +
			err.Error()}
	}
	clear(dst[n:])
	return nil
}
