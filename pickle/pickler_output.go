package pickle

import (
	"encoding/binary"
	"io"
	"sync"

	"github.com/unpkl/unpkl/internal/payload"
	"github.com/unpkl/unpkl/internal/written"
)

// Nothing is written before the whole value has been encoded, so that a value that cannot be
// written leaves nothing behind. Opcodes and small values are collected in chunks, which are
// pooled. The output only refers to a payload of frameTarget bytes or more, which goes from its own
// memory to the writer at the end.
//
// Frames (protocol 4) are as in _pickle.c: a frame ends before the next object when it has
// frameTarget bytes, a large payload and its header are outside of frames, and a frame shorter than
// frameMin has no header. Unlike in _pickle.c, the next frame is opened at once instead of at its
// first byte. The bytes are the same, since an empty frame is removed.

// Sizes in bytes.
const (
	frameTarget = 64 << 10
	frameMin    = 4
	frameHeader = 9 // FRAME and 8 bytes of length

	chunkFirst = 512
	chunkSize  = 1 << 20
)

// segment is a finished part of the output: data, or a function that writes exactly size bytes.
type segment struct {
	data    []byte
	writeTo func(w io.Writer) error
	size    int64
}

// output is a pickle that is being encoded: the segments, and the bytes in buf behind them.
type output struct {
	buf        []byte // the end of the current chunk, or first
	first      []byte // memory for the first bytes, of length 0
	segs       []segment
	chunks     []*[chunkSize]byte // from chunkPool
	framing    bool               // there are frames, one of which is open
	frame      int                // index in buf of the open frame's header
	frameLimit int                // length of buf from which nextFrame must be called
}

// chunkPool has chunks that are not in use.
var chunkPool = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// release returns the chunks to the pool, since a writer must not keep what it was given. It keeps
// small slices for the next output.
func (o *output) release() {
	for _, c := range o.chunks {
		chunkPool.Put(c)
	}
	clear(o.segs)
	kept := output{first: o.first, segs: o.segs[:0]}
	if cap(o.first) > maxKeptBuffer {
		kept.first = nil
	}
	if cap(o.segs) > maxKeptItems {
		kept.segs = nil
	}
	*o = kept
}

// reset prepares for an output.
func (o *output) reset() {
	if o.first == nil {
		o.first = make([]byte, 0, chunkFirst)
	}
	o.buf, o.frameLimit = o.first, chunkSize
}

// startFraming opens the first frame.
func (o *output) startFraming() {
	o.framing = true
	o.openFrame()
}

// openFrame appends the header of a frame, which closeFrame completes.
func (o *output) openFrame() {
	o.frame = len(o.buf)
	o.buf = append(o.buf, byte(OpFrame), 0, 0, 0, 0, 0, 0, 0, 0)
	o.frameLimit = len(o.buf) + frameTarget
}

// closeFrame completes the header of the open frame, or removes it from a short frame.
func (o *output) closeFrame() {
	start := o.frame + frameHeader
	n := len(o.buf) - start
	if n >= frameMin {
		binary.LittleEndian.PutUint64(o.buf[o.frame+1:], uint64(n))
		return
	}
	copy(o.buf[o.frame:], o.buf[start:])
	o.buf = o.buf[:o.frame+n]
}

// nextFrame is called before an object when buf has reached frameLimit. It ends the frame and
// begins a new one, and a new chunk if the current one is nearly full.
func (o *output) nextFrame() {
	if o.framing {
		o.closeFrame()
	}
	if len(o.buf) > chunkSize-2*frameTarget {
		o.flush()
		c := chunkPool.Get().(*[chunkSize]byte)
		o.chunks = append(o.chunks, c)
		o.buf = c[:0]
	}
	if o.framing {
		o.openFrame()
	} else {
		o.frameLimit = chunkSize - frameTarget
	}
}

// flush makes a segment of the bytes in buf.
func (o *output) flush() {
	if len(o.buf) > 0 {
		if len(o.segs) == 0 {
			o.first = o.buf[:0]
		}
		o.segs = append(o.segs, segment{data: o.buf, size: int64(len(o.buf))})
		o.buf = o.buf[len(o.buf):]
	}
}

