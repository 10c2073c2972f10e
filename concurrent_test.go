package unpkl_test

import (
	"github.com/unpkl/unpkl/audit"

	"github.com/unpkl/unpkl/internal/cases"

	"bytes"
	"fmt"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestConcurrentConsumers reads one mapping with one set of options and one hook, writes,
// audits and shows one object tree and one array, and reads pickles with the module's shared
// registry of classes, from many goroutines at once; -race watches.
func TestConcurrentConsumers(t *testing.T) {
	data := cases.Newest(t, "arrays")
	resolver := reconstruct.New(reconstruct.Options{Limits: unpkl.Limits{Dims: 32}})
	opts := []unpkl.Option{unpkl.WithObjects(), unpkl.WithLimits(unpkl.Limits{Depth: 100}),
		unpkl.WithFindClass(resolver.FindClass)}
	f, err := unpkl.Open(cases.WriteTemp(t, data), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	shared, err := f.Load() // its arrays are part of the mapping
	if err != nil {
		t.Fatal(err)
	}
	want, err := unpkl.Marshal(shared)
	if err != nil {
		t.Fatal(err)
	}
	show := func(v any) (string, error) {
		var b bytes.Buffer
		err := jsonval.NewEncoder(&b, jsonval.Options{Arrays: jsonval.ArraysValues,
			Stats: true}).Encode(v)
		return b.String(), err
	}
	text, err := show(shared)
	if err != nil {
		t.Fatal(err)
	}
	numbers, err := ndarray.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	for name, use := range map[string]func() error{
		"Marshal": func() error { return sameBytes(unpkl.Marshal(shared))(want) },
		"to-json": func() error { return sameText(show(shared))(text) },
		"Load of the mapping": func() error {
			v, err := f.Load()
			if err != nil {
				return err
			}
			return sameText(show(v))(text)
		},
		"LoadBytes": func() error {
			v, err := unpkl.LoadBytes(data, opts...)
			if err != nil {
				return err
			}
			return sameBytes(unpkl.Marshal(v))(want)
		},
		"plain values": func() error { _, err := unpkl.LoadBytes(data); return err },
		"Unmarshal": func() error {
			var v map[string]any
			return unpkl.Unmarshal(data, &v, opts[1:]...)
		},
		"Audit": func() error {
			r, err := audit.Reader(bytes.NewReader(data),
				audit.WithLimits(unpkl.Limits{Depth: 100}))
			if err == nil && r.Worst() != audit.VerdictData {
				err = fmt.Errorf("worst %s", r.Worst())
			}
			return err
		},
		"one array": func() error {
			x, err := ndarray.Slice[float64](numbers)
			if err != nil {
				return err
			}
			if v := numbers.T().At(2, 1); len(x) != 6 || v != 6.0 || numbers.String() == "" {
				return fmt.Errorf("%v, %v", x, v)
			}
			_, err = unpkl.Marshal(numbers)
			return err
		},
	} {
		for range 3 {
			t.Run(name, func(t *testing.T) {
				t.Parallel() // with all others
				for range 5 {
					if err := use(); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

// sameBytes returns a check of bytes that a call gave with an error.
func sameBytes(got []byte, err error) func(want []byte) error {
	return func(want []byte) error {
		if err == nil && !bytes.Equal(got, want) {
			err = fmt.Errorf("%d bytes, not the %d of before", len(got), len(want))
		}
		return err
	}
}

func sameText(got string, err error) func(want string) error {
	return func(want string) error { return sameBytes([]byte(got), err)([]byte(want)) }
}
