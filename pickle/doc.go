// Package pickle reads and writes Python pickles, protocols 0 to 5, without Python.
//
// # Overview
//
// A pickle is a program for a small stack machine that makes values. An [Unpickler] runs
// it: [NewUnpickler] reads from an io.Reader, [NewUnpicklerBytes] from a slice, and
// Load returns the value of the next pickle until io.EOF. Nothing of a pickle is ever
// executed: a class or function is a [Global], and what calling it would make is an
// [*Object], which records the call, unless the FindClass hook gives another value
// for the name. This package knows no class itself; package reconstruct knows
// NumPy's and the standard library's.
//
// A [Scanner] (or [Ops]) gives the opcodes without making values, and [Disassemble]
// writes them as Python's pickletools does. A Pickler writes.
//
// # Types
//
//	Python                  Go
//	None, bool, float       nil, bool, float64
//	int                     int; *big.Int only where it does not fit
//	str                     string in UTF-8, a lone surrogate as three bytes
//	Python 2 str            see Encoding; by default a string of the same bytes
//	bytes                   []byte, which must not be changed
//	bytearray               *types.ByteArray
//	list, tuple             *types.List, *types.Tuple
//	dict                    *types.Dict, in order, without duplicate keys
//	set, frozenset          *Set, *FrozenSet (of protocol 4; before it, they are classes)
//	a class or function     Global, or what FindClass returns
//	any other object        *Object, or what that makes
//
// The package types is gopickle's, github.com/nlpodyssey/gopickle/types. Keys and members
// are compared as Python does: 1, 1.0 and True are one key, tuples are
// compared by what they hold; see [EqualKeys]. As in Python, the last value of a key that
// is set twice wins, at the first one's place, and an unhashable key is an error.
//
// Objects that a pickle refers to more than once are one value in Go as well, so
// the result can contain itself: fmt.Print and recursive functions may
// not end on it, or exhaust the stack where it is nested deep.
//
// # Classes
//
// The hook fields of [Unpickler] are those of gopickle's, and hooks written
// for it work unchanged. What FindClass returns for a class or function takes part through
// the interfaces of gopickle's types package, and some more:
//
//   - REDUCE, INST and OBJ call types.Callable, or without it types.PyNewable.
//   - NEWOBJ calls types.PyNewable; NEWOBJ_EX [KwNewable], or types.PyNewable with the
//     keyword arguments as a last *types.Dict.
//   - BUILD calls [Builder], or types.PyStateSettable, or, for a dict and a tuple of two,
//     types.PyDictSettable and
//     types.PyAttrSettable.
//   - APPEND and APPENDS call types.ListAppender, SETITEM and SETITEMS types.DictSetter,
//     ADDITEMS types.SetAdder.
//   - A dict's key or a set's member is compared through [KeyValue].
//
// Arguments may be kept, and must not be changed.
//
// # Protocols
//
// The reference is CPython 3.13: pickle.py, the unpickler in C (Modules/_pickle.c), which
// is followed where the two differ, and pickletools.py; PEP 307, PEP 3154 and PEP 574. Frames are
// checked as pickle.py does: an argument that crosses a frame's end and
// a frame inside a frame are errors. A text int may have as many digits as Limits.IntDigits
// says (CPython: 4,300). A Python 2 str is kept as it is unless Encoding says
// otherwise (CPython: an error unless ASCII). The memo begins anew with each pickle
// unless KeepMemo is set (CPython: with each Unpickler).
//
// # Memory
//
// What Load returns belongs to the caller and to the collector, and shares no memory with the
// input, unless SharedInput is set. A []byte of 8 bytes or more begins at a multiple of 8, of 16
// bytes or more of 16, of 64 KiB or more of 64. Small values share blocks of at most 8 KiB, so a
// small value that is kept may keep a block and what else is in it; payloads from 16 KiB on begin
// new blocks, so that a container which is kept does not keep another one's array.
//
// # Limits and security
//
// Any input gives a value or an error, a [*DecodeError] with the opcode and its byte offset, of one
// of the kinds [ErrTruncated], [ErrMalformed], [ErrLimit], [ErrUnknownGlobal] and [ErrUnsupported];
// errors of hooks and of the reader are inside one as they are. No memory is taken on the strength
// of a length in the input before as many bytes are known to be there or have come. Time is linear
// in the input but for what sorting, big numbers' decimal digits (up to Limits.IntDigits) and hooks
// cost, and no function recurses on nested data. Keys of dicts may be nested as deep as
// Limits.Depth. [Limits] bounds the rest; its zero value is safe.
package pickle
