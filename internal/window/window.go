// Package window is the input of a reader of pickles: a slice, or a buffer over a reader.
package window

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"math"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/payload"
	"github.com/unpkl/unpkl/internal/slab"
)

const (
	bufferFirst = 4 << 10  // first read of a pickle
	bufferMax   = 64 << 10 // read at once, once the pickle proves long
	// largePayload is the length from which a payload is read straight into
	// memory of its own.
	largePayload = payload.Large
	// SharedPayload is the length from which a payload may be part of a shared input;
	// what is shorter than a page gains nothing by it, and copies outlive a mapping.
	SharedPayload = 4 << 10
	// framePrefetch bounds the frames that are read whole before their
	// first opcode, as CPython's unpickler does with every frame.
	framePrefetch = 1 << 20
	// KeepBuffer is the most that the buffer keeps from one pickle to the next.
	KeepBuffer = 1 << 20
)

var (
	errFrameCrossed = errkind.New(errkind.ErrMalformed, "an argument crosses the end of its frame")
	errFrameNested  = errkind.New(errkind.ErrMalformed,
		"a frame begins before the end of the frame around it")
)

// peeker is a reader that lets bytes be looked at first, such as a
// bufio.Reader: from it no byte beyond a pickle's end is taken.
type peeker interface {
	io.Reader
	Peek(n int) ([]byte, error)
	Discard(n int) (int, error)
	Buffered() int
}

// bufferPeeker makes a peeker of a bytes.Buffer.
type bufferPeeker struct{ *bytes.Buffer }

func (b bufferPeeker) Buffered() int { return b.Len() }

func (b bufferPeeker) Discard(n int) (int, error) { return len(b.Next(n)), nil }

func (b bufferPeeker) Peek(n int) ([]byte, error) {
	if n > b.Len() {
		return b.Bytes(), io.EOF
	}
	return b.Bytes()[:n], nil
}

// Window is the input of one reader. Contiguous bytes of it are in memory: all of them for a slice,
// the content of a buffer that is refilled for a reader, and at the beginning of a pickle what the
// reader itself holds, if it shows that.
//
// Invariant: all[0] is at offset base of the input, and Buf is all, but cut at the end of the
// current frame, so that whoever runs opcodes meets the end of a frame where the buffer ends.
type Window struct {
	Buf      []byte // what can be read now without another call
	Pos      int    // index in Buf of the next byte
	all      []byte // the bytes in memory
	base     int64  // offset in the input of all[0], in bytes
	frameEnd int64  // offset of the end of the current frame, or -1

	r       io.Reader // nil for a slice
	peek    peeker    // r, if it is one
	seek    io.Seeker // r, if it is one that can seek
	peeked  int       // bytes that peek holds, of which the last are at the end of all
	lent    bool      // all is the memory of peek
	left    int64     // where End left seek, as an offset of its own
	behind  int       // bytes of all that are behind where seek stands
	own     []byte    // the buffer, while it is not all
	begun   bool      // the first byte of the pickle is there
	held    bool      // all has bytes behind the last pickle that peek cannot take back
	next    int       // size of the next read
	pending error     // from a Read that returned bytes too
	Limit   int64     // InputBytes
	Shared  bool      // payloads may alias a slice
	into    []byte    // see PayloadInto
	// Unframed ignores the lengths of frames, as CPython's C unpickler does once a frame is in
	// memory.
	Unframed bool
	frameAt  int64 // offset of the first byte of the last frame
	overhang int64 // bytes of the last frame behind the STOP of its pickle
}

// Bytes returns the window of a slice, which is neither copied nor changed.
func Bytes(data []byte) Window {
	w := Window{all: data, frameEnd: -1}
	w.cut()
	return w
}

// IsSlice reports whether the input is a slice: then the index of a byte in Buf is its offset.
func (w *Window) IsSlice() bool { return w.r == nil }

// All returns the bytes in memory, which for a slice are all of the input.
func (w *Window) All() []byte { return w.all }

// New returns the window of a reader.
func New(r io.Reader) Window {
	w := Window{r: r, frameEnd: -1, next: bufferFirst}
	if b, ok := r.(*bytes.Buffer); ok {
		r = bufferPeeker{b}
	}
	if p, ok := r.(peeker); ok {
		w.peek = p
	} else if s, ok := r.(io.Seeker); ok {
		if _, err := s.Seek(0, io.SeekCurrent); err == nil {
			w.seek = s
		}
	}
	return w
}

// Offset is that of the next byte.
func (w *Window) Offset() int64 { return w.base + int64(w.Pos) }

