package unpkl_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// TestSharedPayloads: a few bytes of a pickle refer again to the arguments or the state of a large
// array, which must not be copied each time.
func TestSharedPayloads(t *testing.T) {
	const arrays, payload = 5_000, "B\x80\x1a\x06\x00" // 400,000 bytes
	zeros := strings.Repeat("\x00", 400_000)
	dtype := "cnumpy\ndtype\n(\x8c\x02f8\x89\x88tR(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
	state := "cnumpy.core.multiarray\n_reconstruct\nq\x000cnumpy\nndarray\nq\x020" +
		"h\x02K\x00\x85C\x01b\x87q\x030(K\x01J\x50\xc3\x00\x00\x85" + dtype + "\x89" + payload +
		zeros +
		"tq\x010](" + strings.Repeat("h\x00h\x03Rh\x01b", arrays) + "e."
	args := "cnumpy.core.numeric\n_frombuffer\nq\x00(" + payload + zeros + dtype +
		"J\x50\xc3\x00\x00\x85\x8c\x01Ctq\x010](" + strings.Repeat("h\x00h\x01R", arrays) + "e."
	for name, data := range map[string]string{"state": state, "args": args} {
		for way, load := range map[string]func() error{
			"LoadBytes": func() error { _, err := unpkl.LoadBytes([]byte(data)); return err },
			"Load":      func() error { _, err := unpkl.Load(strings.NewReader(data)); return err },
			"Unmarshal": func() error {
				var v [][]float64
				return unpkl.Unmarshal([]byte(data), &v)
			},
			"objects": func() error {
				v, err := unpkl.LoadBytes([]byte(data), unpkl.WithObjects())
				runtime.KeepAlive(v)
				return err
			},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			err := load()
			runtime.ReadMemStats(&after)
			if err != nil && !errors.Is(err, unpkl.ErrLimit) {
				t.Errorf("%s by %s: %v", name, way, err)
			}
			if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 900 {
				t.Errorf("%s by %s: %d MiB for %d bytes", name, way, took, len(data))
			}
		}
	}
}
