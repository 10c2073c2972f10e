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
	// lowPercent is GOGC for small and for compressed inputs. Values are kept until everything is
	// written, so there is little garbage, and memory matters more than time.
	lowPercent = 40
	// highPercent is GOGC for large inputs, where the time of the collector matters and the limit
	// below bounds the memory.
	highPercent = 200
	// smallInput is the size in bytes of the largest small input.
	smallInput = 4 << 20
	// leastPercent is GOGC for inputs of up to leastInput bytes and before there is input: the
	// collector first runs at 16 MiB. Such inputs need less memory than the process itself, and a
	// lower value would begin with a collection of that memory, which takes a tenth of the whole
	// time.
	leastPercent = 400
	leastInput   = 256 << 10
	// memoryPerByte is the memory limit in bytes for each byte of input, and leastMemory the least
	// limit. A byte that makes an empty list takes 40 bytes, so the limit can be kept for any
	// input, apart from the Pickler's memo.
	memoryPerByte = 48
	leastMemory   = 48 << 20
)

// collector sets the parameters of Go's garbage collector by how much a command reads. A nil
// collector sets nothing.
//
// Invariant: mu guards the fields below it, since files are read in parallel.
type collector struct {
	set     func(percent int, limit int64)
	mu      sync.Mutex
	total   int64 // bytes of input so far; a file counts as a whole when it is opened
	tunedAt int64 // total when the parameters were last set
	unfolds bool  // some input is compressed, so its real size is unknown
	little  bool  // the command keeps little, however large the input
}

// keepsLittle says that the values which the command keeps usually do not grow with the input. Each
// collection is then cheap, and frequent collections free the memory of dropped values sooner.
func (c *collector) keepsLittle() {
	if c != nil {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.little = true
	}
}

// newCollector returns a collector that leaves alone the parameters that GOGC and GOMEMLIMIT set.
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

// tune sets the parameters. c.mu is held.
func (c *collector) tune() {
	c.tunedAt = c.total
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

// file notes that a file is going to be read. It ignores a file that does not exist or is not
// regular; whoever opens the file reports that.
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

// object notes that an object of a store is going to be read. size is in bytes.
func (c *collector) object(size int64) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.unfolds = true // it may be compressed; finding out would take another request
	c.total += size
	c.tune()
}

// regular notes the bytes of a file from its current offset on, and reports whether it is a regular
// file. c.mu is held.
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

// begin notes whether an input is compressed, by its first bytes.
func (c *collector) begin(head []byte) {
	c.unfolds = c.unfolds || compress.Detect(head) != compress.Plain
}

// reader returns r if it is a regular file, whose size it notes, else a reader that notes the bytes
// that are read through it.
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

// countedInput reports to a collector the bytes that are read through it.
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
	// Setting the parameters stops all goroutines, so do not do it at every read.
	r.c.total += int64(n)
	if r.c.total >= max(leastMemory/memoryPerByte, r.c.tunedAt+r.c.tunedAt/4) {
		r.c.tune()
	}
	return n, err
}
