package fastread

import (
	"sync"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// dtype takes a dtype from the memo, or the calls that make one.
func (d *direct) dtype(a *directArray) bool {
	op, ok := d.next()
	if !ok {
		return false
	}
	if isGet(op) {
		pos := d.pos
		s, ok := d.fetch(op)
		if ok && s.n == keptOfType {
			a.dtype = d.dtypes[s.at]
			return a.dtype != nil
		}
		d.pos = pos
	}
	if kind, ok := d.global(op); !ok || kind != keptDType {
		return false
	}
	var call dtypeCall
	if !d.dtypeArgs(&call) {
		return false
	}
	i := len(d.dtypes)
	if d.dtypes = append(d.dtypes, nil); !d.accept(pickle.OpReduce) || !d.put(span{uint32(i), keptOfType}) {
		return false
	}
	if !d.dtypeState(&call) {
		return false
	}
	a.dtype = d.makeDType(&call)
	d.dtypes[i] = a.dtype
	return a.dtype != nil
}

// dtypeCall is what makes a dtype without fields.
type dtypeCall struct {
	spec, order                       span
	align, copied                     int64
	version, elsize, alignment, flags int64
}

// dtypeArgs takes the tuple (typespec, align, copy).
func (d *direct) dtypeArgs(c *dtypeCall) bool {
	marked := d.accept(pickle.OpMark)
	return d.name(&c.spec) && d.take(&c.align) && d.take(&c.copied) && d.endTuple(marked, 3)
}

// dtypeState takes (version, byteorder, None, None, None, elsize, alignment, flags) and BUILD.
func (d *direct) dtypeState(c *dtypeCall) bool {
	if !d.accept(pickle.OpMark) || !d.take(&c.version) || !d.name(&c.order) {
		return false
	}
	for range 3 {
		if !d.accept(pickle.OpNone) {
			return false
		}
	}
	return d.take(&c.elsize) && d.take(&c.alignment) && d.take(&c.flags) && d.endTuple(true, 8) && d.accept(pickle.OpBuild)
}

// name takes a str.
func (d *direct) name(s *span) bool {
	op, ok := d.next()
	if ok {
		*s, ok = d.str(op)
	}
	return ok
}

// take takes a number.
func (d *direct) take(n *int64) (ok bool) {
	*n, ok = d.number()
	return ok && int64(int(*n)) == *n
}

// makeDType calls numpy.dtype; nil where that fails or gives what takes more than its bytes.
func (d *direct) makeDType(c *dtypeCall) *ndarray.DType {
	spec, order := d.bytes(c.spec), d.bytes(c.order)
	usual := *c
	usual.spec, usual.order = span{}, span{}
	if usual == (dtypeCall{copied: 1, version: 3, elsize: -1, alignment: -1}) && len(order) == 1 {
		if known := usualDTypes()[string(spec)]; known != nil && known.ByteOrder() == ndarray.ByteOrder(order[0]) {
			return known
		}
	}
	class, err := d.c.FindClass("numpy", "dtype")
	if err != nil {
		return nil
	}
	return callDType(class, types.Tuple{string(spec), c.align != 0, c.copied != 0},
		types.Tuple{int(c.version), string(order), nil, nil, nil, int(c.elsize), int(c.alignment), int(c.flags)})
}

func callDType(class any, args, state types.Tuple) *ndarray.DType {
	call, ok := class.(types.Callable)
	if !ok {
		return nil
	}
	v, err := call.Call(args...)
	if err != nil {
		return nil
	}
	dt, ok := v.(*ndarray.DType)
	if !ok || dt.PySetState(&state) != nil || dt.HasObject() || dt.ItemSize() == 0 {
		return nil
	}
	return dt
}

// usualDTypes are those of nearly all arrays: numbers, as little-endian machines write them. They never
// change, so all loads share them.
var usualDTypes = sync.OnceValue(func() map[string]*ndarray.DType {
	known := make(map[string]*ndarray.DType)
	class, err := reconstruct.FindClass("numpy", "dtype")
	if err != nil {
		return known
	}
	for _, spec := range []string{"b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16"} {
		order := "<"
		if spec[1:] == "1" {
			order = "|"
		}
		known[spec] = callDType(class, types.Tuple{spec, false, true}, types.Tuple{3, order, nil, nil, nil, -1, -1, 0})
	}
	return known
})
