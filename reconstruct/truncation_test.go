package reconstruct_test

import (
	"io"
	"testing"

	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestFixturesCut cuts fixtures at every byte, which must be an error, and changes every byte of
// the small ones, which may be a value but never a panic. Unless cases.Long, larger ones are cut at
// 40 places and every fourth byte is changed.
func TestFixturesCut(t *testing.T) {
	t.Parallel()
	const small = 500
	changes := 8
	if cases.Long() {
		changes = 1
	}
	for _, f := range fixtures(t) {
		data, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		step := 1
		if len(data) > small && !cases.Long() {
			step = len(data)/20 + 1
		}
		if len(data) > 16<<10 && cases.Long() {
			step = len(data) / (16 << 10)
		}
		for n := 1; n < len(data) && !f.Several; n += step {
			if _, err := loadCut(data[:n]); err == nil || err == io.EOF {
				t.Fatalf("%s cut at %d of %d: error %v", f, n, len(data), err)
			}
		}
		if len(data) > small {
			continue
		}
		changed := append([]byte(nil), data...)
		for i := 0; i < len(changed); i += changes {
			for _, bits := range []byte{0x01, 0x80, 0xff} {
				changed[i] ^= bits
				_, _ = loadCut(changed)
				changed[i] = data[i]
			}
		}
	}
}

func loadCut(data []byte) (any, error) {
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	u.NextBuffer = func() (any, error) { return []byte(nil), nil }
	return u.Load()
}
