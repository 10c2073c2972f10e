package reconstruct_test

import (
	"errors"
	"math/big"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// dtype makes a dtype as pickles do.
func dtype(t testing.TB, spec any, state ...any) any {
	t.Helper()
	return made(t)(call(t, "numpy", "dtype", []any{spec, false, true}, state...))
}

func f8(t testing.TB) any { return dtype(t, "f8", tuple(3, "<", nil, nil, nil, -1, -1, 0)) }

func object(t testing.TB) any { return dtype(t, "O8", tuple(3, "|", nil, nil, nil, -1, -1, 63)) }

// record is the dtype [('a', '<f8'), ('b', 'O')].
func record(t testing.TB) any {
	return dtype(t, "V16", tuple(3, "|", nil, tuple("a", "b"),
		dict("a", tuple(f8(t), 0), "b", tuple(object(t), 8)), 16, 1, 27))
}

// array makes an array as pickles do.
func array(t testing.TB, state any) (any, error) {
	t.Helper()
	return call(t, "numpy.core.multiarray", "_reconstruct",
		[]any{class(t, "numpy", "ndarray"), tuple(0), []byte("b")}, state)
}

// wantError checks that err is of one of the kinds for bad input and says each of
// the words.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if !errors.Is(err, pickle.ErrMalformed) && !errors.Is(err, pickle.ErrLimit) &&
		!errors.Is(err, pickle.ErrUnsupported) {
		t.Fatalf("got error %v, want one of the kinds for bad input", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want it to say %q", err, w)
		}
	}
}

var huge = new(big.Int).Lsh(big.NewInt(1), 70)

// TestArrayStateLies has the states that NumPy refuses, and those that it trusts
// and should not.
func TestArrayStateLies(t *testing.T) {
	t.Parallel()
	raw := make([]byte, 16)
	dims := make([]any, 65)
	for i := range dims {
		dims[i] = 1
	}
	for _, tc := range []struct {
		name  string
		state any
		words []string
	}{
		{"not a tuple", list(1, tuple(2), f8(t), false, raw), []string{"a list", "tuple"}},
		{"no items", tuple(), []string{"0 arguments"}},
		{"six items", tuple(1, tuple(2), f8(t), false, raw, 0), []string{"6 arguments"}},
		{"version 2", tuple(2, tuple(2), f8(t), false, raw), []string{"version 2"}},
		{"version is text", tuple("1", tuple(2), f8(t), false, raw), []string{"version is a str"}},
		{"shape is a list", tuple(1, list(2), f8(t), false, raw), []string{"shape is a list"}},
		{"float dimension", tuple(1, tuple(2.0), f8(t), false, raw),
			[]string{"dimension 0", "a float"}},
		{"text dimension", tuple(1, tuple("2"), f8(t), false, raw),
			[]string{"dimension 0", "a str"}},
		{"huge dimension", tuple(1, tuple(huge), f8(t), false, raw), []string{"dimension 0"}},
		{"negative dimension", tuple(1, tuple(-2), f8(t), false, raw),
			[]string{"negative dimension -2"}},
		{"negative dimensions with a fitting product", tuple(1, tuple(-1, -2), f8(t), false, raw),
			[]string{"negative"}},
		{"65 dimensions", tuple(1, tuple(dims...), f8(t), false, raw[:8]), []string{"Dims"}},
		{"product wraps to 0", tuple(1, tuple(pyInt(1<<32), pyInt(1<<32)), f8(t), false, []byte{}),
			[]string{"4294967296"}},
		{"product wraps to 16", tuple(1, tuple(pyInt(1<<62+1), 2), f8(t), false, raw),
			[]string{"4611686018427387905"}},
		{"bytes wrap", tuple(1, tuple(pyInt(1<<61)), f8(t), false, []byte{}),
			[]string{"2305843009213693952"}},
		{"data too short", tuple(1, tuple(3), f8(t), false, raw),
			[]string{"16 bytes", "(3,)", "float64", "24"}},
		{"data too long", tuple(1, tuple(1), f8(t), false, raw), []string{"16 bytes", "(1,)", "8"}},
		{"no data for a huge shape", tuple(1, tuple(pyInt(1<<40)), f8(t), false, []byte{}),
			[]string{"0 bytes", "1099511627776"}},
		{"data is None", tuple(1, tuple(2), f8(t), false, nil),
			[]string{"data of dtype float64 is None"}},
		{"data is an int", tuple(1, tuple(2), f8(t), false, 16), []string{"an int"}},
		{"data is a list", tuple(1, tuple(2), f8(t), false, list(1.0, 2.0)), []string{"a list"}},
		{"dtype is text", tuple(1, tuple(2), "f8", false, raw), []string{"dtype is a str"}},
		{"dtype is None", tuple(1, tuple(2), nil, false, raw), []string{"dtype is None"}},
		{"order is text", tuple(1, tuple(2), f8(t), "F", raw), []string{"is_fortran is a str"}},
		{"objects as raw bytes", tuple(1, tuple(2), object(t), false, raw),
			[]string{"object", "a bytes", "list"}},
		{"records as raw bytes", tuple(1, tuple(1), record(t), false, raw),
			[]string{"a bytes", "list"}},
		{"too few objects", tuple(1, tuple(3), object(t), false, list(1, 2)),
			[]string{"2 elements", "(3,)"}},
		{"too many objects", tuple(1, tuple(1), object(t), false, list(1, 2)),
			[]string{"2 elements", "(1,)"}},
		{"objects for a huge shape", tuple(1, tuple(pyInt(1<<40)), object(t), false, list()),
			[]string{"0 elements"}},
		{"a record that is no tuple", tuple(1, tuple(1), record(t), false, list(1)),
			[]string{"element 0", "an int"}},
		{"a record of three", tuple(1, tuple(1), record(t), false, list(tuple(1, 2, 3))),
			[]string{"element 0"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := array(t, tc.state)
			wantError(t, err, tc.words...)
		})
	}
}

