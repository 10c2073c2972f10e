package ndarray

// NewStrided returns an array over a part of data: numpy.ndarray(shape, dtype, buffer, offset,
// strides). The first element begins at the byte offset. Strides are in bytes; they may be zero or
// negative. The array shares the memory of data. The error is of the kind ErrShape for a bad shape,
// of the kind ErrBounds if an element would be outside data, and of the kind ErrDType for a dtype
// with objects or a subarray. An array without elements gets the strides of C order.
func NewStrided(dt *DType, shape, strides []int, offset int, data []byte) (*Array, error) {
	dt.freeze()
	if base, _ := dt.Subarray(); dt.object || base != nil {
		return nil, errorf(ErrDType, "an array of dtype %s cannot be a view of raw bytes",
			dt.brief())
	}
	size, _, err := checkShape(shape, dt.itemsize)
	if err != nil {
		return nil, err
	}
	if len(strides) != len(shape) {
		return nil, errorf(ErrShape, "%d strides for shape %s", len(strides), shapeText(shape))
	}
	a := &Array{dt: dt, data: data}
	sh, st := a.makeDims(len(shape))
	copy(sh, shape)
	if size == 0 {
		fillStrides(st, sh, dt.itemsize, OrderC)
		a.setFlags()
		return a, nil
	}
	copy(st, strides)
	if !inside(sh, st, offset, dt.itemsize, len(data)) {
		return nil,
			errorf(ErrBounds,
				"shape %s, strides %s of itemsize %d from byte %d on reach outside %d bytes",
				shapeText(shape), shapeText(strides), dt.itemsize, offset, len(data))
	}
	a.pos = offset
	a.setFlags()
	return a, nil
}

// inside reports whether all elements of a shape without zeros are within size bytes.
func inside(shape, strides []int, offset, itemsize, size int) bool {
	if offset < 0 || offset > size {
		return false
	}
	below, above := 0, itemsize // extent of the elements before and after the offset, in bytes
	for i, n := range shape {
		step, reach := strides[i], &above
		if step < 0 {
			step, reach = -step, &below
		}
		if step < 0 { // the least int
			return false
		}
		span, ok := mulInt(step, n-1)
		if !ok {
			return false
		}
		if *reach, ok = addInt(*reach, span); !ok {
			return false
		}
	}
	return below <= offset && above <= size-offset
}
