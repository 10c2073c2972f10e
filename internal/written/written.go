// Package written has the values by which package reconstruct and its siblings tell a
// pickle.Pickler how something is written: what occurs once, so that nobody looks for it again, and
// what is one object in CPython although Go has no objects. A pickle.ReduceFunc of theirs returns
// them among the parts of an object.
package written

import "io"

// Tuple is a tuple that occurs once. Memo entries for it are written and never looked up, which
// keeps the memo small.
type Tuple []any

// Bytes is a bytes object that occurs once, whatever else is in its memory; those of length 0 and 1
// are the interpreter's.
type Bytes []byte

// Str is a str that occurs once, whatever else is in its memory; an empty one and one of a single
// character of Latin-1 are the interpreter's. It is text that a function of Python's makes anew.
type Str string

// Interned is a str that CPython has one object of: of two equal ones the second is fetched from
// the memo. The constants of Python's own code are. One of a single character is also the same as
// the text of one-byte data at protocols below 3.
type Interned string

// Buffer is a pickle.Buffer that occurs once: the memory of a value.
type Buffer struct {
	Data     []byte
	ReadOnly bool
}

// LargeBytes is a bytes object whose content is made while it is written: Write hands exactly Size
// bytes to w, the same each time. At protocols below 3 it is called twice, the first time to learn
// how long the text form is.
type LargeBytes struct {
	Size  int64
	Write func(w io.Writer) error
}

// Trailer is an object with content that follows it in the stream, outside of all opcodes and
// frames, which whatever reads the pickle takes from there when it has set the object's state: a
// bridge.Builder. joblib keeps arrays so. It needs protocol 2 or higher.
type Trailer struct {
	Object any // a *pickle.Object that has a state
	// Align, if it is not 0, says that the content begins at a multiple of it in the stream, in
	// bytes counted from the start of the Dump; opcodes without effect before the BUILD fill the
	// gap. At most 4096.
	Align int
	// Size and Write are as those of a LargeBytes.
	Size  int64
	Write func(w io.Writer) error
}

// Constructor is a call that makes many objects, which then get their state: what a Constructed
// names. Args is a tuple of constants of the program. It is written anew for each object, as
// functions of Python's return it.
type Constructor struct {
	Class any
	Args  []any
}

// Constructed says, like a *pickle.Object, how Python makes a value: by the call of By, and then
// with the given state. A large number of them is written faster than objects are.
type Constructed struct {
	By    *Constructor
	State Tuple
}
