package ndarray

import (
	"io"
	"iter"
	"slices"

	"github.com/unpkl/unpkl/internal/bulk"
)

// Bytes returns the elements as one block of bytes in the array's dtype, which is the array's own
// memory: in C order if the array is C-contiguous, in F order if it is only F-contiguous, as Order
// says. Otherwise the error is of the kind ErrNotContiguous, and for dtypes with objects of the
// kind ErrDType.
func (a *Array) Bytes() ([]byte, error) {
	if err := a.alive(); err != nil {
		return nil, err
	}
	if a.DType().object {
		return nil, errorf(ErrDType, "elements of dtype %s are not bytes", a.DType().brief())
	}
	if a.flags&(flagContiguousC|flagContiguousF) == 0 {
		return nil, errorf(ErrNotContiguous, "an array of shape %s, strides %s is not contiguous",
			shapeText(a.Shape()), shapeText(a.Strides()))
	}
	n := a.NBytes()
	if n == 0 {
		return []byte{}, nil
	}
	return a.data[a.pos : a.pos+n : a.pos+n], nil
}

// AppendBytes appends the bytes of the elements, in the array's dtype and the given order, as
// ndarray.tobytes(order) does. OrderA and OrderK mean the result of Order.
func (a *Array) AppendBytes(b []byte, order Order) ([]byte, error) {
	var err error
	a.chunks(order, &err)(func(c []byte) bool {
		n := len(b)
		b = slices.Grow(b, len(c))[:n+len(c)]
		bulk.Copy(b[n:], c)
		return true
	})
	return b, err
}

// WriteTo writes the bytes of the elements in the given order. It does not copy memory that is
// contiguous in that order. It returns the number of bytes written.
func (a *Array) WriteTo(w io.Writer, order Order) (n int64, err error) {
	var werr error
	a.chunks(order, &err)(func(c []byte) bool {
		var k int
		k, werr = w.Write(c)
		n += int64(k)
		return werr == nil
	})
	if err == nil {
		err = werr
	}
	return n, err
}

// chunkSize is the size of the buffer for strided elements, in bytes.
const chunkSize = 64 << 10

// chunks yields the bytes of the elements in the given order. Each chunk is valid only until the
// next one. If there is an error, it sets *errp and yields nothing.
func (a *Array) chunks(order Order, errp *error) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if order == OrderA || order == OrderK {
			order = a.Order()
		}
		switch {
		case order != OrderC && order != OrderF:
			*errp = errorf(ErrShape, "order %q is neither 'C' nor 'F'", rune(order))
			return
		case a.DType().object:
			*errp = errorf(ErrDType, "elements of dtype %s are not bytes", a.DType().brief())
			return
		}
		if *errp = a.alive(); *errp != nil || a.NBytes() == 0 {
			return
		}
		if order == OrderC && a.IsCContiguous() || order == OrderF && a.IsFContiguous() {
			n := a.NBytes()
			yield(a.data[a.pos : a.pos+n : a.pos+n])
			return
		}
		if order == OrderF {
			a = a.reversed()
		}
		a.gatherChunks(yield)
	}
}
