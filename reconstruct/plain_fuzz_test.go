package reconstruct_test

import (
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/opfuzz"
)

// mixedKeys are dicts with keys of types that have no order between them.
var mixedKeys = []string{
	// {datetime.date(2020, 1, 1): 1, datetime.time(2): 2}
	"\x80\x04}(\x8c\x08datetime\x8c\x04date\x93C\x04\x07\xe4\x01\x01\x85RK\x01" +
		"\x8c\x08datetime\x8c\x04time\x93C\x06\x02\x00\x00\x00\x00\x00\x85RK\x02u.",
	// {Color(1): 1, Color(2): 2}, an enum
	"\x80\x04}(\x8c\x01m\x8c\x05Color\x93K\x01\x85RK\x01\x8c\x01m\x8c\x05Color\x93K\x02\x85RK\x02u.",
	// {date: 1, numpy.float64: 2, "a": 3, 1: 4, None: 5, (1, b"2"): 6, Fraction: 7}, by their
	// classes
	"\x80\x04}(\x8c\x08datetime\x8c\x04date\x93K\x01\x8c\x05numpy\x8c\x07float64\x93K\x02" +
		"\x8c\x01aK\x03K\x01K\x04NK\x05K\x01C\x012\x86K\x06" +
		"\x8c\x09fractions\x8c\x08Fraction\x93K\x01K\x02\x86RK\x07u.",
}

// loaders are the ways to load a pickle that give other values.
var loaders = [][]unpkl.Option{
	nil, {unpkl.WithAllowCycles()}, {unpkl.WithObjects()},
	{unpkl.WithObjects(), unpkl.WithAllowCycles()},
}

// TestMarshalMixedKeys writes what was loaded of each of mixedKeys, often, as Go's maps come in
// another order each time.
func TestMarshalMixedKeys(t *testing.T) {
	for _, data := range mixedKeys {
		for _, opts := range loaders {
			v, err := unpkl.LoadBytes([]byte(data), opts...)
			if err != nil {
				t.Fatalf("%q: %v", data, err)
			}
			for range 40 {
				if err := rewritten(v); err != nil {
					t.Fatalf("%q: %v", data, err)
				}
			}
		}
	}
}

// rewritten writes v and loads what was written.
func rewritten(v any) error {
	again, err := unpkl.Marshal(v)
	if err != nil {
		return err
	}
	_, err = unpkl.LoadBytes(again, unpkl.WithAllowCycles())
	return err
}

// FuzzMarshalPlain loads any bytes, and random programs of opcodes, and writes what was loaded:
// that is an error, or a pickle that loads.
func FuzzMarshalPlain(f *testing.F) {
	all, err := fixture.All()
	if err != nil {
		f.Fatal(err)
	}
	for _, fx := range all {
		data, err := fx.Data()
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 2048 {
			f.Add(data, false)
		}
	}
	for _, data := range mixedKeys {
		f.Add([]byte(data), false)
		f.Add([]byte(data), true)
	}
	limits := unpkl.WithLimits(unpkl.Limits{Expansion: 100_000, DecompressedBytes: 1 << 20,
		Depth: 200})
	f.Fuzz(func(t *testing.T, data []byte, program bool) {
		if program {
			data = opfuzz.Program(data, "datetime date", "decimal Decimal", "m C")
		}
		for _, opts := range loaders {
			v, err := unpkl.LoadBytes(data, append([]unpkl.Option{limits}, opts...)...)
			if err != nil {
				continue
			}
			again, err := unpkl.Marshal(v)
			if err != nil {
				if err.Error() == "" {
					t.Error("an error without text")
				}
				continue
			}
			// What is read back may be deeper or wider than limits, as references are written out.
			if _, err := unpkl.LoadBytes(again, unpkl.WithAllowCycles()); err != nil {
				t.Errorf("%q gives %q: %v", data, again, err)
			}
		}
	})
}
