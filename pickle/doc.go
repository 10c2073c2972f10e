// Package pickle reads and writes Python pickles, protocols 0 to 5, without Python.
//
// # Overview
//
// A pickle is a program for a small stack machine that makes values. An [Unpickler] runs it:
// [NewUnpickler] reads from an io.Reader and [NewUnpicklerBytes] from a slice, and Load returns the
// value of the next pickle, or io.EOF after the last one. Nothing that a pickle names is ever
// executed: a class or function is a [Global], and a call of it is recorded as an [*Object], unless
// the FindClass hook returns another value for the name. This package itself knows no classes.
// Package reconstruct knows those of NumPy, the standard library and other libraries.
//
// A [Scanner] (or [Ops]) returns the opcodes and makes no values, and [Disassemble] writes them as
// Python's pickletools does. A [Pickler] writes pickles.
//
// # Types
//
//	Python                  Go
//	None, bool, float       nil, bool, float64
//	int                     int, or *big.Int if it does not fit
//	str                     string in UTF-8, with three bytes for a lone surrogate
//	Python 2 str            see Encoding; by default a string of the same bytes
//	bytes                   []byte, which must not be changed
//	bytearray               *types.ByteArray
//	list, tuple             *types.List, *types.Tuple
//	dict                    *types.Dict, in order, without duplicate keys
//	set, frozenset          *Set, *FrozenSet at protocol 4 and above; below, calls of a class
//	a class or function     Global, or what FindClass returns
//	any other object        *Object, or what a value that FindClass returned makes
//
// The package types is gopickle's, github.com/nlpodyssey/gopickle/types. Keys and members are
// compared as in Python: 1, 1.0 and True are equal, and tuples are equal if their items are; see
// [EqualKeys]. As in Python, a key that is set a second time keeps its place and gets the new
// value, and an unhashable key is an error.
//
// An object to which a pickle refers more than once is one value in Go too, so that the result may
// contain itself. fmt.Print and recursive functions may not end on such a value, and may exhaust
// the stack on a deeply nested one.
//
// # Classes
//
// The hook fields of [Unpickler] are those of gopickle's, and hooks that were written for gopickle
// work unchanged. The opcodes use the interfaces that the value of a class or function, or of an
// object, implements. These are the interfaces of gopickle's package types and some more:
//
//   - REDUCE, INST and OBJ use types.Callable, or else types.PyNewable.
//   - NEWOBJ uses types.PyNewable. NEWOBJ_EX uses [KwNewable], or else types.PyNewable with the
//     keyword arguments as a last *types.Dict.
//   - BUILD uses types.PyStateSettable. Without it, a state that is a dict, or a tuple of a dict
//     and a dict of slots, is set through types.PyDictSettable and types.PyAttrSettable.
//   - APPEND and APPENDS use types.ListAppender, SETITEM and SETITEMS use [DictHolder] or else
//     types.DictSetter, and ADDITEMS uses types.SetAdder.
//   - The keys of a dict and the members of a set are compared through [KeyValue].
//
// A method may keep its arguments, but must not change them.
//
// # Protocols
//
// The reference is CPython 3.13: pickle.py, pickletools.py and the unpickler in C
// (Modules/_pickle.c), which is followed where it differs from pickle.py; and PEP 307, PEP 3154 and
// PEP 574. There are some differences from CPython in C:
//
//   - Frames are checked as pickle.py does: an argument across the end of a frame and a frame
//     inside a frame are errors.
//   - An int written as text may have as many digits as Limits.IntDigits (CPython: 4,300).
//   - A Python 2 str becomes a string with the same bytes unless Encoding says otherwise (CPython:
//     it is an error if it is not ASCII).
//   - Each pickle begins with an empty memo unless KeepMemo is set (CPython: each Unpickler).
//
// # Memory
//
// The value that Load returns belongs to the caller. It shares no memory with the input unless
// SharedInput is set. A []byte begins at a multiple of 8 if it has 8 bytes or more, of 16 from 16
// bytes on, and of 64 from 64 KiB on. Small values share blocks of at most 8 KiB, so that a small
// value keeps the other values in its block alive. Behind a payload of 16 KiB or more new blocks
// begin, so that a container does not keep the array of another one alive.
//
// # Limits and security
//
// Any input gives a value or an error. The error is a [*DecodeError] with the opcode and its offset
// in bytes, and of one of the kinds [ErrTruncated], [ErrMalformed], [ErrLimit], [ErrUnknownGlobal]
// and [ErrUnsupported], or it wraps an error of a hook or of the reader. Memory for a length in the
// input is only allocated if that many bytes are known to follow, or as they arrive. Time is linear
// in the input, except for sorting, the decimal digits of large ints (up to Limits.IntDigits) and
// hooks. No function recurses on nested data. Keys of dicts may be nested as deep as Limits.Depth.
// [Limits] bound the rest; their zero value is safe.
package pickle
