package unpkl_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"bytes"
	"encoding/base64"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// everything has a field of each kind of plan.
type everything struct {
	A any
	B *everything
	C []everything
	D map[string]everything
	E map[any]any
	F []float64
	G [][]int16
	H [2]bool
	I string
	J []byte
	K map[[2]int]struct{}
	L *ndarray.Array
	M complex64
	N []*uint
	O struct {
		X, Y any
	} `pickle:"o"`
	Self recursive
}

// FuzzUnmarshal feeds any bytes to every kind of target: no panic, and a reader gives
// what a slice gives.
func FuzzUnmarshal(f *testing.F) {
	for _, c := range cases.All() {
		for _, data := range c.Pickles {
			if len(data) < 4096 {
				f.Add(data)
			}
		}
	}
	for _, s := range []string{
		"gAR9lCiMAUGUfZSMAUKUTowBQ5RdlIwBRZR9lEsBSwJzdS4=",
	} {
		data, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	limits := unpkl.WithLimits(unpkl.Limits{Expansion: 100_000, DecompressedBytes: 1 << 20,
		Depth: 200})
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err1 := unpkl.LoadBytes(data, limits)
		_, err2 := unpkl.Load(cases.FewReader{R: bytes.NewReader(data)}, limits)
		if (err1 == nil) != (err2 == nil) {
			t.Errorf("from bytes %v, from a reader %v", err1, err2)
		}
		for _, opt := range []unpkl.Option{unpkl.WithAllowCycles(), unpkl.WithObjects(),
			unpkl.WithSharedInput()} {
			if _, err := unpkl.LoadBytes(data, limits, opt); err1 == nil && err != nil {
				t.Errorf("%v with an option that allows more: %v", v, err)
			}
		}
		for _, target := range []any{
			new(any), new(everything), new([]everything), new(map[string]everything),
			new(recursive), new([]float64),
			new([][]int8), new(map[string]int), new([]person), new(*ndarray.Array), new(string),
			new(node), new([]string),
		} {
			err := unpkl.Unmarshal(data, target, limits)
			if err1 == nil && err != nil && err.Error() == "" {
				t.Errorf("%T: an error without text", target)
			}
		}
	})
}

type person struct {
	ID     int       `pickle:"id"`
	Name   string    `pickle:"name"`
	Scores []float64 `pickle:"scores"`
	Active bool      `pickle:"active"`
	Born   string    `pickle:"born"`
	Extra  *struct {
		K int8 `pickle:"k"`
	} `pickle:"extra"`
	Other string `pickle:"-"`
}