// TestArrayStateTwice: a second state would change memory that others hold views of.
func TestArrayStateTwice(t *testing.T) {
	t.Parallel()
	state := tuple(1, tuple(1), f8(t), false, make([]byte, 8))
	arr := made(t)(array(t, state)).(*ndarray.Array)
	wantError(t, arr.PySetState(state), "already set")
	if got := arr.Size(); got != 1 {
		t.Errorf("size %d after the refused state, want 1", got)
	}
}

// TestArrayWithoutState: NumPy leaves an empty array of int8.
func TestArrayWithoutState(t *testing.T) {
	t.Parallel()
	v := made(t)(call(t, "numpy._core.multiarray", "_reconstruct",
		[]any{class(t, "numpy", "ndarray"), tuple(0), []byte("b")}))
	arr := v.(*ndarray.Array)
	if arr.Size() != 0 || arr.NDim() != 1 || arr.DType() != ndarray.DTypeOf[int8]() {
		t.Errorf("got shape %v, dtype %s, want (0,), int8", arr.Shape(), arr.DType())
	}
}

func TestReconstructArgumentLies(t *testing.T) {
	t.Parallel()
	nd := class(t, "numpy", "ndarray")
	for _, tc := range []struct {
		name  string
		args  []any
		words []string
	}{
		{"no arguments", nil, []string{"0 arguments"}},
		{"subtype is text", []any{"ndarray", tuple(0), "b"}, []string{"subtype is a str"}},
		{"subtype is no array class", []any{class(t, "numpy", "dtype"), tuple(0), "b"},
			[]string{"numpy.dtype"}},
		{"huge shape", []any{nd, tuple(pyInt(1 << 40)), "b"}, []string{"1099511627776"}},
		{"shape is None", []any{nd, nil, "b"}, []string{"shape is None"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := call(t, "numpy.core.multiarray", "_reconstruct", tc.args)
			wantError(t, err, tc.words...)
		})
	}
	_, err := nd.Call(tuple(pyInt(1 << 40)))
	wantError(t, err, "numpy.ndarray")
	_, err = nd.PyNew()
	wantError(t, err, "numpy.ndarray")
}

