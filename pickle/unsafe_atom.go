package pickle

import (
	"math/bits"
	"reflect"
	"unsafe"
)

// This file holds the Pickler's reading of the fields of structs and the items of slices and
// arrays, which by reflection takes twice as long as to write them. What is at an address
// is read as the type that the plan has for it, which is the type that reflection
// says is there. Nothing is written to it, and nothing kept but in a task, with the
// pointer that keeps it where it is.

// address is where a value of a known type is; the zero address is none.
type address = unsafe.Pointer

// addressOf returns where v is, which box holds if it is not nil, or nil if that cannot be told.
func addressOf(v reflect.Value, box any) address {
	switch {
	case v.CanAddr():
		return unsafe.Pointer(v.UnsafeAddr())
	case box != nil && v.Type().Size() > unsafe.Sizeof(uintptr(0)):
		// A value of a smaller type may be a pointer, which is in the interface itself.
		return dataWord(box)
	}
	return nil
}

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
	p.boundary()
	switch pl.atom {
	case atomBool:
		p.saveBool(*(*bool)(at))
	case atomInt8:
		p.saveInt(int64(*(*int8)(at)))
	case atomInt16:
		p.saveInt(int64(*(*int16)(at)))
	case atomInt32:
		p.saveInt(int64(*(*int32)(at)))
	case atomInt64:
		p.saveInt(*(*int64)(at))
	case atomUint8:
		p.saveInt(int64(*(*uint8)(at)))
	case atomUint16:
		p.saveInt(int64(*(*uint16)(at)))
	case atomUint32:
		p.saveInt(int64(*(*uint32)(at)))
	case atomUint64:
		return true, p.saveUint(*(*uint64)(at))
	case atomFloat32:
		p.saveFloat(float64(*(*float32)(at)))
	case atomFloat64:
		p.saveFloat(*(*float64)(at))
	case atomString:
		return true, p.saveGoString(*(*string)(at))
	case atomAny:
		return p.saveAtom(*(*any)(at), true), nil
	case atomSlice:
		s := (*sliceWords)(at)
		if s.len == 0 {
			p.beginList(objectID{})
			return true, nil
		}
		return true, p.saveAtomsAt(pl, s.data, s.len,
			objectID{s.data, uintptr(typeAddress(pl.typ)), s.len})
	case atomArray:
		return true, p.saveAtomsAt(pl, at, pl.typ.Len(), objectID{})
	default:
		return false, nil
	}
	return true, nil
}

// sliceWords is a slice of any type.
type sliceWords struct {
	data     unsafe.Pointer
	len, cap int
}

// saveAtomsAt writes n atoms at an address as a list.
func (p *pickling) saveAtomsAt(pl *plan, at address, n int, id objectID) error {
	if !p.beginList(id) || n == 0 {
		return nil
	}
	size := pl.elem.typ.Size()
	t := task{op: OpAppends, n: n, exact: true}
	for t.i < n {
		p.before(&t)
		if _, err := p.saveAtomAt(pl.elem, unsafe.Add(at, uintptr(t.i-1)*size)); err != nil {
			return err
		}
		p.after(&t)
	}
	return nil
}

// emptyKind says how an empty value is told where it is.
type emptyKind uint8

const (
	emptyOther  emptyKind = iota // by reflection
	emptyNever                   // a struct
	emptyLength                  // a string or slice: the second word
	emptyWord                    // a pointer or interface: the first word
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
		return emptyWord
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64,
		reflect.Uintptr:
		return empty1 + emptyKind(bits.TrailingZeros(uint(t.Size())))
	}
	return emptyOther
}

// address returns where the field is of a struct at an address, or nil if a pointer on the way
// there is nil.
func (f *planField) address(at address) address {
	for _, offset := range f.path {
		at = *(*unsafe.Pointer)(unsafe.Add(at, offset))
		if at == nil {
			return nil
		}
	}
	return unsafe.Add(at, f.offset)
}

// isEmptyAt is isEmpty for the field at an address.
func (f *planField) isEmptyAt(at address) bool {
	switch f.empty {
	case emptyNever:
		return false
	case emptyLength:
		return *(*int)(unsafe.Add(at, unsafe.Sizeof(uintptr(0)))) == 0
	case emptyWord:
		return *(*unsafe.Pointer)(at) == nil
	case empty1:
		return *(*uint8)(at) == 0
	case empty2:
		return *(*uint16)(at) == 0
	case empty4:
		return *(*uint32)(at) == 0
	case empty8:
		return *(*uint64)(at) == 0
	}
	return isEmpty(reflect.NewAt(f.plan.typ, at).Elem())
}

// presentAt returns a bit for each field that is not left out of a struct at an address.
func (pl *plan) presentAt(at address) uint64 {
	var present uint64
	for k := range pl.fields {
		f := &pl.fields[k]
		if a := f.address(at); a != nil && !(f.OmitEmpty && f.isEmptyAt(a)) {
			present |= 1 << k
		}
	}
	return present
}

// atomFields writes the fields of the struct of g, which is at an address, from where t is. It
// returns true if that was all of them, and false at one that is no atom.
func (p *pickling) atomFields(t *task, g *goTask) (bool, error) {
	for {
		p.after(t)
		if t.i == t.n {
			return true, nil
		}
		p.before(t)
		g.next(t.i - 1)
		k := g.field(t.i - 1)
		f := &g.plan.fields[k]
		if err := p.saveFieldName(g, k); err != nil {
			return false, err
		}
		if done, err := p.saveAtomAt(f.plan, f.address(g.at)); !done || err != nil {
			t.phase = itemKey
			return false, err
		}
	}
}
