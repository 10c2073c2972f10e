// Package gotypes says how values of Go types are written that no Python class corresponds to
// directly: it converts each value to an object or array.
package gotypes

import (
	"encoding"
	"math/big"
	"reflect"
	"sync"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/uuid"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// Options are the options that affect how Go types are written.
type Options struct {
	NumPy reconstruct.ReduceOptions
	Lists bool // write slices and arrays of numbers as lists
}

// Shared is what all Encoders with equal Options share.
type Shared struct {
	Reduce func(t reflect.Type) pickle.ReduceFunc
	Plans  any // a value of bridge.NewPlans
}

var (
	sharedPlain = newShared(Options{})
	sharedKinds sync.Map // Options -> *Shared
)

func newShared(kind Options) *Shared {
	s := &Shared{Plans: bridge.NewPlans()}
	s.Reduce = newReducers(kind).reduce
	return s
}

// SharedBy returns what Encoders with these Options share.
func SharedBy(kind Options) *Shared {
	if kind == (Options{}) {
		return sharedPlain
	}
	s, ok := sharedKinds.Load(kind)
	if !ok {
		s, _ = sharedKinds.LoadOrStore(kind, newShared(kind))
	}
	return s.(*Shared)
}

// reducers implements the Reduce hook for one value of Options.
type reducers struct {
	python *reconstruct.Reducers
	lists  bool
}

func newReducers(kind Options) *reducers {
	return &reducers{python: reconstruct.NewReducers(kind.NumPy), lists: kind.Lists}
}

var textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()

// reduce is the Reduce hook of a Pickler.
func (r *reducers) reduce(t reflect.Type) pickle.ReduceFunc {
	if f := r.python.Reduce(t); f != nil {
		return f
	}
	if f, ok := counterparts[t]; ok {
		return r.reduced(f)
	}
	if t.Kind() == reflect.Pointer {
		if f, ok := counterparts[t.Elem()]; ok {
			f = r.reduced(f)
			return func(v any, protocol int) (any, error) {
				return f(reflect.ValueOf(v).Elem().Interface(), protocol)
			}
		}
	}
	if t.Implements(reflect.TypeFor[pickle.Named]()) {
		return nil
	}
	if t.Implements(textMarshalerType) {
		return func(v any, _ int) (any, error) {
			text, err := v.(encoding.TextMarshaler).MarshalText()
			return string(text), err
		}
	}
	if f := arrayReducer(t); f != nil && !r.lists {
		return r.reduced(f)
	}
	return nil
}

// reduced returns a ReduceFunc that calls f, which converts a Go value to an object, and then
// reduces that object. So the Pickler gets the final result, and need not remember which object was
// created for which value.
func (r *reducers) reduced(f pickle.ReduceFunc) pickle.ReduceFunc {
	var once sync.Once
	var typ reflect.Type // of the first object that f returned; nearly always of all objects
	var next pickle.ReduceFunc
	return func(v any, protocol int) (any, error) {
		x, err := f(v, protocol)
		if err != nil {
			return nil, err
		}
		once.Do(func() {
			typ = reflect.TypeOf(x)
			next = r.python.Reduce(typ)
		})
		if next == nil || reflect.TypeOf(x) != typ {
			return x, nil
		}
		return next(x, protocol)
	}
}

// counterparts has the Go types that are plain values of Python objects, and functions that return
// the object for a plain value.
var counterparts = map[reflect.Type]pickle.ReduceFunc{
	reflect.TypeFor[time.Time](): func(v any, _ int) (any, error) {
		return reconstruct.NewDatetime(v.(time.Time)), nil
	},
	reflect.TypeFor[time.Duration](): func(v any, _ int) (any, error) {
		return reconstruct.NewTimedelta(v.(time.Duration)), nil
	},
	reflect.TypeFor[big.Int](): func(v any, _ int) (any, error) {
		i := v.(big.Int)
		return &i, nil
	},
	reflect.TypeFor[big.Rat](): func(v any, _ int) (any, error) {
		r := v.(big.Rat)
		return reconstruct.Fraction{Rat: &r}, nil
	},
	reflect.TypeFor[apd.Decimal](): func(v any, _ int) (any, error) {
		d := v.(apd.Decimal)
		return reconstruct.Decimal(d.String()), nil
	},
	reflect.TypeFor[uuid.UUID](): func(v any, _ int) (any, error) {
		return &reconstruct.UUID{ID: v.(uuid.UUID)}, nil
	},
	reflect.TypeFor[ndarray.Record](): func(v any, _ int) (any, error) {
		record := v.(ndarray.Record)
		dict := make(types.Dict, len(record.Values))
		for i, x := range record.Values {
			dict[i] = types.DictEntry{Key: record.Names[i], Value: x}
		}
		return &dict, nil
	},
}

// arrayReducer returns a ReduceFunc that converts values of type t to an array, or nil. t can be a
// slice or array of numbers, or nested slices or arrays of them.
func arrayReducer(t reflect.Type) pickle.ReduceFunc {
	depth, elem := 0, t
	for elem.Kind() == reflect.Slice || elem.Kind() == reflect.Array {
		elem = elem.Elem()
		depth++
	}
	dt := ndarray.DTypeOfKind(elem.Kind())
	if elem == reflect.TypeFor[ndarray.Float16]() {
		dt = ndarray.DTypeOf[ndarray.Float16]()
	}
	if dt == nil || depth == 0 || depth > ndarray.MaxDims ||
		t.Kind() == reflect.Slice && depth == 1 && elem.Kind() == reflect.Uint8 {
		return nil
	}
	// A []byte inside is bytes, not a row of numbers. A type with a text of its own is not a number.
	inner := t
	for range depth - 1 {
		inner = inner.Elem()
	}
	if inner.Kind() == reflect.Slice && elem.Kind() == reflect.Uint8 ||
		elem.Implements(textMarshalerType) {
		return nil
	}
	return func(v any, _ int) (any, error) { return goArray(reflect.ValueOf(v), dt, depth) }
}

// goArray returns an array that shares the memory of v, or has a copy of it if v has several
// dimensions. It returns a list if v has rows of different lengths.
func goArray(v reflect.Value, dt *ndarray.DType, depth int) (any, error) {
	if depth == 1 && v.Kind() == reflect.Slice {
		return ndarray.New(dt, []int{v.Len()}, ndarray.OrderC, memory(v))
	}
	shape, ok := shapeOf(v, depth)
	if !ok {
		list := make(types.List, v.Len())
		for i := range list {
			list[i] = v.Index(i).Interface()
		}
		return &list, nil
	}
	size := dt.ItemSize()
	for _, n := range shape {
		size *= n
	}
	return ndarray.New(dt, shape, ndarray.OrderC, appendElements(make([]byte, 0, size), v))
}

// shapeOf returns the length of v at each depth. ok is false if rows have different lengths.
func shapeOf(v reflect.Value, depth int) (shape []int, ok bool) {
	if depth == 1 {
		return []int{v.Len()}, true
	}
	shape = make([]int, depth)
	shape[0] = v.Len()
	for i := range v.Len() {
		inner, ok := shapeOf(v.Index(i), depth-1)
		if !ok {
			return nil, false
		}
		for k, n := range inner {
			if i > 0 && shape[k+1] != n {
				return nil, false
			}
			shape[k+1] = n
		}
	}
	return shape, true
}

// appendElements appends the memory of all numbers in v.
func appendElements(b []byte, v reflect.Value) []byte {
	switch v.Type().Elem().Kind() {
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			b = appendElements(b, v.Index(i))
		}
		return b
	}
	if v.Kind() == reflect.Array {
		// memory needs a slice.
		s := reflect.MakeSlice(reflect.SliceOf(v.Type().Elem()), v.Len(), v.Len())
		reflect.Copy(s, v)
		v = s
	}
	return append(b, memory(v)...)
}
