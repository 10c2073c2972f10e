package unpkl

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
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
	args, ok := d.dtypeArgs()
	if !ok {
		return false
	}
	i := len(d.dtypes)
	if d.dtypes = append(d.dtypes, nil); !d.accept(pickle.OpReduce) || !d.put(span{uint32(i), keptOfType}) {
		return false
	}
	state, ok := d.dtypeState()
	if !ok {
		return false
	}
	a.dtype = d.makeDType(args, state)
	d.dtypes[i] = a.dtype
	return a.dtype != nil
}

// dtypeArgs takes the tuple (typespec, align, copy).
func (d *direct) dtypeArgs() ([]any, bool) {
	marked := d.accept(pickle.OpMark)
	op, ok := d.next()
	if !ok {
		return nil, false
	}
	spec, ok := d.str(op)
	if !ok {
		return nil, false
	}
	args := []any{string(d.bytes(spec)), nil, nil}
	for i := 1; ok && i < 3; i++ {
		var n int64
		n, ok = d.number()
		args[i] = n != 0
	}
	return args, ok && d.endTuple(marked, 3)
}

// dtypeState takes (3, byteorder, None, None, None, elsize, alignment, flags) and BUILD.
func (d *direct) dtypeState() (types.Tuple, bool) {
	if !d.accept(pickle.OpMark) {
		return nil, false
	}
	state := make(types.Tuple, 8)
	for i := range state {
		switch i {
		case 1:
			op, ok := d.next()
			if !ok {
				return nil, false
			}
			order, ok := d.str(op)
			if !ok {
				return nil, false
			}
			state[i] = string(d.bytes(order))
		case 2, 3, 4:
			if !d.accept(pickle.OpNone) {
				return nil, false
			}
		default:
			n, ok := d.number()
			if !ok || int64(int(n)) != n {
				return nil, false
			}
			state[i] = int(n)
		}
	}
	return state, d.endTuple(true, 8) && d.accept(pickle.OpBuild)
}

// makeDType calls numpy.dtype; nil where that fails or gives what takes more than its bytes.
func (d *direct) makeDType(args []any, state types.Tuple) *ndarray.DType {
	class, err := d.c.resolver()("numpy", "dtype")
	if err != nil {
		return nil
	}
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
