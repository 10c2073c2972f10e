package main

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/table"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// getTo writes what was found to a file, in the format of its ending. Several values are a dict by
// their pointers.
func getTo(s *streams, name string, found []lookup.Match, several bool) error {
	v := any(nil)
	if several {
		d := make(types.Dict, len(found))
		for i, m := range found {
			d[i] = types.DictEntry{Key: strings.TrimPrefix(m.At.String(), "/"), Value: m.Value}
		}
		v = &d
	} else {
		v = found[0].Value
	}
	var fill func(w io.Writer) error
	switch ending := strings.ToLower(filepath.Ext(name)); ending {
	case ".npy":
		a, ok := asArray(v)
		if !ok {
			return &fileError{name, fmt.Errorf("an .npy file holds an array, not %s", lookup.Kind(v))}
		}
		fill = func(w io.Writer) error { return npy.Write(w, a, nil) }
	case ".npz":
		fill = func(w io.Writer) error { return writeArchive(w, v) }
	case ".json":
		fill = func(w io.Writer) error { return jsonval.NewEncoder(w, jsonOptions(2)).Encode(v) }
	case ".csv", ".tsv":
		comma := ','
		if ending == ".tsv" {
			comma = '\t'
		}
		t, ok := table.Of(v)
		if !ok {
			return &fileError{name, fmt.Errorf("no rows are in %s", lookup.Kind(v))}
		}
		fill = func(w io.Writer) error { return t.WriteCSV(w, t.AllRows(), comma) }
	case ".pkl", ".pickle", ".gz", ".xz", ".zst", ".lz4", ".z", ".lzma":
		fill = func(w io.Writer) error {
			return unpkl.NewEncoder(w, unpkl.WithProtocol(pickle.DefaultProtocol)).Encode(v)
		}
	default:
		return usageErrorf("--output=%s: the ending is none of .npy, .npz, .json, .csv, .tsv, .pkl", name)
	}
	if err := writeOutput(s, name, fill); err != nil {
		return &fileError{name, err}
	}
	return nil
}

// asArray returns a value as an array, if it is one or the scalar or column of one.
func asArray(v any) (*ndarray.Array, bool) {
	if s, ok := v.(*ndarray.Scalar); ok {
		return s.Array(), true
	}
	return pyvalue.ArrayOf(v)
}

// writeArchive writes a dict of arrays as an .npz.
func writeArchive(w io.Writer, v any) error {
	d, ok := pyvalue.EntriesOf(v)
	if !ok {
		a, isArray := asArray(v)
		if !isArray {
			return fmt.Errorf("an .npz file holds arrays, not %s", lookup.Kind(v))
		}
		d = types.Dict{{Key: "arr_0", Value: a}} // as numpy.savez names it
	}
	z := npy.NewArchiveWriter(w, nil)
	for _, e := range d {
		a, ok := asArray(e.Value)
		if !ok {
			return fmt.Errorf("an .npz file holds arrays; %q is %s", lookup.KeyToken(e.Key), lookup.Kind(e.Value))
		}
		if err := z.Add(lookup.KeyToken(e.Key), a); err != nil {
			return err
		}
	}
	return z.Close()
}