func TestDTypeStateLies(t *testing.T) {
	t.Parallel()
	field := func(offset any) *types.Dict { return dict("a", tuple(f8(t), offset)) }
	struct1 := func(names, fields any, elsize int) any {
		return tuple(3, "|", nil, names, fields, elsize, 1, 16)
	}
	for _, tc := range []struct {
		name  string
		spec  any
		state any
		words []string
	}{
		{"not a tuple", "f8", 3, []string{"state is an int"}},
		{"four items", "f8", tuple(1, 2, 3, 4), []string{"4 arguments"}},
		{"ten items", "f8", tuple(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), []string{"10 arguments"}},
		{"version 5", "f8", tuple(5, "<", nil, nil, nil, -1, -1, 0), []string{"version 5"}},
		{"byte order of two characters", "f8", tuple(3, "<>", nil, nil, nil, -1, -1, 0),
			[]string{"endian"}},
		{"byte order x", "f8", tuple(3, "x", nil, nil, nil, -1, -1, 0), []string{"byte order"}},
		{"byte order is None", "f8", tuple(3, nil, nil, nil, nil, -1, -1, 0),
			[]string{"endian is None"}},
		{"itemsize of f8", "f8", tuple(3, "<", nil, nil, nil, 4, 4, 0), []string{"elsize 4"}},
		{"negative itemsize", "S3", tuple(3, "|", nil, nil, nil, -3, 1, 0), []string{"elsize -3"}},
		{"itemsize against typespec", "S3", tuple(3, "|", nil, nil, nil, pyInt(1<<40), 1, 0),
			[]string{"elsize 1099511627776", "S3"}},
		{"U of no whole characters", "U1", tuple(3, "<", nil, nil, nil, 6, 4, 8),
			[]string{"elsize 6"}},
		{"alignment", "V8", tuple(3, "|", nil, nil, nil, 8, pyInt(1<<40), 0),
			[]string{"alignment"}},
		{"flags are text", "V8", tuple(3, "|", nil, nil, nil, 8, 1, "0"),
			[]string{"flags is a str"}},
		{"names without fields", "V8", struct1(tuple("a"), nil, 8),
			[]string{"names without fields"}},
		{"fields without names", "V8", struct1(nil, field(0), 8), []string{"names is None"}},
		{"names are a list", "V8", struct1(list("a"), field(0), 8), []string{"names is a list"}},
		{"fields are a list", "V8", struct1(tuple("a"), list(), 8), []string{"fields is a list"}},
		{"a name is not there", "V8", struct1(tuple("b"), field(0), 8), []string{`"b"`}},
		{"a name is an int", "V8", struct1(tuple(1), field(0), 8), []string{"an int"}},
		{"a name twice", "V8", struct1(tuple("a", "a"), field(0), 8), []string{`"a"`}},
		{"more fields than names", "V8", struct1(tuple(), field(0), 8),
			[]string{"1 keys for 0 names"}},
		{"offset outside", "V8", struct1(tuple("a"), field(1), 8),
			[]string{`"a"`, "offset 1", "8"}},
		{"offset negative", "V8", struct1(tuple("a"), field(-1), 8), []string{`"a"`, "offset -1"}},
		{"offset overflows", "V8", struct1(tuple("a"), field(pyInt(1<<63-1)), 8),
			[]string{`"a"`, "offset"}},
		{"offset is huge", "V8", struct1(tuple("a"), field(huge), 8), []string{"offset"}},
		{"offset is a float", "V8", struct1(tuple("a"), field(0.0), 8),
			[]string{"offset is a float"}},
		{"a field is None", "V8", struct1(tuple("a"), dict("a", nil), 8), []string{`"a"`, "None"}},
		{"a field's dtype is text", "V8", struct1(tuple("a"), dict("a", tuple("f8", 0)), 8),
			[]string{"a str"}},
		{"an object field overlaps", "V16", struct1(tuple("a", "o"),
			dict("a", tuple(f8(t), 0), "o", tuple(object(t), 4)), 16), []string{"overlap"}},
		{"two object fields overlap", "V16", struct1(tuple("p", "o"),
			dict("p", tuple(object(t), 0), "o", tuple(object(t), 0)), 16), []string{"overlap"}},
		{"fields of an object dtype", "O8", tuple(3, "|", nil, tuple("a"), field(0), -1, -1, 63),
			[]string{"fields"}},
		{"subarray itemsize too small", "V8", tuple(3, "|", tuple(f8(t), tuple(2)), nil, nil, 8, 8,
			0), []string{"subarray"}},
		{"subarray itemsize too large", "V32", tuple(3, "|", tuple(f8(t), tuple(2)), nil, nil, 32,
			8, 0), []string{"subarray"}},
		{"subarray overflows", "V0", tuple(3, "|", tuple(f8(t), tuple(pyInt(1<<31), pyInt(1<<31))),
			nil, nil, 0, 8, 0), []string{"2147483648"}},
		{"subarray dimension negative", "V8", tuple(3, "|", tuple(f8(t), tuple(-1)), nil, nil, 8, 8,
			0), []string{"subdtype"}},
		{"subarray base is None", "V8", tuple(3, "|", tuple(nil, tuple(1)), nil, nil, 8, 8, 0),
			[]string{"base"}},
		{"subarray of three", "V8", tuple(3, "|", tuple(f8(t), tuple(1), 0), nil, nil, 8, 8, 0),
			[]string{"3 items"}},
		{"subarray of f8", "f8", tuple(3, "<", tuple(f8(t), tuple(1)), nil, nil, -1, -1, 0),
			[]string{"subarray"}},
		{"metadata is text", "f8", tuple(4, "<", nil, nil, nil, -1, -1, 0, "m"),
			[]string{"metadata is a str"}},
		{"datetime without unit", "M8", tuple(4, "<", nil, nil, nil, -1, -1, 0, nil),
			[]string{"None"}},
		{"datetime unit unknown", "M8", datetimeState("B", 1, 1, 1), []string{`"B"`}},
		{"datetime unit of three", "M8", tuple(4, "<", nil, nil, nil, -1, -1, 0,
			tuple(nil, tuple("s", 1, 1))), []string{"3 items"}},
		{"datetime unit empty", "M8", datetimeState("", 1, 1, 1), []string{"empty"}},
		{"datetime multiple 0", "M8", datetimeState("s", 0, 1, 1), []string{"multiple", "0"}},
		{"datetime multiple negative", "M8", datetimeState("s", -1, 1, 1), []string{"-1"}},
		{"datetime multiple huge", "M8", datetimeState("s", pyInt(1<<40), 1, 1),
			[]string{"1099511627776"}},
		{"datetime divisor 0", "m8", datetimeState("s", 1, 0, 1), []string{"divisor", "0"}},
		{"datetime divisor 7", "m8", datetimeState("s", 1, 7, 1), []string{"divisor 7"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := call(t, "numpy", "dtype", []any{tc.spec, false, true}, tc.state)
			wantError(t, err, tc.words...)
		})
	}
}

