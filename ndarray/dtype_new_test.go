package ndarray_test

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
)

func TestNewDTypeRefusesLies(t *testing.T) {
	t.Parallel()
	i4, obj := mustDType(t, "<i4"), ndarray.ObjectDType()
	field := func(name string, d *ndarray.DType, offset int) ndarray.Field {
		return ndarray.Field{Name: name, DType: d, Offset: offset}
	}
	void := func(size int, fields ...ndarray.Field) ndarray.DTypeSpec {
		return ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: size, Fields: fields}
	}
	tests := []struct {
		name string
		spec ndarray.DTypeSpec
	}{
		{"no kind", ndarray.DTypeSpec{}},
		{"unknown kind", ndarray.DTypeSpec{Kind: 'x', ItemSize: 4}},
		{"negative itemsize", ndarray.DTypeSpec{Kind: 'S', ItemSize: -2}},
		{"least itemsize", ndarray.DTypeSpec{Kind: 'V', ItemSize: math.MinInt}},
		{"i3", ndarray.DTypeSpec{Kind: 'i', ItemSize: 3}},
		{"U of 6 bytes", ndarray.DTypeSpec{Kind: 'U', ItemSize: 6}},
		{"byte order", ndarray.DTypeSpec{Kind: 'i', ItemSize: 4, ByteOrder: 'x'}},
		{"alignment", ndarray.DTypeSpec{Kind: 'V', ItemSize: 4, Alignment: -5}},
		{"huge alignment", ndarray.DTypeSpec{Kind: 'V', ItemSize: 4, Alignment: math.MaxInt}},
		{"unit", ndarray.DTypeSpec{Kind: 'M', ItemSize: 8,
			Unit: ndarray.DatetimeUnit{Base: "fortnight"}}},
		{"multiple", ndarray.DTypeSpec{Kind: 'M', ItemSize: 8,
			Unit: ndarray.DatetimeUnit{Base: "s", Num: -1}}},
		{"names without fields", ndarray.DTypeSpec{Kind: 'V', ItemSize: 4, Names: []string{"a"}}},
		{"other names", ndarray.DTypeSpec{Kind: 'V', ItemSize: 4, Names: []string{"a"},
			Fields: []ndarray.Field{field("b", i4, 0)}}},
		{"a name twice", void(8, field("a", i4, 0), field("a", i4, 4))},
		{"no dtype", void(8, field("a", nil, 0))},
		{"negative offset", void(8, field("a", i4, -1))},
		{"offset outside", void(8, field("a", i4, 5))},
		{"offset overflow", void(8, field("a", i4, math.MaxInt))},
		{"offset overflow, size computed", void(-1, field("a", i4, math.MaxInt-1))},
		{"object overlap", void(16, field("a", obj, 0), field("b", i4, 4))},
		{"object overlap behind", void(16, field("a", i4, 8), field("b", obj, 4))},
		{"object overlap of a large field", void(32, field("a", mustDType(t, "V24"), 0),
			field("c", i4, 0), field("b", obj, 16))},
		{"object in int", ndarray.DTypeSpec{Kind: 'i', ItemSize: 8,
			Fields: []ndarray.Field{field("a", obj, 0)}}},
		{"field past an int", ndarray.DTypeSpec{Kind: 'i', ItemSize: 2,
			Fields: []ndarray.Field{field("a", i4, 0)}}},
		{"subarray size", ndarray.DTypeSpec{Kind: 'V', ItemSize: 9, Base: i4, SubShape: []int{2}}},
		{"subarray overflow", ndarray.DTypeSpec{Kind: 'V', ItemSize: -1, Base: i4,
			SubShape: []int{math.MaxInt/2 + 1, math.MaxInt/2 + 1}}},
		{"subarray negative", ndarray.DTypeSpec{Kind: 'V', ItemSize: -1, Base: i4,
			SubShape: []int{-1}}},
		{"subarray of kind i", ndarray.DTypeSpec{Kind: 'i', ItemSize: 8, Base: i4,
			SubShape: []int{2}}},
		{"subarray with fields", ndarray.DTypeSpec{Kind: 'V', ItemSize: 8, Base: i4,
			SubShape: []int{2}, Names: []string{}}},
		{"title like a name", ndarray.DTypeSpec{Kind: 'V', ItemSize: 8,
			Fields: []ndarray.Field{field("a", i4, 0),
				{Name: "b", Title: "a", DType: i4, Offset: 4}}}},
	}
	for _, tt := range tests {
		if d, err := ndarray.NewDType(tt.spec); !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("%s: got %v, error %v, want ErrDType", tt.name, d, err)
		}
	}
}

