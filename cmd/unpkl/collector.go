package main

import (
	"io"
	"math"
	"os"
	"runtime/debug"
	"sync"

	"github.com/unpkl/unpkl/internal/compress"
)

const (
	// lowPercent is GOGC for small inputs and compressed ones: values are kept until all is
	// written, so there is little garbage, and memory counts.
	lowPercent = 40
	// highPercent is GOGC for large inputs, where the collector's time counts and the limit below
	// bounds the memory.
	highPercent = 200
	// smallInput is the largest small one.
	smallInput = 4 << 20
	// leastPercent is GOGC for inputs of up to leastInput bytes, and before there is input: the
	// collector first runs at 16 MiB. What the process itself has is more than they make, and a
	// lower one would begin with a collection of that, which is a tenth of the time of the whole.
	leastPercent = 400
	leastInput   = 256 << 10
	// memoryPerByte is how much memory for each byte of input the collector is asked to keep to, in
	// bytes, and leastMemory how much for any input. A byte that makes an empty list takes 40, so
	// it can keep to it whatever the input is, but for what the Pickler's memo takes.
	memoryPerByte = 48
	leastMemory   = 48 << 20
)

// collector sets Go's collector by how much a command reads. A nil one sets nothing.
//
// Invariant: what stands behind mu changes while it is held, since files are read in parallel.
type collector struct {
	set     func(percent int, limit int64)
	mu      sync.Mutex
	total   int64 // bytes of input so far, of files all of them
	told    int64 // total when the collector was set last
	unfolds bool  // some of it is compressed: what there is to come is not known
	little  bool  // what is kept is little, however large the input
}

// keepsLittle says that what the command keeps does not grow with the input, as a rule. Then there
// is little to collect each time, and the memory of what it drops can be had sooner.
func (c *collector) keepsLittle() {
	if c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.little = true
	}
}

// newCollector returns a collector that leaves to the environment what that sets.
func newCollector() *collector {
	_, percentSet := os.LookupEnv("GOGC")
	_, limitSet := os.LookupEnv("GOMEMLIMIT")
	c := &collector{set: func(percent int, limit int64) {
		if !percentSet {
			debug.SetGCPercent(percent)
		}
		if !limitSet {
			debug.SetMemoryLimit(limit)
		}
	}}
	if !percentSet {
		debug.SetGCPercent(leastPercent)
	}
	return c
}

// tune sets the collector.
func (c *collector) tune() {
	c.told = c.total
	percent, limit := lowPercent, int64(math.MaxInt64)
	if !c.unfolds {
		limit = max(leastMemory, memoryPerByte*min(c.total, math.MaxInt64/memoryPerByte))
		switch {
		case c.total <= leastInput:
			percent = leastPercent
		case c.little:
		case c.total > smallInput:
			percent = highPercent
		}
	}
	c.set(percent, limit)
}

// file notes that a file is going to be read. One that is not there, or not regular, is left to
// who opens it.
func (c *collector) file(name string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, err := os.Open(name); err == nil {
		c.regular(f)
		f.Close()
	}
}

// object notes that an object of a store is going to be read.
func (c *collector) object(size int64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unfolds = true // by how much is not asked for: that would be a request more
	c.total += size
	c.tune()
}

// regular notes what a file has from where it stands, if it is a regular one.
func (c *collector) regular(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return false
	}
	head := make([]byte, compress.HeadSize)
	n, err := f.ReadAt(head, at)
	if err != nil && err != io.EOF {
		return false
	}
	c.begin(head[:n])
	c.total += max(0, info.Size()-at)
	c.tune()
	return true
}

// begin looks at the first bytes of an input.
func (c *collector) begin(head []byte) {
	c.unfolds = c.unfolds || compress.Detect(head) != compress.Plain
}

// reader returns r, or a reader that notes what is read through it, where nothing tells how much
// that will be.
func (c *collector) reader(r io.Reader) io.Reader {
	if c == nil {
		return r
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if f, ok := r.(*os.File); ok && c.regular(f) {
		return r
	}
	return &countedInput{r: r, c: c}
}

type countedInput struct {
	r     io.Reader
	c     *collector
	begun bool
}

func (r *countedInput) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.c.mu.Lock()
	defer r.c.mu.Unlock()
	if n > 0 && !r.begun {
		r.begun = true
		r.c.begin(p[:n])
		r.c.tune()
	}
	// The collector stops everything to be set, so not at every read.
	if r.c.total += int64(n); r.c.total >= max(leastMemory/memoryPerByte, r.c.told+r.c.told/4) {
		r.c.tune()
	}
	return n, err
}
