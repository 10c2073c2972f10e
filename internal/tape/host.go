package tape

import (
	"math"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/opcode"
)

// Host answers what the opcodes of a pickle cannot: what a class is, and what an opcode does to a
// Go value. Its methods are called in the order of the stream, while the tape is being written;
// they add cells with the New methods of the tape and may read all of it.
//
// An error of a host becomes the error of the opcode that asked.
type Host interface {
	// Class returns a cell, a Class or a Value, for what a GLOBAL, STACK_GLOBAL or INST names.
	Class(module, name string) (ID, error)
	// Call returns the result of a call of fn, which is not inert. args is a Tuple; kwargs, if it
	// is not IDNone, a Dict.
	Call(form Form, fn, args, kwargs ID) (ID, error)
	// Build carries out a BUILD of anything but an inert Call without a state, and returns what
	// takes the place of target.
	Build(target, state ID) (ID, error)
	// Append, SetItems and Add carry out APPENDS, SETITEMS and ADDITEMS of at least one item, and
	// their like for a single one, on anything but List, Dict, Set and inert Call. The items are
	// the tape's until the method returns. The pairs of SetItems are even.
	Append(target ID, items []ID) error
	SetItems(target ID, pairs []ID) error
	Add(target ID, items []ID) error
	// IsObject reports whether a Value is of an object that calls can be kept with, and
	// IsMethodCall whether it is what a call gave of what another one gave.
	IsObject(id ID) bool
	IsMethodCall(id ID) bool
	// Keys returns the keys of a Value that is a dict, if they are at most max and text.
	Keys(dict ID, max int) []string
	// Late returns a Call that stands for the entries of these keys, which a dict got later than
	// others, or IDNone for none. The keys are text.
	LateEntries(dict ID, keys []ID) (ID, error)
	// Drop keeps a call with a Value that it completes: its result is popped.
	Drop(target, call ID) error
	// CheckKey returns an error if a Tuple, Value or Call cannot be the key of a dict.
	CheckHashable(id ID) error
	// Persistent returns the object of a persistent id.
	Persistent(pid ID) (ID, error)
	// Extension returns the object of an extension code, which is at least 1.
	Extension(code int) (ID, error)
	// NextBuffer returns the next out-of-band buffer.
	NextBuffer() (ID, error)
	// ReadOnly returns what READONLY_BUFFER makes of a buffer.
	ReadOnly(buffer ID) (ID, error)
	// Str returns a cell for a Python 2 str of these bytes, which are valid until it returns.
	Str(b []byte) (ID, error)
	// Text returns the text of a str, of whichever Python.
	Text(id ID) (text string, ok bool)
	// TypeName names the Python type of a cell in an error.
	TypeName(id ID) string
}

// Limits bound a pass; those that are not set are the largest number of their type.
type Limits struct {
	Objects     int64 // values that opcodes build
	Memo        int64 // entries of the memo
	StringBytes int64 // bytes of one str, bytes or bytearray
	IntDigits   int   // digits of an int written as text
	// ValueBytes, if it is not nil, bounds about what the values take, in bytes. It is told how
	// much that is whenever it passes what ValueBytes returned last, 0 at first, and returns up to
	// how much need not be asked again, or an error that ends the pass.
	ValueBytes func(taken int64) (upTo int64, err error)
}

// Options are what [Tape.Read] needs beside the input.
type Options struct {
	Host   Host
	Limits Limits
	// RawStr says that the bytes of a Python 2 str are text as they are; Host.Str is then not
	// asked.
	RawStr bool
	// CallsAsArgs lets a Call stand where a tuple of arguments or a dict of keyword arguments is
	// needed, for a host that does not know what calls give.
	CallsAsArgs bool
	// AnyArgs lets whatever can be iterated over stand where a tuple of arguments is needed, as
	// CPython's unpickler in Python does and the one in C does not.
	AnyArgs bool
	// Usage is what pickles before this one, of the same input, have used of the limits.
	Usage Usage
	// KeepMemo keeps the memo, and with it all cells, of the pickle read before.
	KeepMemo bool
	// Steps, if there are any, say that only what they lead to is wanted: see [Tape.Cut].
	Steps []PathStep
}

// Usage is what a pass uses of the limits that hold for all pickles of an input. It is counted only
// where there are such limits.
type Usage struct {
	Objects    int64 // values built
	ValueBytes int64 // about what they take, in bytes
}

// ValueBytesFloor is what the values of compressed input may always take, in bytes.
const ValueBytesFloor = 32 << 20

// ValueBytesOf is a [Limits] ValueBytes for values that came from n compressed bytes: they may take
// ratio times as many. A megabyte of opcodes that each make a container takes some 100 MB, in
// Python too, and compresses to a kilobyte.
func ValueBytesOf(taken, n, ratio int64) (upTo int64, err error) {
	n = max(n, 1)
	if upTo = ValueBytesFloor; n > ValueBytesFloor/ratio {
		upTo = math.MaxInt64
		if n < math.MaxInt64/ratio {
			upTo = n * ratio
		}
	}
	if taken > upTo {
		return 0, &errkind.LimitError{Limit: "CompressionRatio", Max: ratio, Want: taken / n}
	}
	return upTo, nil
}

// Error is the error of an opcode.
type Error struct {
	Op     opcode.Code
	Offset int64 // of the opcode's first byte in the input
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }
