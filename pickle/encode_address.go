package pickle

import (
	"math/bits"
	"reflect"
)

// This file reads the fields of structs and the items of slices and arrays where they are. What is
// at an address is read as the type that the plan has for it, which is the type that reflection
// says is there.

// atomKind says how a plan's values are read and written if they are atoms, or lists of them.
type atomKind uint8

const (
	atomNone atomKind = iota
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
	atomAny   // an atom if what is in it is one
	atomSlice // of atoms other than these
	atomArray
)

// atomKindOf returns the kind of the values of a plan that is complete but for that.
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

// saveAtomAt writes the value of pl's type at an address, if it is an atom.
func (p *pickling) saveAtomAt(pl *plan, at address) (bool, error) {
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

// saveAtomsAt writes n atoms, where the items of a slice or array are, as a list.
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

// emptyKind says how an empty value is told where it is.
type emptyKind uint8

const (
	emptyOther  emptyKind = iota // by reflection
	emptyNever                   // a struct
	emptyLength                  // a string or slice
	emptyNil                     // a pointer or interface
	empty1                       // a bool or an integer of one byte
	empty2
	empty4
	empty8
)

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

// presentAt returns a bit for each field that is not left out of a struct at an address.
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

// atomFields writes the fields of the struct of g, which is at an address, from where t is. It
// returns true if that was all of them, and false at one that is no atom.
func (p *pickling) atomFields(t *task, g *goTask) (bool, error) {
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