// OffsetOf returns the offset in the input of the byte at an index of Buf.
func (w *Window) OffsetOf(index int) int64 { return w.base + int64(index) }

// Opcode makes the next opcode and the fixed part of its argument available, and returns the opcode
// and its offset without consuming it. Between the two a frame may end.
func (w *Window) Opcode() (op opcode.Code, offset int64, err error) {
	if len(w.Buf)-w.Pos < 1 {
		if err := w.More(1); err != nil {
			if errors.Is(err, errkind.ErrTruncated) {
				err = errkind.New(errkind.ErrTruncated, "truncated: no STOP")
			}
			return 0, w.Offset(), err
		}
	}
	op, offset = opcode.Code(w.Buf[w.Pos]), w.Offset()
	n := 1 + int(opcode.Table[op].Fixed)
	if len(w.Buf)-w.Pos >= n {
		return op, offset, nil
	}
	if w.frameEnd == w.Offset()+1 {
		w.LeaveFrame()
	}
	return op, offset, w.More(n)
}

// cut makes buf of all and the frame's end.
func (w *Window) cut() {
	w.Buf = w.all
	if w.frameEnd >= 0 && w.frameEnd-w.base < int64(len(w.all)) {
		w.Buf = w.all[:w.frameEnd-w.base]
	}
}

// More makes at least n bytes from pos on available in buf, or fails.
func (w *Window) More(n int) error {
	if w.frameEnd >= 0 {
		left := w.frameEnd - w.Offset()
		if left == 0 {
			w.LeaveFrame()
		} else if int64(n) > left {
			return errFrameCrossed
		}
	}
	if len(w.Buf)-w.Pos >= n {
		return nil
	}
	err := w.fill(n)
	w.cut()
	return err
}

// Has is more for bytes that the pickle surely has; they may be behind the end of the frame.
func (w *Window) Has(n int) bool { return len(w.Buf)-w.Pos >= n || w.More(n) == nil }

func (w *Window) LeaveFrame() {
	w.frameEnd = -1
	w.cut()
}

// EnterFrame begins a frame of n bytes at pos.
func (w *Window) EnterFrame(n uint64) error {
	if w.Unframed {
		return nil
	}
	if w.frameEnd >= 0 && w.Offset() < w.frameEnd {
		return errFrameNested
	}
	w.LeaveFrame()
	if n > math.MaxInt64-uint64(w.Offset()) {
		return errkind.ErrTruncated // no input is as long
	}
	if n <= framePrefetch {
		if err := w.prefetch(int64(n)); err != nil {
			return err
		}
	} else if rest, known := w.Rest(); known && int64(n) > rest {
		return errkind.ErrTruncated
	}
	w.frameAt, w.frameEnd = w.Offset(), w.Offset()+int64(n)
	w.cut()
	return nil
}

// Frame returns the offsets of the current frame, and whether there is one.
func (w *Window) Frame() (from, to int64, ok bool) { return w.frameAt, w.frameEnd, w.frameEnd >= 0 }

// EndFrame ends the pickle's last frame, which must be there to its end, and
// without consuming what it holds after STOP.
func (w *Window) EndFrame() error {
	w.overhang = 0
	if w.frameEnd < 0 {
		return nil
	}
	left := w.frameEnd - w.Offset()
	w.overhang = left
	w.LeaveFrame()
	return w.prefetch(left)
}

// Overhang returns how many bytes of the last frame followed the STOP of the pickle that was read.
// CPython's load from a file passes over them.
func (w *Window) Overhang() int64 { return w.overhang }

// IsFrameError reports whether an error says that a pickle and its frames do not agree.
func IsFrameError(err error) bool {
	return errors.Is(err, errFrameCrossed) || errors.Is(err, errFrameNested)
}

// prefetch makes n bytes available, by steps: nothing is allocated on the
// strength of a number.
func (w *Window) prefetch(n int64) error {
	for {
		have := int64(len(w.all) - w.Pos)
		if have >= n {
			return nil
		}
		if err := w.More(int(min(n, 2*have+bufferFirst))); err != nil {
			return err
		}
	}
}

// Ahead makes n bytes from Pos on available in Buf, if no frame ends before. It is asked for what a
// pickle must have unless it is cut off.
func (w *Window) Ahead(n int) bool {
	if w.frameEnd >= 0 && w.Offset()+int64(n) > w.frameEnd {
		return false
	}
	return w.ahead(n)
}

