package pickle

import (
	"math/bits"
	"reflect"
)

// The functions of this file read the fields of structs, and the items of slices and arrays, by
// their addresses. A value is read as the type that the plan has for it, which is the type of the
// field or item according to reflection.

// atomKind says how a plan's values are read and written if they are atoms (see encode_atom.go) or
// lists of atoms.
type atomKind uint8

const (
	atomNone atomKind = iota // not an atom
	atomBool
	atomInt8
	atomInt16
	atomInt32
	atomInt64
	atomUint8
	atomUint16
	atomUint32
	atomUint64
	atomFloat32
	atomFloat64
	atomString
	atomAny   // an empty interface, which may contain an atom
	atomSlice // a slice of atoms of the kinds above atomAny
	atomArray // an array of atoms of the kinds above atomAny
)

// atomKindOf returns the atomKind for a plan that is complete except for it.
func atomKindOf(pl *plan) atomKind {
	size := func(of1 atomKind) atomKind {
		switch pl.typ.Size() {
		case 1:
			return of1
		case 2:
			return of1 + 1
		case 4:
			return of1 + 2
		}
		return of1 + 3
	}
	switch pl.kind {
	case goBool:
		return atomBool
	case goInt:
		return size(atomInt8)
	case goUint:
		return size(atomUint8)
	case goFloat:
		if pl.typ.Size() == 4 {
			return atomFloat32
		}
		return atomFloat64
	case goString:
		return atomString
	case goInterface:
		if pl.typ.NumMethod() == 0 {
			return atomAny
		}
	case goSlice:
		if pl.elem.atom != atomNone && pl.elem.atom < atomAny {
			return atomSlice
		}
	case goArray:
		if pl.elem.atom != atomNone && pl.elem.atom < atomAny {
			return atomArray
		}
	}
	return atomNone
}

// saveAtomAt writes the value at an address, which is of pl's type. done is false if it is not an
// atom.
func (p *pickling) saveAtomAt(pl *plan, at address) (done bool, err error) {
	p.checkFrame()
	switch pl.atom {
	case atomBool:
		p.saveBool(load[bool](at))
	case atomInt8:
		p.saveInt(int64(load[int8](at)))
	case atomInt16:
		p.saveInt(int64(load[int16](at)))
	case atomInt32:
		p.saveInt(int64(load[int32](at)))
	case atomInt64:
		p.saveInt(load[int64](at))
	case atomUint8:
		p.saveInt(int64(load[uint8](at)))
	case atomUint16:
		p.saveInt(int64(load[uint16](at)))
	case atomUint32:
		p.saveInt(int64(load[uint32](at)))
	case atomUint64:
		return true, p.saveUint(load[uint64](at))
	case atomFloat32:
		p.saveFloat(float64(load[float32](at)))
	case atomFloat64:
		p.saveFloat(load[float64](at))
	case atomString:
		return true, p.saveGoString(load[string](at))
	case atomAny:
		return p.saveAtom(load[any](at), true), nil
	case atomSlice:
		n := at.length()
		if n == 0 {
			p.beginList(objectID{})
			return true, nil
		}
		items := at.items()
		return true, p.saveAtomsAt(pl, items, n,
			objectID{items.itemsPointer(), typeAddress(pl.typ), n})
	case atomArray:
		return true, p.saveAtomsAt(pl, at, pl.typ.Len(), objectID{})
	default:
		return false, nil
	}
	return true, nil
}

// saveAtomsAt writes n atoms as a list. items is the address of the first item of a slice or array.
func (p *pickling) saveAtomsAt(pl *plan, items address, n int, id objectID) error {
	if !p.beginList(id) || n == 0 {
		return nil
	}
	size := pl.elem.typ.Size()
	t := task{op: OpAppends, n: n, exact: true}
	for t.i < n {
		p.beginItem(&t)
		if _, err := p.saveAtomAt(pl.elem, items.item(t.i-1, size)); err != nil {
			return err
		}
		p.endItem(&t)
	}
	return nil
}

// emptyKind says how to find out whether the value at an address is empty.
type emptyKind uint8

const (
	emptyOther  emptyKind = iota // by reflection
	emptyNever                   // a struct is never empty
	emptyLength                  // a string or slice is empty if its length is 0
	emptyNil                     // a pointer or interface is empty if it is nil
	empty1                       // a bool, or an integer of one byte, is empty if it is zero
	empty2                       // the same for an integer of two bytes
	empty4
	empty8
)

// emptyKindOf returns the emptyKind for a type.
func emptyKindOf(t reflect.Type) emptyKind {
	switch t.Kind() {
	case reflect.Struct:
		return emptyNever
	case reflect.String, reflect.Slice:
		return emptyLength
	case reflect.Pointer, reflect.Interface:
		return emptyNil
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Uintptr:
		return empty1 + emptyKind(bits.TrailingZeros(uint(t.Size())))
	}
	return emptyOther
}

// isEmptyAt is isEmpty for the field at an address.
func (f *planField) isEmptyAt(at address) bool {
	switch f.empty {
	case emptyNever:
		return false
	case emptyLength:
		return at.length() == 0
	case emptyNil:
		return at.isNil()
	case empty1:
		return at.isZero(1)
	case empty2:
		return at.isZero(2)
	case empty4:
		return at.isZero(4)
	case empty8:
		return at.isZero(8)
	}
	return isEmpty(at.value(f.plan.typ))
}

// presentAt returns the fields of the struct at an address that are not left out, with a bit for
// each.
func (pl *plan) presentAt(at address) uint64 {
	var present uint64
	for k := range pl.fields {
		f := &pl.fields[k]
		if a := at.field(f); a.known() && !(f.OmitEmpty && f.isEmptyAt(a)) {
			present |= 1 << k
		}
	}
	return present
}

// atomFields writes the remaining fields of the struct of g, whose address is known, up to one that
// is not an atom. done is true if it wrote all of them.
func (p *pickling) atomFields(t *task, g *goTask) (done bool, err error) {
	for {
		p.endItem(t)
		if t.i == t.n {
			return true, nil
		}
		p.beginItem(t)
		g.next(t.i - 1)
		k := g.field(t.i - 1)
		f := &g.plan.fields[k]
		if err := p.saveFieldName(g, k); err != nil {
			return false, err
		}
		if done, err := p.saveAtomAt(f.plan, g.addr.field(f)); !done || err != nil {
			t.phase = itemKey
			return false, err
		}
	}
}
