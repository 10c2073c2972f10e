package fastread

import (
	"reflect"
	"unsafe"

	"github.com/unpkl/unpkl/pickle"
)

// isMapKey reports whether keys of a kind that are equal in Python are equal in Go.
func isMapKey(kind reflect.Kind) bool {
	return kind == reflect.String || reflect.Int <= kind && kind <= reflect.Uint64
}

// mapBuilder makes a map.
type mapBuilder struct {
	plan      *directPlan
	out       reflect.Value
	key, elem reflect.Value // of the item being read
	room      int           // of an outermost map, once that is large; else -1
}

// mapping reads a dict, whose opcode was taken, into the map at dst.
func (d *direct) mapping(p *directPlan, dst unsafe.Pointer) bool {
	b := mapBuilder{
		plan: p, out: reflect.MakeMap(p.typ), room: -1,
		key: reflect.New(p.key.typ).Elem(), elem: reflect.New(p.elem.typ).Elem(),
	}
	if !d.inside {
		b.room = bulkItems
	}
	if d.inside = true; !d.put(span{n: notKept}) {
		return false
	}
	ok := d.items(pickle.OpSetItems, pickle.OpSetItem, func(op pickle.Opcode) bool { return b.item(d, op) }, nil, b.out.Clear)
	reflect.NewAt(p.typ, dst).Elem().Set(b.out)
	return ok
}

// item reads a key, which begins with op, and its value.
func (b *mapBuilder) item(d *direct, op pickle.Opcode) bool {
	if op == pickle.OpNone || !d.value(b.plan.key, op, b.key.Addr().UnsafePointer()) {
		return false
	}
	b.elem.SetZero()
	op, ok := d.next()
	if !ok || !d.value(b.plan.elem, op, b.elem.Addr().UnsafePointer()) {
		return false
	}
	if n := b.out.Len(); n == b.room {
		b.widen(d, n)
	}
	b.out.SetMapIndex(b.key, b.elem)
	return true
}

// widen is that of plainDirect.
func (b *mapBuilder) widen(d *direct, n int) {
	b.room = d.dictRoom(n)
	wide := reflect.MakeMapWithSize(b.plan.typ, b.room)
	key, elem := reflect.New(b.key.Type()).Elem(), reflect.New(b.elem.Type()).Elem()
	for it := b.out.MapRange(); it.Next(); {
		key.SetIterKey(it)
		elem.SetIterValue(it)
		wide.SetMapIndex(key, elem)
	}
	b.out = wide
}

// dictItem is the size in bytes of an item of a map.
const dictItem = 40

// dictRoom is how many items to make room for in an outermost dict that has n.
func (d *direct) dictRoom(n int) int {
	const usual, most = 64 << 10, 16
	return min(d.room(n, dictItem), max(usual, most*n))
}