func TestDTypeLimits(t *testing.T) {
	t.Parallel()
	// Levels of one field each.
	d := mustDType(t, "<i4")
	var err error
	levels := 0
	for ; err == nil; levels++ {
		d, err = ndarray.NewStruct([]ndarray.Field{{Name: "x", DType: d}}, false)
	}
	if !errors.Is(err, ndarray.ErrLimit) || levels != ndarray.MaxDTypeDepth+1 {
		t.Errorf("%d levels: got error %v, want ErrLimit", levels, err)
	}
	// Levels that double: 2^n leaves without a byte.
	d, err = mustDType(t, "V0"), nil
	for levels = 0; err == nil; levels++ {
		d, err = ndarray.NewStruct([]ndarray.Field{{Name: "x", DType: d}, {Name: "y", DType: d}},
			false)
	}
	if !errors.Is(err, ndarray.ErrLimit) || levels > 20 {
		t.Errorf("%d doublings: got error %v, want ErrLimit", levels, err)
	}
	// Subarrays of nothing.
	if _, err := ndarray.NewSubarray(mustDType(t, "S0"), math.MaxInt/(1<<20)); !errors.Is(err,
		ndarray.ErrLimit) && !errors.Is(err, ndarray.ErrDType) {
		t.Errorf("a subarray of 2^40 empty strings: got error %v", err)
	}
	if _, err := ndarray.New(mustDType(t, "S0"), []int{math.MaxInt / (1 << 20)}, 'C',
		nil); !errors.Is(err, ndarray.ErrLimit) {
		t.Errorf("2^40 empty strings: got error %v, want ErrLimit", err)
	}
	// Text.
	for _, s := range []string{strings.Repeat("[", 1e5), strings.Repeat("(", 1e5) + "1",
		strings.Repeat("[('a',", 1000), strings.Repeat("i4,", 1e5), strings.Repeat("'", 1001)} {
		if d, err := ndarray.ParseDType(s); err == nil {
			t.Errorf("%.20q...: got %.100s, want an error", s, d)
		}
	}
}

func TestParseDescrIsStrict(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "'<f8", "<f8", "1", "None", "['<f8']", "[('a',)]", "[('a', '<f8', 3.5)]",
		"[('a', '<f8', (2,), 1)]", "('<f8', '2')", "('<f8',)",
		"[('a', '<f8'), ('a', '<f8')]", "__import__('os')", "[('a', '<f8')] + []", "'<f' + '8'",
		"['a', '<f8']", "[(1, '<f8')]", "('<f8', (2, -1))", "('<f8', (99999999999999999999,))",
		"{'names': ['a']}", "{'names': ['a'], 'formats': ['i4'], 'offsets': [-1], 'itemsize': 4}",
		"'\\q'", "'\\x1'", "[('a' '<f8')]", "[('a', \"[('b', 'i4')]\")]", "'i4'x",
		"'StringDType()'",
	} {
		d, err := ndarray.ParseDescr(s)
		if !errors.Is(err, ndarray.ErrDType) {
			t.Errorf("%s: got %v, error %v, want ErrDType", s, d, err)
		}
	}
	for s, want := range map[string]string{
		"'<f8'": "float64",
		"[('a', '|u1', 3L), ('', '|V2'), (('T', 'b'), '>f4')]": "{'names': ['a', 'b'], 'formats': [('u1', (3,)), '>f4'], 'offsets': [0, 5], 'titles': [None, 'T'], 'itemsize': 9}",
		"('<f8', (2, 3))": "('<f8', (2, 3))", "[(u'\\u00e9', '<M8[25s]'),]": "[('é', '<M8[25s]')]",
	} {
		if d, err := ndarray.ParseDescr(s); err != nil || d.String() != want {
			t.Errorf("%s: got %v, error %v, want %s", s, d, err, want)
		}
	}
}

func TestStringDType(t *testing.T) {
	t.Parallel()
	d := must(ndarray.NewDType(ndarray.DTypeSpec{Kind: ndarray.KindString, HasNA: true,
		NA: math.NaN(), Coerce: false}))
	if got, want := d.String(), "StringDType(na_object=nan, coerce=False)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if e := mustDType(t, d.String()); !e.Equal(d) || d.Equal(mustDType(t, "T")) {
		t.Errorf("%s reads back as %s", d, e)
	}
	if _, err := ndarray.NewObjects(mustDType(t, "T"), []int{1}, 'C', []any{5}); !errors.Is(err,
		ndarray.ErrValue) {
		t.Errorf("5 in a StringDType array: got error %v, want ErrValue", err)
	}
	a := must(ndarray.NewObjects(d, []int{2}, 'C', []any{"x", math.NaN()}))
	if got, want := a.String(), "['x' nan]"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOwner(t *testing.T) {
	t.Parallel()
	a := must(ndarray.FromSlice([]int32{1, 2, 3, 4}, 2, 2))
	o := &owner{}
	a.SetOwner(o)
	v := must(a.T().Index(1))
	if got := v.At(0); got != int32(2) {
		t.Errorf("got %v, want 2", got)
	}
	o.err = ndarray.ErrClosed
	if _, err := ndarray.Slice[int32](v); !errors.Is(err, ndarray.ErrClosed) {
		t.Errorf("Slice: got error %v, want ErrClosed", err)
	}
	if _, err := v.AppendBytes(nil, 'C'); !errors.Is(err, ndarray.ErrClosed) {
		t.Errorf("AppendBytes: got error %v, want ErrClosed", err)
	}
	if got, want := v.String(), "<array of shape (2,), dtype int32>"; got != want {
		t.Errorf("String: got %s, want %s", got, want)
	}
	defer func() {
		if err, ok := recover().(error); !ok || !errors.Is(err, ndarray.ErrClosed) {
			t.Errorf("At: got panic %v, want ErrClosed", err)
		}
	}()
	v.At(0)
}

type owner struct{ err error }

func (o *owner) Closed() error { return o.err }
