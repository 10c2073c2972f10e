package ndarray

import (
	"math/big"
	"math/rand/v2"
	"testing"
)

// TestShortestReadsBack has math/big read the digits of numbers over the range of
// a long double, those next to powers of ten and of two among them.
func TestShortestReadsBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	mantissas := []uint64{1 << 63, 1<<63 | 1, 1<<64 - 1, 0xA000000000000000, 0xF000000000000000}
	for exp2 := -16445; exp2 <= 16383-63; exp2 += 17 {
		for _, m := range append(mantissas, rng.Uint64()|1<<63) {
			mant := new(big.Int).SetUint64(m)
			d := shortest(mant, exp2, m == 1<<63)
			want := new(big.Float).SetPrec(64).SetInt(mant)
			want.SetMantExp(want, exp2)
			got, ok := new(big.Float).SetPrec(64).SetString(d.text('e', 0))
			if !ok || got.Cmp(want) != 0 {
				t.Fatalf("%d * 2**%d: digits %q, exponent %d", m, exp2, d.digits, d.exp)
			}
		}
	}
}
