// Package known recognises, on a tape, the calls of the classes that most pickles are full of: NumPy's
// arrays and scalars, datetimes, decimals. Such a call is put off: its arguments never change, so
// that whoever wants the value can make what it needs from the cells, plain or typed, without an
// object between. Everything is checked when the opcode is carried out; a call with anything unusual
// is not taken, and package reconstruct makes the value, or the error, at once.
//
// How NumPy and Python spell these calls is known here and in package reconstruct, which the names
// of the classes come from: see Code.
package known

import (
	"github.com/unpkl/unpkl/internal/tape"
)

// Call returns a cell for the call of a class with a code, if it can be put off.
func Call(t *tape.Tape, form tape.Form, fn, args tape.ID) (id tape.ID, ok bool) {
	return 0, false
}

// Build gives a call that was put off the argument of a BUILD, if the call can still be.
func Build(t *tape.Tape, target, state tape.ID) bool { return false }
