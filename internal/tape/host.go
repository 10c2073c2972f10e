package tape

import (
	"math"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/opcode"
)

// Host answers what the opcodes of a pickle cannot tell: what a class is, and what an opcode does
// to a Go value. Its methods are called in the order of the stream while the tape is being written.
// They add cells with the New methods of the tape and may read the cells before.
//
// An error that a host returns becomes the error of the opcode.
type Host interface {
	// Class returns a Class or Value cell for the name in a GLOBAL, STACK_GLOBAL or INST.
	Class(module, name string) (ID, error)
	// Call returns the result of calling fn, which is not inert. args is a Tuple; kwargs is a Dict,
	// or IDNone for no keyword arguments.
	Call(form Form, fn, args, kwargs ID) (ID, error)
	// Build carries out BUILD on any target but an inert Call without a state, and returns the cell
	// that replaces the target on the stack.
	Build(target, state ID) (ID, error)
	// Append, SetItems and Add carry out APPENDS, SETITEMS and ADDITEMS, and their forms for a
	// single item, on any target but a List, Dict, Set and inert Call. There is at least one item.
	// The slices belong to the tape and are valid until the method returns. pairs has keys and
	// values by turns.
	Append(target ID, items []ID) error
	SetItems(target ID, pairs []ID) error
	Add(target ID, items []ID) error
	// IsObject reports whether a Value is an object with which Drop can keep calls.
	IsObject(id ID) bool
	// IsMethodCall reports whether a Value is the result of calling the result of another call.
	IsMethodCall(id ID) bool
	// Keys returns the keys of a Value that is a dict, or nil if there are more than max of them
	// or one is not a str.
	Keys(dict ID, max int) []string
	// LateEntries returns a Call that stands for setting the entries with these keys, which the
	// dict got after the memo had given it out, or IDNone if that need not be recorded. The keys
	// are Strs.
	LateEntries(dict ID, keys []ID) (ID, error)
	// Drop keeps with target, a Value, a call that changes it and whose result is popped.
	Drop(target, call ID) error
	// CheckKey returns an error if a Tuple, Value or Call cannot be the key of a dict.
	CheckHashable(id ID) error
	// Persistent returns the object that a persistent id stands for.
	Persistent(pid ID) (ID, error)
	// Extension returns the object that an extension code stands for. The code is at least 1.
	Extension(code int) (ID, error)
	// NextBuffer returns the next out-of-band buffer.
	NextBuffer() (ID, error)
	// ReadOnly carries out READONLY_BUFFER: it returns a read-only view of a buffer.
	ReadOnly(buffer ID) (ID, error)
	// Str returns a cell for a Python 2 str of these bytes, which are valid until it returns.
	Str(b []byte) (ID, error)
	// Text returns the text of a str of Python 2 or 3; ok is false for any other value.
	Text(id ID) (text string, ok bool)
	// TypeName returns the name of a cell's Python type, for errors.
	TypeName(id ID) string
}

// Limits bound a pass. The largest number of a field's type stands for no limit.
type Limits struct {
	Objects     int64 // number of values that opcodes build
	Memo        int64 // number of entries of the memo
	StringBytes int64 // bytes of one str, bytes or bytearray
	IntDigits   int   // digits of an int written as text
	// ValueBytes, if it is not nil, limits the approximate memory of all values, in bytes. It is
	// called with the total so far, and returns the total up to which it need not be called again,
	// or an error that ends the pass.
	ValueBytes func(taken int64) (allowed int64, err error)
}

// Options are the settings of [Tape.Read].
type Options struct {
	Host   Host
	Limits Limits
	// RawStr makes a Str of every Python 2 str, with its bytes unchanged. Host.Str is not called.
	RawStr bool
	// CallsAsArgs accepts a Call where a tuple of arguments or a dict of keyword arguments is
	// needed, for a host that does not know the results of calls.
	CallsAsArgs bool
	// AnyArgs accepts any str, bytes or container where a tuple of arguments is needed, as
	// CPython's unpickler written in Python does. The one written in C does not.
	AnyArgs bool
	// Usage is what the pickles before this one of the same input have used of the limits.
	Usage Usage
	// KeepMemo keeps the memo of the pickle that was read before, and with it all cells.
	KeepMemo bool
	// Path, if it is not empty, asks for a partial pass: only the values to which the path leads
	// are wanted. See [Tape.CheckPartial].
	Path []PathStep
}

// Usage is how much of those limits is used that hold for all pickles of an input together. It is
// counted only if there are such limits.
type Usage struct {
	Objects    int64 // number of values that were built
	ValueBytes int64 // their approximate memory in bytes
}

// ValueBytesFloor is how many bytes the values of compressed input may take in any case.
const ValueBytesFloor = 32 << 20

// ValueBytesOf implements [Limits].ValueBytes for values that came from n compressed bytes: they
// may take ratio times as many bytes. The limit is needed since a megabyte of opcodes that each
// make a container takes some 100 MB of values, in Python too, and compresses to a kilobyte.
func ValueBytesOf(taken, n, ratio int64) (allowed int64, err error) {
	n = max(n, 1)
	if allowed = ValueBytesFloor; n > ValueBytesFloor/ratio {
		allowed = math.MaxInt64
		if n < math.MaxInt64/ratio {
			allowed = n * ratio
		}
	}
	if taken > allowed {
		return 0, &errkind.LimitError{Limit: "CompressionRatio", Max: ratio, Want: taken / n}
	}
	return allowed, nil
}

// Error is an error with the opcode that failed.
type Error struct {
	Op     opcode.Code
	Offset int64 // offset in bytes of the opcode's first byte in the input
	Err    error // what is wrong
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
