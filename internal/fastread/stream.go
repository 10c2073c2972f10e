package fastread

import "github.com/unpkl/unpkl/pickle"

// Stream tries the direct ways with each pickle of an input. What it has looked at stays in the input, so that
// the machine can begin at the same place.
type Stream struct {
	u      *pickle.Unpickler // nil where the input consists of no pickles
	c      Options
	done   bool // the last pickle was read directly
	proto  int  // of that one
	misses int  // how many pickles in a row were the machine's
	rest   int  // how many are left to it untried
}

const (
	// maxAhead is how much of an input is kept to find the end of a pickle.
	maxAhead = 64 << 20
	// mostRest is how many pickles are not tried after many that were tried in vain.
	mostRest = 31
	// mostWeight is what an opcode makes at most, in the measure of pickle.Limits.CompressionRatio, and
	// weightFloor what may always be.
	mostWeight  = 128
	weightFloor = 32 << 20
)

func NewStream(u *pickle.Unpickler, c Options) Stream {
	return Stream{u: u, c: c}
}

// Protocol returns the protocol of the pickle that was read last, and false where there was none.
func (d *Stream) Protocol() (protocol int, ok bool) {
	switch {
	case d.u == nil:
		return 0, false
	case d.done:
		return d.proto, true
	}
	return d.u.Protocol(), true
}

// Decode tries to put the next pickle into what v points to. An error is that of the input before the
// first byte of a pickle.
func (d *Stream) Decode(v any) (done bool, err error) {
	d.done = false
	c := &d.c
	if d.u == nil || !c.mayDirectly(v) {
		return false, nil
	}
	if d.rest > 0 {
		d.rest--
		return false, nil
	}
	plain, _ := plainTarget(v)
	e := extent{most: uint64(c.mostPayload(plain))}
	data, n, err := d.whole(c, &e)
	if err != nil {
		return false, err
	}
	if data == nil || !c.Unmarshal(data, v) {
		d.misses++
		d.rest = min(1<<min(d.misses/2, 8)-1, mostRest)
		return false, nil
	}
	d.u.Discard(n)
	d.misses, d.done, d.proto = 0, true, e.proto
	return true, nil
}

// whole returns the next pickle with the rest of its last frame, and its length without; nil if it is not for the direct ways,
// or too long.
func (d *Stream) whole(c *Options, e *extent) (data []byte, n int, err error) {
	for need := 1; ; {
		if data, err = d.u.Peek(need); err != nil {
			if len(data) > 0 {
				err = nil // it comes again, unless another one is met before
			}
			return nil, 0, err
		}
		n, step := e.find(data)
		switch {
		case step == extentOther, !c.light(e.opcodes), step == extentMore && n > maxAhead:
			return nil, 0, nil
		case step == extentEnd:
			return data[:max(n, e.frame)], n, nil
		}
		need = n
	}
}

// light reports whether so many opcodes certainly make no more than the limits of compressed input allow.
func (c *Options) light(opcodes int64) bool {
	if c.Compressed == nil || opcodes <= weightFloor/mostWeight {
		return true
	}
	return opcodes*mostWeight/c.Limits.WithDefaults().CompressionRatio < c.Compressed()
}
