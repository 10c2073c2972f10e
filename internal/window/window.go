// Package window is the input for reading pickles: a slice, or a buffer over a reader that is
// refilled.
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
	firstRead = 4 << 10  // bytes of the first read of a pickle
	maxRead   = 64 << 10 // bytes of a later read
	// largePayload is the length in bytes from which a payload is read directly into memory of its
	// own.
	largePayload = payload.Large
	// SharedPayload is the length in bytes from which a payload may be part of a shared input. A
	// payload that is shorter than a page is quickly copied, and the copy outlives a mapping.
	SharedPayload = 4 << 10
	// framePrefetch is the length in bytes up to which a frame is brought into memory before its
	// first opcode is read. CPython's unpickler does this with every frame.
	framePrefetch = 1 << 20
	// KeepBuffer is the capacity in bytes up to which the buffer is kept for the next pickle.
	KeepBuffer = 1 << 20
)

var (
	errFrameCrossed = errkind.New(errkind.ErrMalformed, "an argument crosses the end of its frame")
	errFrameNested  = errkind.New(errkind.ErrMalformed,
		"a frame begins before the end of the frame around it")
)

// peeker is a reader whose bytes can be looked at before they are consumed, such as a bufio.Reader.
// No byte beyond the end of a pickle is consumed from it.
type peeker interface {
	io.Reader
	Peek(n int) ([]byte, error)
	Discard(n int) (int, error)
	Buffered() int
}

// bufferPeeker is a bytes.Buffer as a peeker.
type bufferPeeker struct{ *bytes.Buffer }

func (b bufferPeeker) Buffered() int { return b.Len() }

func (b bufferPeeker) Discard(n int) (int, error) { return len(b.Next(n)), nil }

func (b bufferPeeker) Peek(n int) ([]byte, error) {
	if n > b.Len() {
		return b.Bytes(), io.EOF
	}
	return b.Bytes()[:n], nil
}

// Window is an input, of which contiguous bytes are in memory. For a slice these are all bytes. For
// a reader they are the content of a buffer, or at the beginning of a pickle the reader's own
// buffer if it is a peeker.
//
// Invariant: all[0] is at offset base of the input. Buf is all up to the end of the current frame,
// so that code that runs opcodes needs no other check for the end of the frame. The bytes of all
// that were read ahead from a peeker or seeker are the last ones.
type Window struct {
	Buf      []byte // the bytes in memory up to the end of the frame
	Pos      int    // index in Buf of the next byte
	all      []byte // the bytes in memory
	base     int64  // offset in bytes of all[0] in the input
	frameEnd int64  // offset in bytes of the end of the current frame, or -1

	Limit  int64 // greatest number of bytes of the input: Limits.InputBytes
	Shared bool  // payloads may alias the input if that is a slice
	// Unframed ignores the lengths of frames, as CPython's C unpickler does once a frame is in
	// memory.
	Unframed bool

	r          io.Reader // nil for a slice
	peek       peeker    // r, if it is a peeker
	peeked     int       // number of bytes in all that peek still has to discard
	borrowed   bool      // all is the memory of peek
	ownBuffer  []byte    // the buffer, while all is borrowed
	stranded   bool      // all has bytes behind the last pickle that peek has discarded already
	seek       io.Seeker // r, if it can seek and is no peeker
	seekPos    int64     // position of seek after End
	readAhead  int       // number of bytes in all that are behind the position of seek
	begun      bool      // Begin has found the first byte of the pickle
	readSize   int       // size in bytes of the buffer for the next read
	pending    error     // error of a Read that returned bytes too
	payloadMem []byte    // see PayloadInto
	frameAt    int64     // offset in bytes of the content of the last frame
	overhang   int64     // number of bytes of the last frame behind the STOP of its pickle
}

// Bytes returns the window of a slice, which is neither copied nor changed.
func Bytes(data []byte) Window {
	w := Window{all: data, frameEnd: -1}
	w.clip()
	return w
}