// NextFrame returns what is in the frame that begins where the current one ends, n bytes from Pos
// on; or nil where none begins there, or it is large or cut off. Pos stays where it is.
func (w *Window) NextFrame(n int) []byte {
	const head = 1 + 8 // the opcode and the length
	if w.frameEnd != w.Offset()+int64(n) || !w.ahead(n+1) {
		return nil
	}
	if opcode.Code(w.all[w.Pos+n]) != opcode.Frame || !w.ahead(n+head) {
		return nil
	}
	size := binary.LittleEndian.Uint64(w.all[w.Pos+n+1:])
	if size > framePrefetch || !w.ahead(n+head+int(size)) {
		return nil
	}
	return w.all[w.Pos+n+head:][:size]
}

// ahead makes n bytes from Pos on available in all, by steps as prefetch does. The error of a reader
// comes again when the bytes are needed.
func (w *Window) ahead(n int) bool {
	for len(w.all)-w.Pos < n {
		err := w.fill(min(n, 2*(len(w.all)-w.Pos)+bufferFirst))
		w.cut()
		if err != nil {
			if w.r != nil {
				w.pending = err
			}
			return false
		}
	}
	return true
}

// Rest returns how many bytes the input has from pos on, where that is known
// at no great cost.
func (w *Window) Rest() (int64, bool) {
	unread := int64(len(w.all) - w.Pos)
	if w.r == nil {
		return unread, true
	}
	switch r := w.r.(type) {
	case interface{ Len() int }:
		return unread + int64(r.Len()-w.peeked-w.behind), true
	case interface{ Stat() (fs.FileInfo, error) }:
		if w.seek == nil {
			return 0, false
		}
		info, err := r.Stat()
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 {
			return 0, false
		}
		at, err := w.seek.Seek(0, io.SeekCurrent)
		if err != nil {
			return 0, false
		}
		return unread + max(info.Size()-at-int64(w.behind), 0), true
	}
	return 0, false
}

// fill reads until n bytes from pos on are in all. All that is unread is part of
// what the caller needs, so a peeker can give it up.
func (w *Window) fill(n int) error {
	if w.r == nil {
		return errkind.ErrTruncated
	}
	w.makeRoom(n)
	for len(w.all)-w.Pos < n {
		err := w.pending
		w.pending = nil
		if err == nil {
			err = w.read(n)
		}
		if err == nil {
			continue
		}
		if len(w.all)-w.Pos >= n {
			w.pending = err
			return nil
		}
		return inputError(err)
	}
	return nil
}

// inputError makes the error for an input that ended or failed.
func inputError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errkind.ErrTruncated
	}
	return err
}

// makeRoom makes room for n bytes from pos on, and for a read worth its while. It moves
// what is unread only to a larger buffer, or where that gains as much room as
// it moves, so that a line which comes byte by byte is not copied for each of them.
func (w *Window) makeRoom(n int) {
	const least = 512
	unread := w.all[w.Pos:]
	space := cap(w.all) - len(w.all)
	if cap(w.all)-w.Pos >= n && (space >= least || w.Pos < len(unread)) {
		return
	}
	size := w.next
	if n > size {
		size = 2 * n
	}
	w.next = min(2*w.next, bufferMax)
	mem := w.all[:0]
	if w.lent {
		mem, w.own, w.lent = w.own, nil, false
	}
	if cap(mem) < size {
		if size > bufferMax {
			if rest, known := w.Rest(); known {
				size = int(max(int64(n), min(int64(size), rest)))
			}
		}
		mem = make([]byte, 0, size)
	}
	w.base += int64(w.Pos)
	w.all = append(mem, unread...)
	w.Pos = 0
}

// read appends to all what one read gives, which is not much more than what makes n bytes from pos
// on.
func (w *Window) read(n int) error {
	space := w.all[len(w.all):cap(w.all)]
	space = space[:min(len(space), max(n-(len(w.all)-w.Pos), bufferMax))]
	limited := false
	if left := w.Limit - w.base - int64(len(w.all)); int64(len(space)) > left {
		if limited = left <= 0; limited {
			left = 1 // is there more at all?
		}
		space = space[:left]
	}
	var got int
	var err error
	switch {
	case w.peek != nil:
		got, err = w.readPeeked(space)
	default:
		if err = w.catchUp(); err == nil {
			got, err = readSome(w.r, space)
		}
	}
	if limited && got > 0 {
		return &errkind.LimitError{Limit: "InputBytes", Max: w.Limit, Want: w.Limit + 1}
	}
	w.all = w.all[:len(w.all)+got]
	return err
}

