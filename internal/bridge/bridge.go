// Package bridge connects package pickle, package reconstruct and the packages that make values of
// tapes. They reach each other through its variables, so that they need not export to users what
// only they need. Each variable is set once, by an init function of the package that its comment
// names, and only read after that.
package bridge

import (
	"io"
	"reflect"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/tape"
)

// Pickle is a pickle that has been read: a tape, and the objects of its cells.
type Pickle interface {
	Tape() *tape.Tape
	// Object returns the object of a cell with everything inside it: a container of gopickle's, a
	// *pickle.Object, or what a hook returned. A shared cell becomes a Value, so that each call
	// returns the same object. Object must not be called by several goroutines at once.
	Object(id tape.ID) (any, error)
	// Bounds are the settings of the hook that returned the classes which package known knows.
	Bounds() *known.Bounds
	// Release releases the memory of the tape. Neither the tape nor the Pickle may be used
	// afterwards.
	Release()
}

// Read reads the next pickle of a *pickle.Unpickler. At the end of the input the error is io.EOF.
// Every other error is a *pickle.DecodeError; an error of the reader is inside one. Package pickle
// sets it.
var Read func(unpickler any) (Pickle, error)

// ReadPartial is Read with a partial pass for the values to which a path leads; the caller must
// call tape.Tape.CheckPartial. It reads the whole pickle if the input is a reader or something is
// counted over several pickles. again reads the same pickle once more, with another path, or as a
// whole if the path is empty. Package pickle sets it.
var ReadPartial func(unpickler any, path []tape.PathStep) (p Pickle,
	again func(path []tape.PathStep) (Pickle, error), err error)

// SetInput makes a *pickle.Unpickler read data from now on, as pickle.NewUnpicklerBytes would, with
// its present hooks and options. With nil it only drops its reference to the earlier input. Package
// pickle sets it.
var SetInput func(unpickler any, data []byte)

// KnownClass returns the code that package known has for a class which a FindClass hook returned,
// or 0, and the bounds of that hook. Package reconstruct sets it. In a program without that
// package, no class has a code.
var KnownClass = func(class any) (code uint16, bounds *known.Bounds) { return 0, nil }

// PublicError converts the error types of packages errkind and tape to those of package pickle.
// Package pickle sets it.
var PublicError = func(err error) error { return err }

// ProgramGlobal returns a pickle.Named for a class or function that the Go program names, unlike a
// pickle.Global, which a pickle names. It is written with the memo entries that CPython makes for
// names in its own code. static says that it is a type built in C. Package pickle sets it.
var ProgramGlobal func(module, name string, static bool) any

// Builder is implemented by objects that BUILD completes with data behind the opcode, or that BUILD
// replaces by another value. Both are true of joblib's array wrappers. The result replaces the
// receiver on the stack and in the memo.
type Builder interface {
	PyBuild(in Input, state any) (any, error)
}

// Input reads the input behind a BUILD. The Builder must return its errors.
type Input interface {
	// ReadPayload returns the next n bytes. They begin at a multiple of 16, or from 64 KiB on at a
	// multiple of 64, unless the input is shared and they are part of it.
	ReadPayload(n int64) ([]byte, error)
	// ReadByte returns the next byte. At the end of the input the error is of the kind
	// ErrTruncated.
	ReadByte() (byte, error)
	// LoadNested reads the pickle that follows, with a memo of its own.
	LoadNested() (any, error)
	// LoadFrom reads a pickle from another file, with the hooks and limits of this one.
	LoadFrom(r io.Reader) (any, error)
}

// Tally counts the cost of several pickles of one input, such as the members of an archive, each of
// which an Unpickler of its own reads. It is for the limits that hold for all of them together. It
// is not safe for concurrent use. The zero value has counted nothing.
type Tally struct {
	tape.Usage
	Recopied   int64 // bytes that calls copied more than once: see pickle's host_charge.go
	InputBytes int64 // bytes of the pickles that were read to their end
}

// SetTally sets the Tally of a *pickle.Unpickler, and the function that returns how many compressed
// bytes were decompressed for its input so far. Both may be nil. Package pickle sets it.
var SetTally func(unpickler any, compressed func() int64, tally *Tally)

// ReadPayload reads the next n bytes of the input of a *pickle.Unpickler, between two pickles, as
// Input.ReadPayload does. Package pickle sets it.
var ReadPayload func(unpickler any, n int64) ([]byte, error)

// NewPlans returns a cache of how Go types are written, and UsePlans gives it to a *pickle.Pickler.
// Picklers with the same Reduce and Fields hooks may share one, also in several goroutines. Package
// pickle sets both.
var (
	NewPlans func() any
	UsePlans func(pickler, plans any)
)

// ReadArrow returns the *frame.Frame of an untrusted Arrow IPC stream. Package arrowframe sets it;
// it is nil in a program without that package.
var ReadArrow func(stream []byte) (any, error)

// WriteArrow is a func(*frame.Frame) ([]byte, error) that returns an Arrow IPC stream. Package
// arrowframe sets it; it is nil in a program without that package.
var WriteArrow any

// WritePyarrow returns the object that pyarrow pickles for a *frame.Frame or *frame.Series that was
// read from pyarrow. ReadPyarrow returns the *frame.Series of a pyarrow array whose type package
// reconstruct does not read. PyarrowGeometries converts those columns of a *frame.Frame to
// geometries that are geometries according to its schema, which is given as pyarrow pickles it.
// Package arrowframe sets them; they are nil in a program without that package.
var (
	WritePyarrow      func(v any) (any, error)
	ReadPyarrow       func(v any) (any, error)
	PyarrowGeometries func(table, schema any) error
)

// Reduce returns the pickle.ReduceFunc of a Go type. Package reconstruct sets it; it is nil in a
// program without that package.
var Reduce func(t reflect.Type) func(v any, protocol int) (any, error)
