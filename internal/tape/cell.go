package tape

import "math"

// ID names a cell of one tape.
type ID uint32

// The cells that every tape has, so that the commonest values take none of their own.
const (
	IDNone ID = iota
	IDFalse
	IDTrue
	IDEmptyTuple
	idSmallInts    // the ints 0 to 255
	firstID        = idSmallInts + 256
	noID        ID = math.MaxUint32 // what an index of the memo has that was never stored
)

// Kind says what a cell is.
type Kind uint8

// The kinds of cells. Those from Str on may be fetched from the memo and then are shared.
const (
	None Kind = iota
	False
	True
	Int    // an int that fits an int64
	Float  // a float
	BigInt // any other int
	Class  // a class or function
	Value  // a Go value that a host made

	// Floats, Ints and Consts are runs: several items of a list in one cell. They are children of
	// lists only. Consts are None, True and False.
	Floats
	Ints
	Consts

	Str       // a str, or a Python 2 str that is read as one: see Host
	Py2Str    // a Python 2 str that is kept apart
	Bytes     // a bytes object
	ByteArray // a bytearray
	Tuple
	List
	Dict // its children are keys and values in turn
	Set
	FrozenSet
	Call // of a class: see Tape.Call
)

// IsRun reports whether a cell of the kind is a run.
func (k Kind) IsRun() bool { return Floats <= k && k <= Consts }

// Flags of a cell.
const (
	// flagShared: an opcode fetched the cell a second time, so it may be met more than once.
	flagShared uint8 = 1 << iota
	// flagMany: the children are several extents; see cell.v.
	flagMany
	// flagInput: the span is of the input, although it is a chunk of its own.
	flagInput
	// flagWhole: the span is its whole chunk, whose length may not fit cell.n.
	flagWhole
	// flagInert: the class or call is one that no host knows: it is only recorded.
	flagInert
	// flagKey: the tuple can be the key of a dict; it was looked at.
	flagHashable
	// flagOtherKeys: the dict has a key that is no str.
	flagOtherKeys
	// flagRuns: among the children of the list are runs.
	flagRuns
)

// cell is a value. What n and v hold depends on the kind:
//
//	Int, Float         v is the int64, or the bits of the float64
//	BigInt             v is an index of Tape.values
//	Value              v is an index of Tape.values, n its slot plus 1 if it has one
//	Class              v is an index of Tape.values, aux what the host says of the class
//	Str ... ByteArray  n bytes, v is the chunk above spanShift bits of offset
//	Tuple ... FrozenSet  n items (of a dict: keys and values), v one extent as at<<32 | count,
//	                   or with flagMany the first and last index of Tape.extents
//	Floats ... Consts  n items, v where their opcodes begin: see Tape.Run
//	Call               v is an index of Tape.calls, aux what the host says of the call
//
// aux of a shared cell from Str to FrozenSet is its slot plus 1, see Tape.Slot.
type cell struct {
	kind  Kind
	flags uint8
	aux   uint16
	n     uint32
	v     uint64
}

// Sizes in bytes of a cell and of its place in the children of a container.
const (
	cellSize  = 16
	childSize = 4
)

const (
	spanShift = 40 // bits of the offset of a span in its chunk; 24 are left for the chunk
	maxOffset = 1<<spanShift - 1
	maxChunks = 1 << (64 - spanShift)
)

// extent is children that lie together: count of Tape.children from at on. next is the index of
// the next extent of the same container, or 0.
type extent struct {
	at, count, next uint32
}

// call is the call of a class, with what opcodes did to its result. The zero ID stands for no
// keyword arguments, items, entries and dropped calls: none of them is ever the cell None.
type call struct {
	fn, args ID
	kwargs   ID // a dict
	state    ID // the argument of BUILD
	items    ID // a list of what APPEND, APPENDS and ADDITEMS added
	dropped  ID // a list of calls whose results were popped
	entries  ID // a dict of what SETITEM and SETITEMS added, with keys as they came
	slot     uint32
	form     Form
	hasState bool
}

// Form says which opcode made a call.
type Form uint8

// The forms of a call.
const (
	FormReduce Form = iota
	FormNewObj
	FormNewObjEx
	FormInst
	FormObj
)