func (w *Window) readPeeked(space []byte) (int, error) {
	if _, err := w.peek.Discard(w.peeked); err != nil {
		return 0, err
	}
	w.peeked = 0
	if _, err := w.peek.Peek(1); err != nil {
		return 0, err
	}
	b, err := w.peek.Peek(min(w.peek.Buffered(), len(space)))
	w.peeked = copy(space, b)
	return w.peeked, err
}

// readSome reads at least one byte, or returns an error.
func readSome(r io.Reader, p []byte) (int, error) {
	for range 100 {
		n, err := r.Read(p)
		if n > 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// Begin readies the window for a pickle; io.EOF says that there is none.
func (w *Window) Begin() error {
	if w.begun {
		return nil
	}
	w.frameEnd = -1
	if (w.peek != nil || w.seek != nil) && !w.held && !w.isWhereLeft() {
		// The reader is where the pickle begins; it may have been used since.
		w.giveBack()
		w.clear()
		w.pending = nil
	}
	w.cut()
	w.next = bufferFirst
	if w.r == nil && int64(len(w.all)) > w.Limit {
		return &errkind.LimitError{Limit: "InputBytes", Max: w.Limit, Want: int64(len(w.all))}
	}
	var err error
	if w.peek != nil && !w.held {
		err = w.borrow()
	} else {
		err = w.More(1)
	}
	if errors.Is(err, errkind.ErrTruncated) {
		return io.EOF
	}
	w.begun = err == nil
	return err
}

// Consume says that the pickle that Begin readied is being read: the next Begin begins another.
func (w *Window) Consume() { w.begun = false }

// borrow makes all of what the peeker holds.
func (w *Window) borrow() error {
	if _, err := w.peek.Peek(1); err != nil {
		return inputError(err)
	}
	left := w.Limit - w.base
	if left <= 0 {
		return &errkind.LimitError{Limit: "InputBytes", Max: w.Limit, Want: w.Limit + 1}
	}
	b, err := w.peek.Peek(int(min(int64(w.peek.Buffered()), left)))
	if err != nil {
		return inputError(err)
	}
	w.own = w.all
	w.all, w.peeked, w.lent = b[:len(b):len(b)], len(b), true
	w.cut()
	return nil
}

// End leaves a reader that can be put back just behind the pickle, and gives up what memory a long
// one took.
func (w *Window) End() {
	w.begun = false
	unread := len(w.all) - w.Pos
	switch {
	case w.peek != nil:
		// A frame that goes on behind STOP may be longer than what a peeker holds.
		if w.held = unread > w.peeked; w.held {
			return
		}
		w.giveBack()
	case w.seek != nil && (unread > 0 || w.behind > 0):
		at, err := w.seek.Seek(int64(w.behind-unread), io.SeekCurrent)
		if err == nil && unread > 0 && cap(w.all) <= KeepBuffer {
			// What was read ahead is there for the next pickle, if the reader still is.
			w.left, w.behind, w.pending = at, unread, nil
			return
		}
	case w.seek == nil:
		if w.r != nil && cap(w.all) > KeepBuffer && unread <= bufferMax {
			w.base += int64(w.Pos)
			w.all, w.Pos = append(make([]byte, 0, bufferMax), w.all[w.Pos:]...), 0
			w.cut()
		}
		return
	}
	w.clear()
}

// isWhereLeft reports whether a reader that can seek is where the last End left it, so that what
// was read ahead is what comes next.
func (w *Window) isWhereLeft() bool {
	if w.seek == nil || w.behind == 0 {
		return false
	}
	at, err := w.seek.Seek(0, io.SeekCurrent)
	return err == nil && at == w.left
}

// catchUp leaves a reader that can seek behind all that was read from it.
func (w *Window) catchUp() error {
	if w.behind == 0 {
		return nil
	}
	_, err := w.seek.Seek(int64(w.behind), io.SeekCurrent)
	w.behind = 0
	return err
}

// giveBack leaves a peeker at the next byte.
func (w *Window) giveBack() {
	if w.peeked > 0 {
		_, _ = w.peek.Discard(max(0, w.peeked-(len(w.all)-w.Pos))) // what was peeked at is there
		w.peeked = 0
	}
}

// clear empties the buffer.
func (w *Window) clear() {
	w.base += int64(w.Pos)
	w.behind = 0
	w.all, w.Pos = w.all[:0], 0
	if w.lent {
		w.all, w.own, w.lent = w.own[:0], nil, false
	}
	if cap(w.all) > KeepBuffer {
		w.all = nil
	}
	w.cut()
}

// Take returns the next n bytes of the buffer, valid until the window moves.
func (w *Window) Take(n int) ([]byte, error) {
	if len(w.Buf)-w.Pos < n {
		if err := w.More(n); err != nil {
			return nil, err
		}
	}
	b := w.Buf[w.Pos : w.Pos+n]
	w.Pos += n
	return b, nil
}

// Line returns the bytes up to the next newline, which is consumed too; valid
// until the window moves.
func (w *Window) Line() ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(w.Buf[w.Pos+seen:], '\n'); i >= 0 {
			b := w.Buf[w.Pos : w.Pos+seen+i]
			w.Pos += seen + i + 1
			return b, nil
		}
		seen = len(w.Buf) - w.Pos
		if err := w.More(seen + 1); err != nil {
			return nil, err
		}
	}
}

