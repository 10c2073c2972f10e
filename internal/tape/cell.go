package tape

import "math"

// ID is the index of a cell in one tape.
type ID uint32

// The cells that every tape begins with, so that the commonest values take no cells of their own.
const (
	IDNone ID = iota
	IDFalse
	IDTrue
	IDEmptyTuple
	idSmallInts    // the ints 0 to 255
	firstID        = idSmallInts + 256
	noID        ID = math.MaxUint32 // in the memo: nothing was stored at the index
)

// Kind is the kind of a cell.
type Kind uint8

// The kinds of cells. Cells of the kinds from Str on, and Values, get a slot when they become
// shared: see [Tape.Shared].
const (
	None Kind = iota
	False
	True
	Int    // an int that fits an int64
	Float  // a float
	BigInt // any other int
	Class  // a class or function
	Value  // a Go value that a host made

	// Floats, Ints and Consts are runs: one cell for several items of a list. Only lists have them
	// as children. The items of Consts are None, True and False.
	Floats
	Ints
	Consts

	Str       // a str, or a Python 2 str that is read as one: see Host
	Py2Str    // a Python 2 str that is kept apart from str
	Bytes     // a bytes object
	ByteArray // a bytearray
	Tuple
	List
	Dict // its children are keys and values by turns
	Set
	FrozenSet
	Call // the call of a class: see Tape.Call
)

// IsRun reports whether a cell of the kind is a run.
func (k Kind) IsRun() bool { return Floats <= k && k <= Consts }

// Flags of a cell.
const (
	// flagShared: an opcode fetched the cell from the memo or duplicated it, so that the pickle may
	// refer to it more than once.
	flagShared uint8 = 1 << iota
	// flagMany: the container has several extents; see cell.v.
	flagMany
	// flagInput: the chunk of the span is part of the input, so that it is not owned.
	flagInput
	// flagWhole: the span is its whole chunk, whose length may not fit cell.n.
	flagWhole
	// flagInert: the host does not know the class, or the class that is called; only the name and
	// the arguments are recorded.
	flagInert
	// flagHashable: the tuple, value or call was checked and can be the key of a dict.
	flagHashable
	// flagOtherKeys: the dict has a key that is not a Str.
	flagOtherKeys
	// flagRuns: among the children of the list are runs.
	flagRuns
)

// cell is a value of the pickle. The meaning of n, v and aux depends on the kind:
//
//	Int, Float         v is the int64, or the bits of the float64
//	BigInt             v is an index of Tape.values
//	Value              v is an index of Tape.values, n is the slot plus 1 if it has one,
//	                   aux is Tuple or Dict if it replaced a cell of that kind
//	Class              v is an index of Tape.values, aux is the host's code
//	Str ... ByteArray  n is the number of bytes, v is chunk<<spanShift | offset
//	Tuple ... FrozenSet  n is the number of items (in a Dict, of keys and values), v is one extent
//	                   as at<<32 | count, or with flagMany first<<32 | last, indices of
//	                   Tape.extents
//	Floats ... Consts  n is the number of items, v is the offset of their opcodes: see Tape.Run
//	Call               v is an index of Tape.calls, aux is the host's code
//
// In a shared cell from Str to FrozenSet, aux is the slot plus 1, or 0 if it does not fit: the slot
// is then in Tape.farSlots. See Tape.Shared.
type cell struct {
	kind  Kind
	flags uint8
	aux   uint16
	n     uint32
	v     uint64
}

// The sizes in bytes of a cell and of an ID in Tape.children.
const (
	cellSize  = 16
	childSize = 4
)

const (
	spanShift = 40 // bits of a span's offset in its chunk; 24 bits are left for the chunk's index
	maxOffset = 1<<spanShift - 1
	maxChunks = 1 << (64 - spanShift)
)

// extent is a range of Tape.children: count IDs from at on. next is the index of the next extent
// of the same container, or 0.
type extent struct {
	at, count, next uint32
}

// call is a call with what later opcodes did to its result: see CallInfo. kwargs, items, entries
// and dropped are 0 if there are none, since none of them is ever the cell None.
type call struct {
	fn, args ID
	kwargs   ID     // Dict
	state    ID     // the argument of BUILD, if hasState
	items    ID     // List of what APPEND, APPENDS and ADDITEMS added
	dropped  ID     // List of calls whose results were popped
	entries  ID     // Dict of what SETITEM and SETITEMS added; keys may be equal
	slot     uint32 // slot plus 1 if the cell is shared
	form     Form
	hasState bool
}

// Form is the opcode that made a call.
type Form uint8

// The forms of a call.
const (
	FormReduce Form = iota
	FormNewObj
	FormNewObjEx
	FormInst
	FormObj
)
