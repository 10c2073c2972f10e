package ballast

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"testing"
)

// room returns how many bytes may be allocated before the collector runs, once it has run now.
func room() int64 {
	runtime.GC()
	samples := []metrics.Sample{
		{Name: "/gc/heap/goal:bytes"}, {Name: "/memory/classes/heap/objects:bytes"},
	}
	metrics.Read(samples)
	return int64(samples[0].Value.Uint64() - samples[1].Value.Uint64())
}

func TestExpect(t *testing.T) {
	const size = 128 << 20
	b := new(Ballast)
	for _, percent := range []int{50, 100, 200} {
		defer debug.SetGCPercent(debug.SetGCPercent(percent))
		if have := room(); have > size/4 {
			t.Fatalf("%d%%: there is room for %d bytes already", percent, have)
		}
		b.Expect(size)
		if have := room(); have < size {
			t.Errorf("%d%%: room for %d bytes, want %d", percent, have, size)
		}
		// What turns out to be more is told again.
		b.Expect(2 * size)
		if have := room(); have < 2*size {
			t.Errorf("%d%%: told twice, room for %d bytes, want %d", percent, have, 2*size)
		}
		runtime.KeepAlive(b)
		b.Drop()
		if have := room(); have > size/4 {
			t.Errorf("%d%%: room for %d bytes is left behind", percent, have)
		}
	}
}

// A collector that somebody has set a limit to, or switched off, is left alone, and so is one that
// has the room.
func TestExpectNothing(t *testing.T) {
	const size = 64 << 20
	expect := func(name string, size int) {
		t.Helper()
		var b Ballast
		if b.Expect(size); b.memory.Cap() > 0 {
			t.Errorf("%s: a ballast of %d bytes", name, b.memory.Cap())
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	runtime.GC()
	expect("little", minSize-1)
	func() {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(1 << 40))
		expect("a limit", size)
	}()
	func() {
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		expect("switched off", size)
	}()
	live := make([]byte, 4*size)
	runtime.GC()
	expect("room", size)
	runtime.KeepAlive(live)
}