func datetimeState(unit string, num, den, event any) any {
	return tuple(4, "<", nil, nil, nil, -1, -1, 0, tuple(nil, tuple([]byte(unit), num, den, event)))
}

func TestDTypeArgumentLies(t *testing.T) {
	t.Parallel()
	for _, spec := range []any{"", "x8", "f7", "i3", "V-1", "S99999999999999999999", 8, nil,
		class(t, "numpy", "dtype"), class(t, "builtins", "set")} {
		_, err := call(t, "numpy", "dtype", []any{spec, false, true})
		wantError(t, err, "numpy.dtype")
	}
}

// TestDTypeHoldsItself: the state of a dtype can name the dtype, by the memo.
func TestDTypeHoldsItself(t *testing.T) {
	t.Parallel()
	d := dtype(t, "V8").(*ndarray.DType)
	err := d.PySetState(tuple(3, "|", nil, tuple("a"), dict("a", tuple(d, 0)), 8, 1, 16))
	wantError(t, err)
	d = dtype(t, "V8").(*ndarray.DType)
	err = d.PySetState(tuple(3, "|", tuple(d, tuple(1)), nil, nil, 8, 1, 0))
	wantError(t, err)
}

// TestDTypeDepth: 3,000 levels are refused, without recursion.
func TestDTypeDepth(t *testing.T) {
	t.Parallel()
	inner := f8(t)
	var err error
	for range 3000 {
		inner, err = call(t, "numpy", "dtype", []any{"V8", false, true},
			tuple(3, "|", nil, tuple("a"), dict("a", tuple(inner, 0)), 8, 1, 16))
		if err != nil {
			break
		}
	}
	wantError(t, err, "levels")
	if !errors.Is(err, pickle.ErrLimit) {
		t.Errorf("got %v, want a limit", err)
	}
}