// IsSlice reports whether the input is a slice: then the index of a byte in Buf is its offset.
func (w *Window) IsSlice() bool { return w.r == nil }

// All returns the bytes in memory, which for a slice are all of the input.
func (w *Window) All() []byte { return w.all }

// New returns the window of a reader.
func New(r io.Reader) Window {
	w := Window{r: r, frameEnd: -1, readSize: firstRead}
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

// Offset returns the offset in bytes of the next byte of the input.
func (w *Window) Offset() int64 { return w.base + int64(w.Pos) }

// OffsetOf returns the offset in bytes of the byte at an index of Buf.
func (w *Window) OffsetOf(index int) int64 { return w.base + int64(index) }

// PeekOpcode brings the next opcode and the fixed part of its argument into Buf, and returns the
// opcode and its offset without consuming them. A frame may end between opcode and argument.
func (w *Window) PeekOpcode() (op opcode.Code, offset int64, err error) {
	if len(w.Buf)-w.Pos < 1 {
		if err := w.Require(1); err != nil {
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
	return op, offset, w.Require(n)
}

// clip sets Buf to all, up to the end of the frame.
func (w *Window) clip() {
	w.Buf = w.all
	if w.frameEnd >= 0 && w.frameEnd-w.base < int64(len(w.all)) {
		w.Buf = w.all[:w.frameEnd-w.base]
	}
}

// Require brings at least n bytes from Pos on into Buf, or returns an error.
func (w *Window) Require(n int) error {
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
	w.clip()
	return err
}

// Has reports whether Require(n) succeeds.
func (w *Window) Has(n int) bool { return len(w.Buf)-w.Pos >= n || w.Require(n) == nil }

// LeaveFrame ends the current frame.
func (w *Window) LeaveFrame() {
	w.frameEnd = -1
	w.clip()
}

// EnterFrame begins a frame of n bytes at Pos. A short frame must be in the input as a whole.
func (w *Window) EnterFrame(n uint64) error {
	if w.Unframed {
		return nil
	}
	if w.frameEnd >= 0 && w.Offset() < w.frameEnd {
		return errFrameNested
	}
	w.LeaveFrame()
	if n > math.MaxInt64-uint64(w.Offset()) {
		return errkind.ErrTruncated // no input is that long
	}
	if n <= framePrefetch {
		if err := w.prefetch(int64(n)); err != nil {
			return err
		}
	} else if rest, known := w.Remaining(); known && int64(n) > rest {
		return errkind.ErrTruncated
	}
	w.frameAt, w.frameEnd = w.Offset(), w.Offset()+int64(n)
	w.clip()
	return nil
}

// Frame returns the offsets in bytes of the begin and end of the current frame; ok is false if
// there is none.
func (w *Window) Frame() (from, to int64, ok bool) { return w.frameAt, w.frameEnd, w.frameEnd >= 0 }

// EndFrame ends the last frame of a pickle behind its STOP. It returns an error if the input ends
// before the frame does, and consumes nothing of the frame.
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

// Overhang returns the number of bytes of the last frame behind the STOP of the pickle that was
// read. CPython skips them when it loads from a file.
func (w *Window) Overhang() int64 { return w.overhang }

// IsFrameError reports whether an error says that the opcodes of a pickle do not fit its frames.
func IsFrameError(err error) bool {
	return errors.Is(err, errFrameCrossed) || errors.Is(err, errFrameNested)
}

// prefetch brings n bytes into memory. It reads them in growing steps, so that a false length in
// the input makes it allocate little.
func (w *Window) prefetch(n int64) error {
	for {
		have := int64(len(w.all) - w.Pos)
		if have >= n {
			return nil
		}
		if err := w.Require(int(min(n, 2*have+firstRead))); err != nil {
			return err
		}
	}
}

// Lookahead brings n bytes from Pos on into Buf, and reports whether it could. An error of the
// reader is returned when the bytes are required. n must not be more than a valid pickle has.
func (w *Window) Lookahead(n int) bool {
	if w.frameEnd >= 0 && w.Offset()+int64(n) > w.frameEnd {
		return false
	}
	return w.lookahead(n)
}

// NextFrame returns the content of the next frame if it begins directly behind the current one,
// whose end is n bytes from Pos. It returns nil if there is no such frame, or the frame is large or
// truncated. Pos does not change.
func (w *Window) NextFrame(n int) []byte {
	const head = 1 + 8 // bytes of FRAME and its argument
	if w.frameEnd != w.Offset()+int64(n) || !w.lookahead(n+1) {
		return nil
	}
	if opcode.Code(w.all[w.Pos+n]) != opcode.Frame || !w.lookahead(n+head) {
		return nil
	}
	size := binary.LittleEndian.Uint64(w.all[w.Pos+n+1:])
	if size > framePrefetch || !w.lookahead(n+head+int(size)) {
		return nil
	}
	return w.all[w.Pos+n+head:][:size]
}

// lookahead brings n bytes from Pos on into all, in growing steps as prefetch does.
func (w *Window) lookahead(n int) bool {
	for len(w.all)-w.Pos < n {
		err := w.fill(min(n, 2*(len(w.all)-w.Pos)+firstRead))
		w.clip()
		if err != nil {
			if w.r != nil {
				w.pending = err
			}
			return false
		}
	}
	return true
}

// Remaining returns the number of bytes in the input from Pos on; known is false if that cannot be
// found out at little cost.
func (w *Window) Remaining() (n int64, known bool) {
	unread := int64(len(w.all) - w.Pos)
	if w.r == nil {
		return unread, true
	}
	switch r := w.r.(type) {
	case interface{ Len() int }:
		return unread + int64(r.Len()-w.peeked-w.readAhead), true
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
		return unread + max(info.Size()-at-int64(w.readAhead), 0), true
	}
	return 0, false
}

// fill reads until n bytes from Pos on are in all. The caller needs all unread bytes, so that a
// peeker may discard them.
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

// inputError returns ErrTruncated for the end of the input, and any other error of a reader as it
// is.
func inputError(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errkind.ErrTruncated
	}
	return err
}

// makeRoom makes room in all for n bytes from Pos on, and for a read of a useful size. It moves the
// unread bytes only to a larger buffer, or if as many bytes are gained as are moved: otherwise a
// long line of which a reader returns one byte at a time would be copied for each byte.
func (w *Window) makeRoom(n int) {
	const minSpace = 512 // bytes
	unread := w.all[w.Pos:]
	space := cap(w.all) - len(w.all)
	if cap(w.all)-w.Pos >= n && (space >= minSpace || w.Pos < len(unread)) {
		return
	}
	size := w.readSize
	if n > size {
		size = 2 * n
	}
	w.readSize = min(2*w.readSize, maxRead)
	mem := w.all[:0]
	if w.borrowed {
		mem, w.ownBuffer, w.borrowed = w.ownBuffer, nil, false
	}
	if cap(mem) < size {
		if size > maxRead {
			if rest, known := w.Remaining(); known {
				size = int(max(int64(n), min(int64(size), rest)))
			}
		}
		mem = make([]byte, 0, size)
	}
	w.base += int64(w.Pos)
	w.all = append(mem, unread...)
	w.Pos = 0
}

// read appends the bytes of one Read to all. It asks for little more than is needed for n bytes
// from Pos on.
func (w *Window) read(n int) error {
	space := w.all[len(w.all):cap(w.all)]
	space = space[:min(len(space), max(n-(len(w.all)-w.Pos), maxRead))]
	limited := false
	if left := w.Limit - w.base - int64(len(w.all)); int64(len(space)) > left {
		if limited = left <= 0; limited {
			left = 1 // to find out whether the input goes on
		}
		space = space[:left]
	}
	var got int
	var err error
	switch {
	case w.peek != nil:
		got, err = w.readPeeked(space)
	default:
		if err = w.skipReadAhead(); err == nil {
			got, err = readSome(w.r, space)
		}
	}
	if limited && got > 0 {
		return &errkind.LimitError{Limit: "InputBytes", Max: w.Limit, Want: w.Limit + 1}
	}
	w.all = w.all[:len(w.all)+got]
	return err
}

// readPeeked copies bytes of the peeker to space, without discarding them.
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

// Begin prepares the window for the next pickle. It returns io.EOF if the input ends.
func (w *Window) Begin() error {
	if w.begun {
		return nil
	}
	w.frameEnd = -1
	if (w.peek != nil || w.seek != nil) && !w.stranded && !w.isUnmoved() {
		// The pickle begins at the position of the reader, which others may have moved.
		w.returnPeeked()
		w.clear()
		w.pending = nil
	}
	w.clip()
	w.readSize = firstRead
	if w.r == nil && int64(len(w.all)) > w.Limit {
		return &errkind.LimitError{Limit: "InputBytes", Max: w.Limit, Want: int64(len(w.all))}
	}
	var err error
	if w.peek != nil && !w.stranded {
		err = w.borrow()
	} else {
		err = w.Require(1)
	}
	if errors.Is(err, errkind.ErrTruncated) {
		return io.EOF
	}
	w.begun = err == nil
	return err
}

// Consume notes that the pickle of the last Begin is being read, so that the next Begin is for
// another one.
func (w *Window) Consume() { w.begun = false }

// borrow makes all the memory of the peeker's buffer.
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
	w.ownBuffer = w.all
	w.all, w.peeked, w.borrowed = b[:len(b):len(b)], len(b), true
	w.clip()
	return nil
}

// End ends a pickle. It moves a peeker or seeker to the byte behind the pickle, and drops a large
// buffer.
func (w *Window) End() {
	w.begun = false
	unread := len(w.all) - w.Pos
	switch {
	case w.peek != nil:
		// A frame that goes on behind STOP may be longer than the peeker's buffer.
		if w.stranded = unread > w.peeked; w.stranded {
			return
		}
		w.returnPeeked()
	case w.seek != nil && (unread > 0 || w.readAhead > 0):
		at, err := w.seek.Seek(int64(w.readAhead-unread), io.SeekCurrent)
		if err == nil && unread > 0 && cap(w.all) <= KeepBuffer {
			// The next pickle uses the bytes that were read ahead, unless the reader is moved.
			w.seekPos, w.readAhead, w.pending = at, unread, nil
			return
		}
	case w.seek == nil:
		if w.r != nil && cap(w.all) > KeepBuffer && unread <= maxRead {
			w.base += int64(w.Pos)
			w.all, w.Pos = append(make([]byte, 0, maxRead), w.all[w.Pos:]...), 0
			w.clip()
		}
		return
	}
	w.clear()
}

// isUnmoved reports whether a seeker is still at the position where the last End left it, so that
// the bytes read ahead are the next ones.
func (w *Window) isUnmoved() bool {
	if w.seek == nil || w.readAhead == 0 {
		return false
	}
	at, err := w.seek.Seek(0, io.SeekCurrent)
	return err == nil && at == w.seekPos
}

// skipReadAhead moves a seeker behind the bytes that were read ahead from it.
func (w *Window) skipReadAhead() error {
	if w.readAhead == 0 {
		return nil
	}
	_, err := w.seek.Seek(int64(w.readAhead), io.SeekCurrent)
	w.readAhead = 0
	return err
}

// returnPeeked makes a peeker discard the bytes before Pos, so that it is at the next byte.
func (w *Window) returnPeeked() {
	if w.peeked > 0 {
		// Bytes that were peeked at can be discarded without an error.
		_, _ = w.peek.Discard(max(0, w.peeked-(len(w.all)-w.Pos)))
		w.peeked = 0
	}
}

// clear empties the buffer.
func (w *Window) clear() {
	w.base += int64(w.Pos)
	w.readAhead = 0
	w.all, w.Pos = w.all[:0], 0
	if w.borrowed {
		w.all, w.ownBuffer, w.borrowed = w.ownBuffer[:0], nil, false
	}
	if cap(w.all) > KeepBuffer {
		w.all = nil
	}
	w.clip()
}

// Take consumes and returns the next n bytes, which are valid until the window moves.
func (w *Window) Take(n int) ([]byte, error) {
	if len(w.Buf)-w.Pos < n {
		if err := w.Require(n); err != nil {
			return nil, err
		}
	}
	b := w.Buf[w.Pos : w.Pos+n]
	w.Pos += n
	return b, nil
}

// Line consumes the bytes up to and including the next newline, and returns them without the
// newline. They are valid until the window moves.
func (w *Window) Line() ([]byte, error) {
	seen := 0
	for {
		if i := bytes.IndexByte(w.Buf[w.Pos+seen:], '\n'); i >= 0 {
			b := w.Buf[w.Pos : w.Pos+seen+i]
			w.Pos += seen + i + 1
			return b, nil
		}
		seen = len(w.Buf) - w.Pos
		if err := w.Require(seen + 1); err != nil {
			return nil, err
		}
	}
}

// Payload consumes the next n bytes and returns them as Copy does; a large payload of a reader is
// read directly into memory of its own.
func (w *Window) Payload(n uint64, small *slab.Slab[byte]) ([]byte, error) {
	if n <= uint64(len(w.Buf)-w.Pos) {
		b := w.Buf[w.Pos : w.Pos+int(n) : w.Pos+int(n)]
		w.Pos += int(n)
		return w.Copy(b, small), nil
	}
	if n < largePayload {
		if err := w.Require(int(n)); err != nil {
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

// PayloadInto is Payload with n bytes of memory to be used for a large payload, or nil.
func (w *Window) PayloadInto(n uint64, mem []byte) ([]byte, error) {
	w.payloadMem = mem
	b, err := w.Payload(n, nil)
	w.payloadMem = nil
	return b, err
}

// largePayload reads a large payload that is not in the buffer as a whole.
func (w *Window) largePayload(n uint64) ([]byte, error) {
	rest, known := w.Remaining()
	if known && n > uint64(rest) {
		return nil, errkind.ErrTruncated
	}
	if n > math.MaxInt64-uint64(w.Offset()) || n > math.MaxInt {
		return nil, errkind.ErrTruncated // no input is that long
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
	mem, got, err := w.payloadMem, 0, error(nil)
	if mem != nil {
		got, err = read(mem)
	} else {
		mem, got, err = payload.Read(int(n), known, read)
	}
	w.base += int64(got)
	w.clear() // also because the window must not write to borrowed memory
	if err != nil {
		return nil, inputError(err)
	}
	return mem, nil
}

// readFull reads from r until p is full.
func (w *Window) readFull(p []byte) (int, error) {
	if err := w.pending; err != nil && len(p) > 0 {
		w.pending = nil
		return 0, err
	}
	if err := w.skipReadAhead(); err != nil {
		return 0, err
	}
	return io.ReadFull(w.r, p)
}

// Copy returns a copy of b in memory of [Aligned]. It returns b itself if payloads are shared and b
// is long enough.
func (w *Window) Copy(b []byte, small *slab.Slab[byte]) []byte {
	if w.Shared && len(b) >= SharedPayload {
		return b
	}
	mem := Aligned(len(b), small)
	copy(mem, b)
	return mem
}

// Aligned returns n bytes that begin at a multiple of 16, or for a large n memory of
// [payload.Memory]. The caller must write to all of them. Few bytes come from the slab, unless it
// is nil.
func Aligned(n int, small *slab.Slab[byte]) []byte {
	switch {
	case n == 0:
		return []byte{}
	case n < slab.Apart && small != nil:
		// Only multiples of 16 bytes are taken from this slab, which begins at a multiple of 16.
		return small.Many((n+15)&^15, 1)[:n:n]
	case n < largePayload:
		return make([]byte, n, (n+15)&^15)[:n:n]
	}
	return payload.Memory(n)
}
