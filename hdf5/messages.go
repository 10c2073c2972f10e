package hdf5

import "github.com/unpkl/unpkl/internal/filter"

// maxFilters bounds the filters of a pipeline: the mask of a chunk has one bit for each.
const maxFilters = 32

// parseFilters parses a filter pipeline message.
//
// Reference: HDF5 File Format Specification, IV.A.2.l ("The Data Storage - Filter Pipeline
// Message").
func parseFilters(c *cursor) ([]filter.Filter, error) {
	v := c.version("filter pipeline", 1, 2)
	n := int(c.u8())
	if v == 1 {
		c.skip(6)
	}
	if n > maxFilters {
		return nil, malformed(c.off, "a pipeline of %d filters, at most %d allowed", n, maxFilters)
	}
	filters := make([]filter.Filter, 0, n)
	for range n {
		x := filter.Filter{ID: c.u16()}
		named := 0
		if v == 1 || x.ID >= 256 {
			named = int(c.u16())
		}
		x.Optional = c.u16()&1 != 0
		params := int(c.u16())
		if v == 1 {
			named = (named + 7) &^ 7
		}
		x.Name = untilNUL(c.take(named))
		if params > c.left()/4 {
			c.fail(malformed(c.pos(), "a filter with %d parameters", params))
		}
		if c.err != nil {
			return nil, c.err
		}
		x.Params = make([]uint32, params)
		for i := range x.Params {
			x.Params[i] = c.u32()
		}
		if v == 1 && params%2 != 0 {
			c.skip(4)
		}
		filters = append(filters, x)
	}
	return filters, c.err
}

// parseFill parses a fill value message of either type. It returns the bytes of one element in the
// file's form, or nil for zeros.
//
// Reference: HDF5 File Format Specification, IV.A.2.e and f ("The Data Storage - Fill
// Value Message").
func parseFill(c *cursor, kind uint16) ([]byte, error) {
	if kind == msgFillOld {
		n := int(c.u32())
		return c.take(n), c.err
	}
	v := c.version("fill value", 1, 2, 3)
	defined := false
	if v < 3 {
		c.skip(2)
		// Version 1 has a size even if there is no value.
		defined = c.u8() != 0 || v == 1
	} else {
		defined = c.u8()&(1<<5) != 0
	}
	if !defined || c.err != nil {
		return nil, c.err
	}
	n := int(int32(c.u32()))
	if n <= 0 {
		return nil, c.err
	}
	return c.take(n), c.err
}

// externalSlot is a part of a dataset's data in another file, in bytes.
type externalSlot struct {
	name         string
	offset, size uint64
}

// parseExternal parses an external data files message.
//
// Reference: HDF5 File Format Specification, IV.A.2.h ("The Data Storage - External Data
// Files Message").
func (f *File) parseExternal(c *cursor) ([]externalSlot, error) {
	c.version("list of external files", 1)
	c.skip(3 + 2)
	n := int(c.u16())
	addr := c.addr()
	if c.err != nil {
		return nil, c.err
	}
	if n > c.left()/(3*c.sizeLength) {
		return nil, malformed(c.off, "%d external files in %d bytes", n, c.left())
	}
	names, err := f.localHeap(addr)
	if err != nil {
		return nil, err
	}
	slots := make([]externalSlot, n)
	for i := range slots {
		name := c.length()
		if slots[i].name, err = names.text(name); err != nil {
			return nil, err
		}
		slots[i].offset, slots[i].size = c.length(), c.length()
		if slots[i].size == undefined>>(64-8*c.sizeLength) {
			slots[i].size = undefined
		}
	}
	return slots, c.err
}
