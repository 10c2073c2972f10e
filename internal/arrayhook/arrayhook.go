// Package arrayhook lets sibling packages call functions of package ndarray that are not exported
// to users: those that build arrays in steps, as unpickling does. Package ndarray sets each
// variable once, in its init function. Package internal/pending wraps them in functions with proper
// types, which this package cannot name because ndarray imports it.
package arrayhook

import "github.com/unpkl/unpkl/internal/texts"

var (
	// NewArray takes a func(*ndarray.Array, any) error and returns a pending *ndarray.Array.
	NewArray func(class string, set any) any
	// NewDType takes a func(*ndarray.DType, any) error and returns a pending *ndarray.DType.
	NewDType func(initial, set any) any
	// NewMasked takes a func(*ndarray.Masked, any) error and returns a pending *ndarray.Masked.
	NewMasked func(class, baseClass string, set any) any
	// IsPending takes an *ndarray.Array or *ndarray.DType.
	IsPending func(v any) bool
	// SetData, SetObjects and SetTexts take a pending *ndarray.Array and its *ndarray.DType.
	SetData    func(a, dt any, shape []int, order byte, data []byte) error
	SetObjects func(a, dt any, shape []int, order byte, elems []any) error
	SetTexts   func(a, dt any, shape []int, order byte, column *texts.Column) error
	// SetSpec takes a pending *ndarray.DType and an ndarray.DTypeSpec.
	SetSpec func(d, spec any) error
	// NonText takes an *ndarray.Array.
	NonText func(a any, yield func(any) bool)
	// Repr returns the text of a number, text, bytes or None as Python's repr has it.
	Repr func(v any) string
	// NewSlab returns the slab that SlabArray takes. SlabArray returns an *ndarray.Array.
	NewSlab   func() any
	SlabArray func(slab, dt any, shape []int, order byte, data []byte) (any, error)
)
