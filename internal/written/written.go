// Package written has value types with which package reconstruct and its siblings tell a
// pickle.Pickler how to write something: values that occur only once, which the memo need not find
// again, and values that are one object in CPython although they are not in Go. A
// pickle.ReduceFunc returns them among the parts of an object.
package written

import "io"

// Tuple is a tuple that occurs once. It is memoized as CPython does, but the Pickler never looks it
// up, which keeps its memo small.
type Tuple []any

// Bytes is a bytes object that occurs once, even if other values share its memory. Objects of
// length 0 and 1 are the exception: CPython has one of each.
type Bytes []byte

// Str is a str that occurs once, even if other values share its memory: text that a Python function
// makes each time it is called. The empty str and those of one Latin-1 character are the exception:
// CPython has one of each.
type Str string

// Interned is a str of which CPython has one object, such as a constant in Python code. The second
// of two equal ones is fetched from the memo. At protocols below 3, one of a single character is
// also the same object as the text form of a bytes object of one byte.
type Interned string

// Buffer is a pickle.Buffer that occurs once.
type Buffer struct {
	Data     []byte
	ReadOnly bool
}

// LargeBytes is a bytes object whose content is made while it is written. Write must write exactly
// Size bytes to w, and the same bytes each time. At protocols below 3 it is called twice, the first
// time to measure the text form.
type LargeBytes struct {
	Size  int64
	Write func(w io.Writer) error
}

// Trailer is an object with data that follows its BUILD in the stream, outside of all opcodes and
// frames. The reader of the pickle takes the data from there when it sets the object's state: see
// bridge.Builder. joblib keeps arrays in this way. Protocol 2 or higher is needed.
type Trailer struct {
	Object any // a *pickle.Object that has a state
	// Align, if it is not 0, makes the data begin at a multiple of Align bytes from the start of
	// the Dump. Opcodes without effect before the BUILD fill the gap. It is at most 4096.
	Align int
	// Size and Write are as in LargeBytes.
	Size  int64
	Write func(w io.Writer) error
}

// Constructor is the call that makes many objects, each of which then gets a state of its own: see
// Constructed. Args are constants of the program. They are written as a new tuple for each object,
// since a Python function returns a new one each time.
type Constructor struct {
	Class any
	Args  []any
}

// Constructed says how Python makes a value, as a *pickle.Object does: by the call By, and BUILD
// with State. Many values with the same By are written faster than as Objects.
type Constructed struct {
	By    *Constructor
	State Tuple
}