// TestDTypeChangesAfterUse: a view made with the dtype would reach outside.
func TestDTypeChangesAfterUse(t *testing.T) {
	t.Parallel()
	small := dtype(t, "S1").(*ndarray.DType)
	arr := made(t)(array(t, tuple(1, tuple(4), small, false, []byte("abcd")))).(*ndarray.Array)
	if err := small.PySetState(tuple(3, "|", nil, nil, nil, 100, 1, 0)); !errors.Is(err,
		ndarray.ErrState) {
		t.Errorf("got %v, want ErrState", err)
	}
	if arr.DType().ItemSize() != 1 {
		t.Error("the array's dtype changed")
	}
	set := f8(t).(*ndarray.DType)
	if err := set.PySetState(tuple(3, ">", nil, nil, nil, -1, -1, 0)); !errors.Is(err,
		ndarray.ErrState) {
		t.Errorf("second state: got %v, want ErrState", err)
	}
}

func TestScalarLies(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		args  []any
		words []string
	}{
		{"no arguments", nil, []string{"0 arguments"}},
		{"dtype is text", []any{"f8", make([]byte, 8)}, []string{"dtype is a str"}},
		{"short", []any{f8(t), make([]byte, 7)}, []string{"7 bytes", "float64", "8"}},
		{"data is an int", []any{f8(t), 8}, []string{"an int"}},
		{"record as bytes", []any{record(t), make([]byte, 16)}, []string{"a bytes", "0-d array"}},
		{"object without data", []any{object(t)}, []string{"no data"}},
		{"missing data of a huge dtype", []any{dtype(t, "V1000000000")}, []string{"1000000000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := call(t, "numpy.core.multiarray", "scalar", tc.args)
			wantError(t, err, tc.words...)
		})
	}
}

func TestFromBufferLies(t *testing.T) {
	t.Parallel()
	buf := make([]byte, 48)
	for _, tc := range []struct {
		name  string
		args  []any
		words []string
	}{
		{"three arguments", []any{buf, f8(t), tuple(6)}, []string{"3 arguments"}},
		{"buffer is None", []any{nil, f8(t), tuple(6), "C"}, []string{"buffer is None"}},
		{"buffer is a list", []any{list(), f8(t), tuple(0), "C"}, []string{"buffer is a list"}},
		{"not a multiple", []any{buf[:47], f8(t), tuple(6), "C"}, []string{"47", "8"}},
		{"too short", []any{buf[:40], f8(t), tuple(6), "C"}, []string{"5 elements", "[6]"}},
		{"too long", []any{buf, f8(t), tuple(5), "C"}, []string{"6 elements", "[5]"}},
		{"objects", []any{buf, object(t), tuple(6), "C"}, []string{"object"}},
		{"itemsize 0", []any{[]byte{}, dtype(t, "V0"), tuple(0), "C"}, []string{"V0"}},
		{"order Q", []any{buf, f8(t), tuple(6), "Q"}, []string{`"Q"`}},
		{"order K without axes", []any{buf, f8(t), tuple(2, 3), "K"}, []string{"axis_order"}},
		{"axes twice", []any{buf, f8(t), tuple(2, 3), "K", tuple(0, 0)}, []string{"permutation"}},
		{"axes outside", []any{buf, f8(t), tuple(2, 3), "K", tuple(0, 2)}, []string{"permutation"}},
		{"too few axes", []any{buf, f8(t), tuple(2, 3), "K", tuple(0)}, []string{"1 axes"}},
		{"two free dimensions", []any{buf, f8(t), tuple(-1, -1), "C"},
			[]string{"negative dimension -1"}},
		{"a free dimension that does not fit", []any{buf, f8(t), tuple(-1, 4), "C"},
			[]string{"6 elements"}},
		{"a free dimension beside 0", []any{buf, f8(t), tuple(-1, 0), "C"}, []string{"6 elements"}},
		{"overflow to the right size", []any{buf, f8(t), tuple(pyInt(1<<62), pyInt(1<<62), 6), "C"},
			[]string{"6 elements"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := call(t, "numpy.core.numeric", "_frombuffer", tc.args)
			wantError(t, err, tc.words...)
		})
	}
}

