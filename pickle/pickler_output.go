package pickle

import (
	"encoding/binary"
	"io"
	"sync"

	"github.com/unpkl/unpkl/internal/payload"
	"github.com/unpkl/unpkl/internal/written"
)

// NOTE on the output. Everything is held back until the whole value has been
// encoded, so that a value that cannot be written leaves nothing behind. Small
// opcodes collect in chunks, which are used again for the next output; a payload of
// frameTarget bytes or more is only referred to, and goes from its own memory to
// the writer at the end.
//
// Frames (protocol 4) follow _pickle.c: a frame is closed before the next
// object once it holds frameTarget bytes, a large payload and its header stand
// outside of frames, and a frame shorter than frameMin has no header. Here the
// next frame is opened at once instead of at its first byte; an empty one
// leaves no trace, so the bytes are the same.

const (
	frameTarget = 64 << 10
	frameMin    = 4
	frameHeader = 9 // FRAME and 8 bytes of length

	chunkFirst = 512
	chunkSize  = 1 << 20
)

// segment is a finished part of the output: bytes, or a function that writes
// exactly size bytes.
type segment struct {
	data    []byte
	writeTo func(w io.Writer) error
	size    int64
}

// output is the pickle being written.
type output struct {
	buf        []byte // the chunk being filled
	first      []byte // where the output begins, of length 0
	segs       []segment
	chunks     []*[chunkSize]byte // to be given back
	framing    bool
	frame      int // where in buf the open frame's header is
	frameLimit int // len(buf) from which the next object calls atBoundary
}

var chunkPool = sync.Pool{New: func() any { return new([chunkSize]byte) }}

// release gives the chunks back. A writer does not keep what it is given. The first part stays for
// the next output, if it is small.
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

// reset makes ready for an output.
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

func (o *output) openFrame() {
	o.frame = len(o.buf)
	o.buf = append(o.buf, byte(OpFrame), 0, 0, 0, 0, 0, 0, 0, 0)
	o.frameLimit = len(o.buf) + frameTarget
}

// closeFrame completes the header of the open frame, or removes it.
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

// atBoundary is called before an object once buf has reached boundary.
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

// flush ends the current chunk.
func (o *output) flush() {
	if len(o.buf) > 0 {
		if len(o.segs) == 0 {
			o.first = o.buf[:0]
		}
		o.segs = append(o.segs, segment{data: o.buf, size: int64(len(o.buf))})
		o.buf = o.buf[len(o.buf):]
	}
}

// payload writes header and then s, a payload of frameTarget bytes or more.
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

// align writes opcodes without effect so that what follows the next opcode, and the frame that
// ends with it, is at a multiple of n.
func (o *output) align(n int) {
	if n <= 1 {
		return
	}
	before := o.size()
	behind := func(fill int) int64 {
		pos := len(o.buf) + fill + 1
		if o.framing && pos-o.frame-frameHeader < frameMin {
			pos -= frameHeader // closeFrame takes the header out
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

// trailer writes what follows an object outside of frames.
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

// finish ends the pickle.
func (o *output) finish() {
	if o.framing {
		o.closeFrame()
	}
	o.flush()
}

// grower is implemented by bytes.Buffer: it makes room for n more bytes.
type grower interface{ Grow(n int) }

// writeTo hands the pickle to w.
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
		// What is behind the data is not the writer's to see.
		if n, err := w.Write(s.data[:len(s.data):len(s.data)]); err != nil {
			return err
		} else if n < len(s.data) {
			return io.ErrShortWrite
		}
	}
	return nil
}

// size returns the number of bytes in finished parts.
func (o *output) size() int64 {
	total := int64(0)
	for _, s := range o.segs {
		total += s.size
	}
	return total
}

// bytes returns the pickle in memory of its own.
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

// sliceWriter is a bytes.Buffer without its slack.
type sliceWriter struct{ b []byte }

// Grow tells the number of bytes that follow, which is not 0.
func (s *sliceWriter) Grow(n int) {
	if cap(s.b)-len(s.b) < n {
		s.b = append(payload.Uncleared(len(s.b) + n)[:0], s.b...)
	}
}

func (s *sliceWriter) Write(b []byte) (int, error) {
	s.b = append(s.b, b...)
	return len(b), nil
}

// countingWriter counts what goes to w; with a nil w it only counts.
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
