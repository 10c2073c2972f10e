package audit

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/internal/tape"
)

// CPython's C unpickler holds a frame in a buffer. Up to 3.13.14, what it reads across the end of
// the buffer it reads anew behind the frame, and drops what was left in it: a name whose line
// begins in the frame is another name to it than to any reader of the bytes in their order. So a
// pickle that fails at the end of a frame is read once more without what would be dropped.
//
// Reference: CPython's Modules/_pickle.c, _Unpickler_ReadImpl, _Unpickler_Readline, load_frame;
// issue 154848.

const (
	maxDrops    = 16
	maxDropping = 64 << 20 // bytes of a pickle that is read so
)

// gap is what was taken out of a pickle.
type gap struct{ at, n int64 }

// dropping audits a pickle as the C unpickler reads it; end is how reading it in order ended.
func (a *auditor) dropping(data []byte, end ended) {
	if len(data) > maxDropping {
		return
	}
	before := a.uses
	var gaps []gap
	for range maxDrops {
		edited, g, ok := drop(data, &end)
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

// drop takes out of a pickle what the C unpickler drops where reading it ended.
func drop(data []byte, end *ended) (edited []byte, g gap, ok bool) {
	var e *tape.Error
	from, to, framed := end.w.Frame()
	if !framed || !errors.As(end.err, &e) || !frameError(end.err) || to > int64(len(data)) {
		return nil, g, false
	}
	at := end.w.Offset()
	if at == e.Offset {
		at++ // its argument is read anew, not the opcode
	}
	if at < from || at > to {
		return nil, g, false
	}
	g = gap{at, to - at}
	length := at - from
	if e.Op == opcode.Frame {
		n := binary.LittleEndian.Uint64(data[at-8:])
		if n <= uint64(to-at) { // it is there already, and means nothing
			g = gap{at - 9, 9}
			length = to - from - 9
		}
	}
	edited = slices.Concat(data[:g.at], data[g.at+g.n:])
	binary.LittleEndian.PutUint64(edited[from-8:], uint64(length))
	return edited, g, true
}
