package audit

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
)

// CPython's C unpickler holds a frame in a buffer. Up to 3.13.14, a read that crosses the end of
// the buffer starts again behind the frame, and drops the bytes that were left in the buffer. A
// name whose line begins inside the frame is therefore another name to the C unpickler than to a
// reader of the bytes in order. So a pickle that fails at the end of a frame is read again without
// the bytes that the C unpickler would drop.
//
// Reference: CPython's Modules/_pickle.c, _Unpickler_ReadImpl, _Unpickler_Readline, load_frame;
// issue 154848.

const (
	maxDrops    = 16       // number of gaps in one pickle
	maxDropping = 64 << 20 // length of a pickle that is read again, in bytes
)

// gap is a range of bytes that was taken out of a pickle: n bytes at offset at.
type gap struct{ at, n int64 }

// rereadAsC audits a pickle as the C unpickler reads it, after a reading in order ended with end.
func (a *auditor) rereadAsC(data []byte, end outcome) {
	if len(data) > maxDropping {
		return
	}
	before := a.uses
	var gaps []gap
	for range maxDrops {
		edited, g, ok := withoutDropped(data, &end)
		if !ok {
			break
		}
		data = edited
		if g.n > 0 {
			gaps = append(gaps, g)
		}
		a.uses = nil
		end = a.run(data, mode{joblib: true})
		var all uses
		for at, u := range a.uses.all() {
			for _, g := range slices.Backward(gaps) {
				if at >= g.at {
					at += g.n
				}
			}
			all.add(u.name, u.op, at).reason = u.reason
		}
		a.uses = all
		a.keep(before)
		before = a.uses
	}
	a.uses = before
}

// withoutDropped returns a copy of data without the bytes that the C unpickler drops at the place
// where the last pass ended, and the gap. It returns ok false if the pass did not end at a frame.
func withoutDropped(data []byte, end *outcome) (edited []byte, g gap, ok bool) {
	var e *tape.Error
	from, to, framed := end.window.Frame()
	if !framed || !errors.As(end.err, &e) || !frameError(end.err) || to > int64(len(data)) {
		return nil, g, false
	}
	at := end.window.Offset()
	if at == e.Offset {
		at++ // the C unpickler reads the argument again, but not the opcode
	}
	if at < from || at > to {
		return nil, g, false
	}
	g = gap{at, to - at}
	length := at - from
	if e.Op == opcode.Frame {
		n := binary.LittleEndian.Uint64(data[at-8:])
		if n <= uint64(to-at) { // the new frame is in the buffer already, so FRAME has no effect
			g = gap{at - 9, 9}
			length = to - from - 9
		}
	}
	edited = slices.Concat(data[:g.at], data[g.at+g.n:])
	binary.LittleEndian.PutUint64(edited[from-8:], uint64(length))
	return edited, g, true
}
