package pickle

import (
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// TestIdentity checks that two values have equal identities if they share memory and have the same
// type and length, in an interface or not, and also after a garbage collection.
func TestIdentity(t *testing.T) {
	text, data := strings.Repeat("text", 9), []byte("bytes")
	items := []any{1, "a", 2.5}
	object, other := &Object{}, &Object{}
	box := any(complex(rand.Float64(), 3)) // not constant: equal constants have one box
	m, array := map[string]int{"a": 1}, &[3]int{1, 2, 3}
	ids := []struct {
		what string
		of   func() objectID
	}{
		{"text", func() objectID { return stringID(text) }},
		{"a part of text", func() objectID { return stringID(text[4:]) }},
		{"another text", func() objectID { return stringID(strings.Repeat("text", 9)) }},
		{"a byte", func() objectID { return stringID(stringOf(data[:1])) }},
		{"the byte again", func() objectID { return stringID(stringOf([]byte("b"))) }},
		{"bytes", func() objectID { return bytesID(data) }},
		{"fewer of them", func() objectID { return bytesID(data[:2]) }},
		{"items", func() objectID { return tupleID(items) }},
		{"the first of them", func() objectID { return tupleID(items[:1]) }},
		{"an object", func() objectID { return boxID(object) }},
		{"another object", func() objectID { return boxID(other) }},
		{"a map", func() objectID { return boxID(m) }},
		{"an array", func() objectID { return boxID(array) }},
		{"its first item", func() objectID { return boxID(&array[0]) }},
		{"a slice of it", func() objectID { return pointerID(reflect.ValueOf(array[:])) }},
		{"a shorter one", func() objectID { return pointerID(reflect.ValueOf(array[:2])) }},
		{"a box", func() objectID { return boxID(box) }},
		{"an equal box", func() objectID { return boxID(complex(real(box.(complex128)), 3)) }},
	}
	found := map[objectID]string{}
	for _, x := range ids {
		id := x.of()
		if before := found[id]; before != "" || id.p == nil {
			t.Errorf("%s is %q", x.what, before)
		}
		found[id] = x.what
	}
	runtime.GC()
	for _, same := range []struct {
		what string
		id   objectID
	}{
		{"text", stringID(text)}, {"bytes", bytesID(data)}, {"items", tupleID(items)},
		{"the first of them", itemID(&items[0])}, {"an object", pointerID(reflect.ValueOf(object))},
		{"a map", pointerID(reflect.ValueOf(m))}, {"a box", boxID(box)},
	} {
		if found[same.id] != same.what {
			t.Errorf("%s is %q", same.what, found[same.id])
		}
	}
	for _, v := range []any{nil, (*Object)(nil), map[string]int(nil), (func())(nil)} {
		if id := boxID(v); id.p != nil {
			t.Errorf("a nil %T has an identity", v)
		}
	}
}

// TestBoxedIdentity checks that the value in an interface is equal only to itself as a key, and is
// written once for each interface.
func TestBoxedIdentity(t *testing.T) {
	nan, another := any(math.NaN()), any(math.NaN())
	list, tail := any([]int{1}), any([]int{1})
	for _, x := range []struct{ v, other any }{{nan, another}, {list, tail},
		{&types.Tuple{nan, 1}, &types.Tuple{another, 1}}} {
		if !EqualKeys(x.v, x.v) || EqualKeys(x.v, x.other) {
			t.Errorf("%v: %v as itself, %v as another", x.v, EqualKeys(x.v, x.v),
				EqualKeys(x.v, x.other))
		}
	}
	part := rand.Float64() // not constant: the compiler has one box for equal constants
	c := any(complex(part, 3))
	once, err := Dumps(&types.List{c, c})
	if err != nil {
		t.Fatal(err)
	}
	twice, err := Dumps(&types.List{c, any(complex(part, 3))})
	if err != nil {
		t.Fatal(err)
	}
	if len(once) >= len(twice) {
		t.Errorf("one box takes %d bytes, two take %d", len(once), len(twice))
	}
}

// widths has a field of each type that is read by its address.
type widths struct {
	B   bool
	I   int
	I8  int8
	I16 int16
	I32 int32
	I64 int64
	U   uint
	U8  uint8
	U16 uint16
	U32 uint32
	U64 uint64
	Ptr uintptr
	F32 float32
	F64 float64
	S   string
	A   any
	Is  []int16
	Ss  [2]string
	Fs  []float32
	P   *int
}

// TestAddress compares fields that are read by their addresses with those that reflection reads,
// for the least and greatest values of each type, in addressable memory and in an interface.
func TestAddress(t *testing.T) {
	i := 5
	for _, x := range []*widths{
		{},
		{true, math.MinInt, -128, -32768, math.MinInt32, math.MinInt64, math.MaxUint, 255, 65535,
			math.MaxUint32, math.MaxUint64, math.MaxUint32, 0.5, math.Copysign(0, -1), "text", 7.5,
			[]int16{-1, 2, 32767}, [2]string{"a", "b"}, []float32{math.MaxFloat32}, &i},
		{false, math.MaxInt, 127, 32767, math.MaxInt32, math.MaxInt64, 1, 1, 1, 1, 1, 1,
			float32(math.Inf(1)), math.NaN(), strings.Repeat("x", 300), []any{"not an atom"}, nil,
			[2]string{}, []float32{}, nil},
	} {
		if a := addressOf(reflect.ValueOf(*x), any(*x)); !a.known() {
			t.Fatal("a box has no address")
		}
		shared := []*widths{x, x}
		for protocol := range int(HighestProtocol) + 1 {
			for _, v := range []any{x, *x, shared, []widths{*x, *x}} {
				// A string of a Go value reaches the hook as an interface and so gets an identity.
				checkFast(t, v, protocol, StringsByValue)
			}
		}
	}
}
