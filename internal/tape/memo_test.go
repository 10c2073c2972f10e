package tape

import (
	"math/rand/v2"
	"testing"
)

// TestMemo compares the memo with a map.
func TestMemo(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var m memo
	want := map[uint64]ID{}
	for n := range 50_000 {
		i := rng.Uint64N(5000)
		dense := uint64(len(m.dense))
		switch rng.IntN(4) {
		case 0:
			i = dense
		case 1:
			i = dense
			if n > 20_000 { // until then nothing is far
				i = rng.Uint64() >> rng.IntN(60)
			}
		case 2, 3:
			if n <= 20_000 {
				i %= dense + 1
			}
		}
		id := ID(rng.Uint32N(1 << 30))
		m.put(i, id)
		want[i] = id
		if m.count != len(want) {
			t.Fatalf("%d values, want %d", m.count, len(want))
		}
		j := rng.Uint64N(6000)
		got, ok := m.get(j)
		if v, there := want[j]; ok != there || ok && got != v {
			t.Fatalf("at %d: %v, %v", j, got, ok)
		}
	}
	for i, v := range want {
		if got, ok := m.get(i); !ok || got != v {
			t.Fatalf("at %d: %v, %v", i, got, ok)
		}
	}
}
