package main

import (
	"path/filepath"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
)

// getTo writes values to a file in the format that its ending names. Several values become a dict
// by their pointers.
func getTo(name string, found []lookup.Match, several bool) error {
	var v any
	if several {
		d := make(types.Dict, len(found))
		for i, m := range found {
			d[i] = types.DictEntry{Key: strings.TrimPrefix(m.At.String(), "/"), Value: m.Value}
		}
		v = &d
	} else {
		v = found[0].Value
	}
	if err := saveValue(name, v); err != nil {
		return &fileError{name, err}
	}
	return nil
}

// saveValue writes an object to a file in the format that its ending names.
func saveValue(name string, v any) error {
	if ending := strings.ToLower(filepath.Ext(name)); ending == ".npy" || ending == ".npz" {
		if a, ok := asArray(v); ok {
			v = a
		} else if a, ok := columnArray(v); ok {
			v = a
		}
	}
	return outputTo(name, func(path string) error {
		return convert.Write(path, v, convert.WithObjects(),
			convert.WithPickle(unpkl.WithExtensionCode(extensionCode)))
	})
}

// asArray returns a value as an array if it is an array, a scalar or a value that holds one array.
func asArray(v any) (*ndarray.Array, bool) {
	if s, ok := v.(*ndarray.Scalar); ok {
		return s.Array(), true
	}
	return pyvalue.ArrayOf(v)
}

// columnArray returns the array of a column if it has exactly the elements of the column.
func columnArray(v any) (*ndarray.Array, bool) {
	s, ok := v.(*frame.Series)
	if !ok || s.Values == nil || s.Valid != nil || s.Values.HasObject() {
		return nil, false
	}
	switch s.Kind {
	case frame.Numpy, frame.Datetime, frame.Timedelta:
		return s.Values, true
	}
	return nil, false
}
