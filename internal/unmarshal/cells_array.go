package unmarshal

import (
	"reflect"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/internal/window"
	"github.com/unpkl/unpkl/ndarray"
)

// readNDArray decodes an array into a variable of type *ndarray.Array.
func (a *assigner) readNDArray(p *plan, kind tape.Kind, id tape.ID, dst place) error {
	if kind == tape.None {
		dst.value(p.typ).SetZero()
		return nil
	}
	if kind != tape.Call || !a.isOnce(id) {
		return a.readObject(p, id, dst)
	}
	parts, ok := known.Array(a.t, id)
	if !ok {
		return a.readObject(p, id, dst)
	}
	b := a.t.Span(parts.Data)
	if !a.t.Owned(parts.Data) || !a.isOnce(parts.Data) {
		b = a.t.Window().Copy(b, &a.bytes)
	}
	arr, err := a.maker.Array(a.t, &parts, b, a.p.Bounds().Owner)
	if err != nil {
		return a.readObject(p, id, dst)
	}
	to, _ := as[*ndarray.Array](dst)
	*to = arr
	return nil
}

// isElement reports whether an element of dtype dt has the same representation in memory as a value
// of the plan's type.
func (p *plan) isElement(dt *ndarray.DType) bool {
	if dt.ItemSize() != int(p.size) ||
		dt.ByteOrder() != ndarray.NotApplicable && dt.ByteOrder() != ndarray.NativeEndian {
		return false
	}
	switch p.form {
	case formInt:
		return dt.Kind() == ndarray.KindInt
	case formUint:
		return dt.Kind() == ndarray.KindUint
	case formFloat:
		return dt.Kind() == ndarray.KindFloat
	}
	return false
}

// arrayIntoSlice decodes an array into a slice. Nothing else may refer to the array or its data.
func (a *assigner) arrayIntoSlice(p *plan, id tape.ID, parts *known.ArrayParts, dst place) error {
	p.elem.once.Do(p.elem.compile)
	if parts.NDim(a.t) != 1 || !p.elem.isElement(parts.DType) {
		return a.convertArray(p, id, parts, dst)
	}
	b := a.t.Span(parts.Data)
	n := len(b) / int(p.elem.size)
	if a.budget -= int64(n); a.budget < 0 {
		return a.overExpansion()
	}
	shares := !parts.ReadOnly && a.t.Window().Shared && len(b) >= window.SharedPayload
	has := dst.sliceCap()
	room := has >= n && has > 0
	if n > 0 && (shares || !room && a.t.Owned(parts.Data)) && dst.setOver(b, p.elem.align(), n) {
		return nil
	}
	v := dst.value(p.typ)
	if room && a.claim(v.Pointer()) {
		v.SetLen(n)
		a.setAside(parts.Data)
	} else {
		a.newNumbers(p, v, dst, n)
	}
	mem, ok := bytesOf(v)
	if !ok {
		return a.readObject(p, id, dst)
	}
	copy(mem, b)
	return nil
}

// align returns the alignment of numbers of p's type, in bytes.
func (p *plan) align() uintptr { return min(p.size, 8) }

// newNumbers makes v, the slice at dst, a slice of n numbers, which need not be zero.
func (a *assigner) newNumbers(p *plan, v reflect.Value, dst place, n int) {
	if size := n * int(p.elem.size); size > 0 {
		if dst.setOver(window.Aligned(size, &a.bytes), p.elem.align(), n) {
			return
		}
	}
	v.Set(reflect.MakeSlice(p.typ, n, n))
}

// convertArray decodes an array into a slice whose elements have another representation in memory
// than those of the array.
func (a *assigner) convertArray(p *plan, id tape.ID, parts *known.ArrayParts, dst place) error {
	fill := bulk(p.typ.Elem())
	if fill == nil || parts.NDim(a.t) != 1 {
		return a.readObject(p, id, dst)
	}
	arr, err := a.maker.Array(a.t, parts, a.t.Span(parts.Data), nil)
	if err != nil {
		return a.readObject(p, id, dst)
	}
	arr.SetWriteable(false) // fill copies a read-only array, so the slice does not alias the tape.
	values, err := fill(arr)
	if err != nil {
		return a.readObject(p, id, dst)
	}
	v, from := dst.value(p.typ), castSlice(values, p.typ)
	n := from.Len()
	if a.budget -= int64(n); a.budget < 0 {
		return a.overExpansion()
	}
	if v.Cap() >= n && v.Cap() > 0 && a.claim(v.Pointer()) {
		v.SetLen(n)
		reflect.Copy(v, from)
		return nil
	}
	v.Set(from)
	return nil
}

// arrayIntoArray copies an array into a Go array. It returns false, and sets nothing, if their
// elements or sizes differ.
func (a *assigner) arrayIntoArray(p *plan, parts *known.ArrayParts, dst place) bool {
	p.elem.once.Do(p.elem.compile)
	if parts.NDim(a.t) != 1 || !p.elem.isElement(parts.DType) {
		return false
	}
	b := a.t.Span(parts.Data)
	if len(b) != int(p.size) || len(b) == 0 {
		return false
	}
	mem, ok := bytesOf(dst.value(p.typ))
	if ok {
		copy(mem, b)
	}
	return ok
}
