// Package bridge is how packages pickle, reconstruct and those that make values of tapes reach each
// other without exporting to users what only siblings need. Each variable is set once, by the init
// function of the package that its comment names, and only read after that.
package bridge

import (
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

// Known returns what package known knows of a class that a FindClass hook returned, or 0, and the
// rules of its resolver. Package reconstruct sets it; where that is not linked in, no class is known.
var Known = func(class any) (code uint16, rules *known.Rules) { return 0, nil }

// Public returns an error of packages errkind and tape as what users of package pickle know. Package
// pickle sets it.
var Public = func(err error) error { return err }

// Reduce says how values of a type of package reconstruct are written, which sets it; nil where that is
// not linked in.
var Reduce func(t reflect.Type) func(v any, protocol int) (any, error)