// Payload returns the next n bytes in memory that begins at a multiple of 16, or
// as payload.Memory does for a large one; where payloads are shared, it is the
// input's own. small is where short payloads go.
func (w *Window) Payload(n uint64, small *slab.Slab[byte]) ([]byte, error) {
	if n <= uint64(len(w.Buf)-w.Pos) {
		b := w.Buf[w.Pos : w.Pos+int(n) : w.Pos+int(n)]
		w.Pos += int(n)
		return w.Copy(b, small), nil
	}
	if n < largePayload {
		if err := w.More(int(n)); err != nil {
			return nil, err
		}
		return w.Payload(n, small)
	}
	if w.frameEnd >= 0 {
		if left := w.frameEnd - w.Offset(); left == 0 {
			w.LeaveFrame()
			return w.Payload(n, small)
		} else if n > uint64(left) {
			return nil, errFrameCrossed
		}
	}
	return w.largePayload(n)
}

// PayloadInto is Payload with memory for a large payload, of n bytes, or nil.
func (w *Window) PayloadInto(n uint64, mem []byte) ([]byte, error) {
	w.into = mem
	b, err := w.Payload(n, nil)
	w.into = nil
	return b, err
}

// largePayload reads a payload that goes past the buffer.
func (w *Window) largePayload(n uint64) ([]byte, error) {
	rest, known := w.Rest()
	if known && n > uint64(rest) {
		return nil, errkind.ErrTruncated
	}
	if n > math.MaxInt64-uint64(w.Offset()) || n > math.MaxInt {
		return nil, errkind.ErrTruncated // no input is as long
	}
	if end := w.Offset() + int64(n); end > w.Limit {
		return nil, &errkind.LimitError{Limit: "InputBytes", Max: w.Limit, Want: end}
	}
	if w.peek != nil {
		if _, err := w.peek.Discard(w.peeked); err != nil {
			return nil, err
		}
		w.peeked = 0
	}
	head := w.all[w.Pos:]
	read := func(p []byte) (int, error) {
		buffered := copy(p, head)
		if head = head[buffered:]; buffered == len(p) {
			return buffered, nil
		}
		m, err := w.readFull(p[buffered:])
		return buffered + m, err
	}
	mem, got, err := w.into, 0, error(nil)
	if mem != nil {
		got, err = read(mem)
	} else {
		mem, got, err = payload.Read(int(n), known, read)
	}
	w.base += int64(got)
	w.clear() // the memory of a peeker is not ours to write to
	if err != nil {
		return nil, inputError(err)
	}
	return mem, nil
}

func (w *Window) readFull(p []byte) (int, error) {
	if err := w.pending; err != nil && len(p) > 0 {
		w.pending = nil
		return 0, err
	}
	if err := w.catchUp(); err != nil {
		return 0, err
	}
	return io.ReadFull(w.r, p)
}

// Copy returns a copy of b that is aligned as [Aligned] says; where payloads are shared and b is
// long enough, b itself.
func (w *Window) Copy(b []byte, small *slab.Slab[byte]) []byte {
	if w.Shared && len(b) >= SharedPayload {
		return b
	}
	mem := Aligned(len(b), small)
	copy(mem, b)
	return mem
}

// Aligned returns n bytes at a multiple of 16, or as [payload.Memory] does for a large n, all of
// which the caller writes to; small ones come from the slab, if there is one.
func Aligned(n int, small *slab.Slab[byte]) []byte {
	switch {
	case n == 0:
		return []byte{}
	case n < slab.Apart && small != nil:
		// Multiples of 16 of a slab that begins at one.
		return small.Many((n+15)&^15, 1)[:n:n]
	case n < largePayload:
		return make([]byte, n, (n+15)&^15)[:n:n]
	}
	return payload.Memory(n)
}
