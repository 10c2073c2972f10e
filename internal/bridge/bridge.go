// Package bridge is how packages pickle, reconstruct and those that make values of tapes reach each
// other without exporting to users what only siblings need. Each variable is set once, by the init
// function of the package that its comment names, and only read after that.
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
	// Object returns the object of a cell: gopickle's containers, *pickle.Object, and what hooks
	// returned. Each call returns the same object for the same cell, with everything that it holds.
	// From then on the cell is a Value. It must not be called by several goroutines at once.
	Object(id tape.ID) (any, error)
	// Rules are what the resolver of the classes that package known knows allows.
	Rules() *known.Rules
	// Release gives the memory of the tape back. Neither the tape nor the Pickle may be used after.
	Release()
}

// Read reads the next pickle of a *pickle.Unpickler. At the end of the input the error is io.EOF;
// every other error is a *pickle.DecodeError, or that of the reader inside one. Package pickle sets
// it.
var Read func(unpickler any) (Pickle, error)

// ReadPart is Read of a pickle of which only what the steps lead to is wanted, where the input is a
// slice and nothing has to be counted over several pickles; otherwise it is Read. See tape.Cut:
// again reads the same pickle once more, with other steps or, without any, all of it. Package
// pickle sets it.
var ReadPart func(unpickler any, steps []tape.PathStep) (p Pickle,
	again func(steps []tape.PathStep) (Pickle, error), err error)

// SetInput makes a *pickle.Unpickler read data from now on, with the hooks and options that it has,
// as one of pickle.NewUnpicklerBytes; nil lets go of the data before. Package pickle sets it.
var SetInput func(unpickler any, data []byte)

// Known returns what package known knows of a class that a FindClass hook returned, or 0, and the
// rules of its resolver. Package reconstruct sets it; where that is not linked in, no class is
// known.
var Known = func(class any) (code uint16, rules *known.Rules) { return 0, nil }

// Public returns an error of packages errkind and tape as what users of package pickle know.
// Package pickle sets it.
var Public = func(err error) error { return err }

// KnownGlobal returns a pickle.Named that stands for a class or function which the program names,
// not a pickle: it is written with the memo entries that CPython makes for a name of its own, and
// static says that it is a type that is built in C. Package pickle sets it.
var KnownGlobal func(module, name string, static bool) any

// Builder is implemented by an object for which BUILD needs the input that follows the opcode, or
// which BUILD replaces by another value: joblib's array wrappers are both. The value returned takes
// the place of the receiver on the stack and in the memo.
type Builder interface {
	PyBuild(in Input, state any) (any, error)
}

// Input is the input behind a BUILD. Its errors are those that the Builder shall return.
type Input interface {
	// ReadPayload returns the n bytes that follow, in memory that begins at a multiple of 16, and
	// of 64 from 64 KiB on; with shared input they are part of it.
	ReadPayload(n int64) ([]byte, error)
	// ReadByte returns the next byte. At the end of the input the error is of the kind
	// ErrTruncated.
	ReadByte() (byte, error)
	// LoadNested reads a complete pickle that follows, with a memo of its own, and goes on behind
	// it.
	LoadNested() (any, error)
	// LoadFrom reads a pickle of another file, with the hooks and limits of this one.
	LoadFrom(r io.Reader) (any, error)
}

// Tally counts what the pickles of one input cost, against the limits that are about all of them:
// those in an archive, where each is read by an Unpickler of its own. It is not safe for concurrent
// use. The zero value has counted nothing.
type Tally struct {
	tape.Usage
	Reused int64 // bytes that calls copied more than once: see pickle's host.charge
	Read   int64 // bytes of the pickles that are through
}

// SetCosts tells a *pickle.Unpickler how many compressed bytes the decompression of its input took
// so far, and in which Tally to count; both may be nil. Package pickle sets it.
var SetCosts func(unpickler any, compressed func() int64, tally *Tally)

// ReadPayload reads n bytes of the input of a *pickle.Unpickler, between two pickles, as the method
// of Input does. Package pickle sets it.
var ReadPayload func(unpickler any, n int64) ([]byte, error)

// NewPlans returns what remembers how Go types are written, for *pickle.Pickler values with the
// same Reduce and Fields hooks, which UsePlans gives it to; several goroutines may use it at once.
// Package pickle sets both.
var (
	NewPlans func() any
	UsePlans func(pickler, plans any)
)

// ReadArrow returns the *frame.Frame of an Arrow IPC stream, whose content it does not trust.
// Package arrowframe sets it; where that is not linked in, it is nil.
var ReadArrow func(stream []byte) (any, error)

// WriteArrow returns a *frame.Frame as an Arrow IPC stream: a func(*frame.Frame) ([]byte, error).
// Package arrowframe sets it; where that is not linked in, it is nil.
var WriteArrow any

// WritePyarrow returns a *frame.Frame or *frame.Series that was read from pyarrow as the object
// that pyarrow pickles; ReadPyarrow returns the *frame.Series of an array of pyarrow whose type
// package reconstruct does not read. PyarrowGeometries makes geometries of the columns of a
// *frame.Frame whose schema, as pyarrow pickles it, says that they are. Package arrowframe sets
// them; where that is not linked in, they are nil.
var (
	WritePyarrow      func(v any) (any, error)
	ReadPyarrow       func(v any) (any, error)
	PyarrowGeometries func(table, schema any) error
)

// Reduce says how values of a type of package reconstruct are written, which sets it; nil where
// that is not linked in.
var Reduce func(t reflect.Type) func(v any, protocol int) (any, error)