// writePayload writes header and then s, which has frameTarget bytes or more, outside of frames.
func (o *output) writePayload(header []byte, s segment) {
	if o.framing {
		o.closeFrame()
	}
	o.buf = append(o.buf, header...)
	o.flush()
	o.segs = append(o.segs, s)
	if o.framing {
		o.openFrame()
	} else {
		o.frameLimit = len(o.buf) + chunkSize
	}
}

// align writes opcodes without effect, so that the frame that ends with the next opcode, which has
// one byte, ends at a multiple of n.
func (o *output) align(n int) {
	if n <= 1 {
		return
	}
	before := o.size()
	behind := func(fill int) int64 {
		pos := len(o.buf) + fill + 1
		if o.framing && pos-o.frame-frameHeader < frameMin {
			pos -= frameHeader // closeFrame will remove the header
		}
		return before + int64(pos)
	}
	fill := 0
	for fill == 1 || behind(fill)%int64(n) != 0 {
		fill++
	}
	if fill%2 == 1 {
		o.buf = append(o.buf, byte(OpBinInt1), 0, byte(OpPop))
		fill -= 3
	}
	for range fill / 2 {
		o.buf = append(o.buf, byte(OpNone), byte(OpPop))
	}
}

// writeTrailer writes the data of t outside of frames.
func (o *output) writeTrailer(t *written.Trailer) {
	if o.framing {
		o.closeFrame()
	}
	o.flush()
	o.segs = append(o.segs, segment{size: t.Size, writeTo: t.Write})
	if o.framing {
		o.openFrame()
	} else {
		o.frameLimit = len(o.buf) + chunkSize
	}
}

// finish ends the output.
func (o *output) finish() {
	if o.framing {
		o.closeFrame()
	}
	o.flush()
}

// grower is implemented by writers such as bytes.Buffer that can make room for n more bytes.
type grower interface{ Grow(n int) }

// writeTo writes the output to w.
func (o *output) writeTo(w io.Writer) error {
	if g, ok := w.(grower); ok {
		if total := o.size(); int64(int(total)) == total {
			g.Grow(int(total))
		}
	}
	for _, s := range o.segs {
		if s.writeTo != nil {
			cw := countingWriter{w: w}
			if err := s.writeTo(&cw); err != nil {
				return err
			}
			if cw.n != s.size {
				return &EncodeError{Err: Unsupported("a payload of %d bytes wrote %d", s.size,
					cw.n)}
			}
			continue
		}
		// The capacity is limited, so that a writer cannot append to the data in place.
		if n, err := w.Write(s.data[:len(s.data):len(s.data)]); err != nil {
			return err
		} else if n < len(s.data) {
			return io.ErrShortWrite
		}
	}
	return nil
}

// size returns the number of bytes in the segments.
func (o *output) size() int64 {
	total := int64(0)
	for _, s := range o.segs {
		total += s.size
	}
	return total
}

// bytes returns the output in a new slice.
func (o *output) bytes() ([]byte, error) {
	total := o.size()
	if int64(int(total)) != total {
		return nil, &EncodeError{Err: Unsupported("a pickle of %d bytes in memory", total)}
	}
	b := payload.Uncleared(int(total))
	if len(o.segs) == 1 && o.segs[0].writeTo == nil {
		copy(b, o.segs[0].data)
		return b, nil
	}
	s := sliceWriter{b[:0]}
	err := o.writeTo(&s)
	return s.b, err
}

// sliceWriter appends to a slice. Unlike bytes.Buffer it allocates no spare capacity in Grow.
type sliceWriter struct{ b []byte }

// Grow makes room for n more bytes, where n is not 0.
func (s *sliceWriter) Grow(n int) {
	if cap(s.b)-len(s.b) < n {
		s.b = append(payload.Uncleared(len(s.b) + n)[:0], s.b...)
	}
}

func (s *sliceWriter) Write(b []byte) (int, error) {
	s.b = append(s.b, b...)
	return len(b), nil
}

// countingWriter counts the bytes that are written to w. If w is nil, it only counts.
type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(b []byte) (int, error) {
	c.n += int64(len(b))
	if c.w == nil {
		return len(b), nil
	}
	return c.w.Write(b)
}
