package reconstruct_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// choices makes values out of the bytes of a fuzzer, so that it mutates states and
// not the opcodes that make them.
type choices struct {
	t    *testing.T
	data []byte
}

func (c *choices) n(limit int) int {
	if len(c.data) == 0 {
		return 0
	}
	b := c.data[0]
	c.data = c.data[1:]
	return int(b) % limit
}

func pick[T any](c *choices, from ...T) T { return from[c.n(len(from))] }

// number is mostly small, sometimes at the ends of what fits.
func (c *choices) number() any {
	switch c.n(12) {
	case 0:
		return pick[any](c, -1, math.MaxInt32, math.MaxInt/2, math.MaxInt, math.MinInt,
			new(big.Int).Lsh(big.NewInt(1), 64), 1.5, nil, "1", true)
	case 1:
		return c.n(256)
	}
	return c.n(9)
}

func (c *choices) tuple(item func() any) *types.Tuple {
	var t types.Tuple
	for range c.n(5) {
		t = append(t, item())
	}
	return &t
}

func (c *choices) text() any {
	return pick[any](c, "a", "b", "c", []byte("a"), pickle.Py2String("b"), nil, 1, "", "<", ">",
		"|")
}

func (c *choices) dtype(depth int) any {
	if depth > 3 || c.n(3) == 0 {
		return pick(c, any(ndarray.DTypeOf[float64]()), any(ndarray.DTypeOf[int8]()),
			any(ndarray.ObjectDType()), nil, any("f8"))
	}
	spec := pick[any](c, "f8", "i4", "O8", "S3", "U2", "V8", "V16", "V0", "M8", "m8", "f16", "b1",
		class(c.t, "numpy", "record"))
	v, err := call(c.t, "numpy", "dtype", []any{spec, false, true})
	if err != nil {
		c.t.Fatal(err)
	}
	if c.n(8) != 0 {
		if err := v.(*ndarray.DType).PySetState(c.dtypeState(depth, v)); err != nil {
			c.badInput(err)
			return nil
		}
	}
	return v
}

func (c *choices) dtypeState(depth int, self any) any {
	inner := func() any {
		if c.n(10) == 0 {
			return self
		}
		return c.dtype(depth + 1)
	}
	var sub, names, fields any
	switch c.n(4) {
	case 0:
		sub = tuple(inner(), c.tuple(c.number))
	case 1, 2:
		n, d := types.Tuple{}, types.Dict{}
		for _, name := range []string{"a", "b", "c"}[:c.n(4)] {
			n = append(n, name)
			d.Set(name, tuple(inner(), c.number()))
		}
		names, fields = &n, &d
	}
	items := []any{pick[any](c, 3, 3, 3, 4, 2, 1, 0), pick[any](c, "<", ">", "|", c.text()), sub,
		names, fields,
		pick(c, any(-1), any(8), any(16), c.number()), pick(c, any(-1), any(1), c.number()),
		c.number()}
	if items[0] == any(4) {
		items = append(items, pick[any](c, nil, dict(),
			tuple(nil, tuple(c.text(), c.number(), c.number(), c.number())),
			tuple(dict(), tuple([]byte("ns"), 1, 1, 1))))
	}
	return tuple(items[c.n(2):]...)
}

func (c *choices) payload() any {
	switch c.n(4) {
	case 0:
		l := types.List{}
		for range c.n(6) {
			l = append(l, pick[any](c, 1, nil, "x", tuple(1, "y"), tuple(), list()))
		}
		return &l
	case 1:
		return pick[any](c, nil, "12345678", 3, pickle.Py2String("abc"))
	}
	return make([]byte, pick(c, 0, 1, 3, 8, 16, 24, 48, 64, c.n(256)))
}

func (c *choices) badInput(err error) {
	c.t.Helper()
	if !errors.Is(err, pickle.ErrMalformed) && !errors.Is(err, pickle.ErrLimit) &&
		!errors.Is(err, pickle.ErrUnsupported) {
		c.t.Fatalf("%v is of none of the kinds for bad input", err)
	}
}

// check reads every element: a view that reached outside its bytes would panic.
func check(t *testing.T, v any) {
	t.Helper()
	switch v := v.(type) {
	case *ndarray.Array:
		if v.Size() > 1<<12 && v.NBytes() > 0 {
			t.Fatalf("an array of %d elements from at most 256 bytes", v.Size())
		}
		n := 0
		for range v.Elements() {
			if n++; n > 1000 {
				break
			}
		}
	case *ndarray.Scalar:
		_ = v.Value()
	case *ndarray.Masked:
		check(t, v.Data)
		check(t, v.Mask)
	}
}

// FuzzReconstruct gives made-up states to arrays, dtypes, scalars and masked arrays: each is
// refused with an error of a known kind, or gives a value of which every element can be
// read.
func FuzzReconstruct(f *testing.F) {
	for i := range 64 {
		seed := make([]byte, 96)
		for k := range seed {
			seed[k] = byte(i*37 + k*k*(i+3) + k)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c := &choices{t: t, data: data}
		for range 4 {
			var v any
			var err error
			nd := class(t, "numpy", "ndarray")
			switch c.n(4) {
			case 0, 1:
				v, err = array(t, tuple(1, c.tuple(c.number), c.dtype(0),
					pick[any](c, false, true, 1, nil), c.payload()))
			case 2:
				v, err = call(t, "numpy.core.multiarray", "scalar", []any{c.dtype(0), c.payload()})
			case 3:
				v, err = call(t, "numpy.ma.core", "_mareconstruct",
					[]any{class(t, "numpy.ma", "MaskedArray"), nd, tuple(0), "b"},
					tuple(1, c.tuple(c.number), c.dtype(0), false, c.payload(), c.payload(), nil))
			}
			if err != nil {
				c.badInput(err)
				continue
			}
			check(t, v)
			v, err = call(t, "numpy.core.numeric", "_frombuffer",
				[]any{make([]byte, c.n(65)), c.dtype(0), c.tuple(c.number),
					pick[any](c, "C", "F", "K", "A", nil), c.tuple(c.number)})
			if err != nil {
				c.badInput(err)
				continue
			}
			check(t, v)
		}
	})
}
