package delimited

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"
)

// TestFastFloat compares with strconv, which rounds exactly.
func TestFastFloat(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	fast := 0
	const n = 200_000
	for i := range n {
		x := math.Float64frombits(r.Uint64())
		var text []byte
		switch i % 4 {
		case 0:
			text = strconv.AppendFloat(nil, x, 'g', -1, 64)
		case 1:
			text = strconv.AppendFloat(nil, x, 'e', r.IntN(22), 64)
		case 2:
			text = strconv.AppendFloat(nil, r.NormFloat64(), 'f', r.IntN(18), 64)
		default:
			text = strconv.AppendInt(nil, int64(r.Uint64()>>r.IntN(64)), 10)
			text = append(text, 'e')
			text = strconv.AppendInt(text, int64(r.IntN(660)-330), 10)
		}
		want, err := strconv.ParseFloat(string(text), 64)
		if err != nil && !math.IsInf(want, 0) {
			t.Fatal(err)
		}
		got, ok := fastFloat(text)
		if ok {
			fast++
		} else {
			got, ok = ParseFloat(text)
		}
		if !ok || math.Float64bits(got) != math.Float64bits(want) && !math.IsNaN(want) {
			t.Fatalf("%s: %v, want %v", text, got, want)
		}
	}
	if fast < n*8/10 {
		t.Errorf("only %d of %d are read the fast way", fast, n)
	}
}

// TestAppendE18 compares with strconv.
func TestAppendE18(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	fast := 0
	const n = 200_000
	for i := range n {
		x := math.Float64frombits(r.Uint64())
		switch i % 3 {
		case 0:
			x = r.NormFloat64()
		case 1:
			x = float64(r.IntN(1000)) * exactPowers[r.IntN(23)]
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		if _, _, ok := digits19(math.Abs(x)); ok {
			fast++
		}
		got, want := string(AppendE18(nil, x)), strconv.FormatFloat(x, 'e', 18, 64)
		if got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	}
	if fast < n*8/10 {
		t.Errorf("only %d of %d are written the fast way", fast, n)
	}
}

func parseFloat(s string) (float64, error) { return strconv.ParseFloat(s, 64) }