func TestMaskedLies(t *testing.T) {
	t.Parallel()
	args := []any{class(t, "numpy.ma", "MaskedArray"), class(t, "numpy", "ndarray"), tuple(0), "b"}
	raw, mask := make([]byte, 16), make([]byte, 2)
	for _, tc := range []struct {
		name  string
		state any
		words []string
	}{
		{"six items", tuple(1, tuple(2), f8(t), false, raw, mask), []string{"6 arguments"}},
		{"mask too short", tuple(1, tuple(2), f8(t), false, raw, mask[:1], nil),
			[]string{"mask", "1 bytes"}},
		{"mask too long", tuple(1, tuple(2), f8(t), false, raw, raw, nil),
			[]string{"mask", "16 bytes"}},
		{"mask is None", tuple(1, tuple(2), f8(t), false, raw, nil, nil), []string{"mask", "None"}},
		{"data too short", tuple(1, tuple(2), f8(t), false, raw[:8], mask, nil),
			[]string{"8 bytes"}},
		{"objects as bytes", tuple(1, tuple(2), object(t), false, raw, mask, nil),
			[]string{"list"}},
		{"fill value is a list", tuple(1, tuple(2), f8(t), false, raw, mask, list()),
			[]string{"fill_value"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := call(t, "numpy.ma.core", "_mareconstruct", args, tc.state)
			wantError(t, err, tc.words...)
		})
	}
}

// TestLimits: each limit of an array, at and one over.
func TestLimits(t *testing.T) {
	t.Parallel()
	r := reconstruct.New(reconstruct.Options{Limits: pickle.Limits{Dims: 2, Elements: 4}})
	for _, tc := range []struct {
		shape *types.Tuple
		n     int
		limit string
	}{
		{tuple(2, 2), 4, ""},
		{tuple(5), 5, "Elements"},
		{tuple(1, 1, 1), 1, "Dims"},
	} {
		v, err := r.FindClass("numpy.core.multiarray", "_reconstruct")
		if err != nil {
			t.Fatal(err)
		}
		nd, _ := r.FindClass("numpy", "ndarray")
		arr := made(t)(v.(reconstruct.Class).Call(nd, tuple(0), "b")).(*ndarray.Array)
		err = arr.PySetState(tuple(1, tc.shape, f8(t), false, make([]byte, 8*tc.n)))
		var limit *pickle.LimitError
		if errors.As(err, &limit); tc.limit == "" && err != nil ||
			tc.limit != "" && (limit == nil || limit.Limit != tc.limit) {
			t.Errorf("shape %v: got %v, want limit %q", tc.shape, err, tc.limit)
		}
	}
}

// pyInt is an int as a pickle gives it, which on 32 bits may be a *big.Int.
func pyInt(v int64) any {
	if int64(int(v)) == v {
		return int(v)
	}
	return big.NewInt(v)
}
