package reconstruct

import (
	"bytes"
	"cmp"
	"errors"
	"math/big"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/framehook"
	"github.com/unpkl/unpkl/pickle"
)

// isPyarrow reports whether a class belongs to pyarrow.
func isPyarrow(g pickle.Global) bool {
	return g.Module == "pyarrow" || strings.HasPrefix(g.Module, "pyarrow.")
}

// isPolars reports whether a class belongs to polars.
func isPolars(g pickle.Global) bool {
	return g.Module == "polars" || strings.HasPrefix(g.Module, "polars.")
}

// pyarrow converts an object of pyarrow: a Table or RecordBatch to a *frame.Frame, an Array or
// ChunkedArray to a *frame.Series, and a scalar to its value. It returns nil for any other object.
// Package arrowframe converts all of them to Arrow's own types.
//
// Reference: pyarrow/table.pxi, array.pxi, scalar.pxi: __reduce__.
func (p *Pandas) pyarrow(o *pickle.Object, inst namedInstance) (any, error) {
	switch inst.Class.Name {
	case "_reconstruct_table":
		return orNil(p.arrowTable(inst.Args, "pyarrow.lib.Table"))
	case "_reconstruct_record_batch":
		return orNil(p.arrowTable(inst.Args, "pyarrow.lib.RecordBatch"))
	case "_restore_array", "chunked_array":
		s, err := p.arrowColumn(o)
		if err != nil {
			return nil, err
		}
		if s.Class = "pyarrow.lib.Array"; inst.Class.Name == "chunked_array" {
			s.Class = "pyarrow.lib.ChunkedArray"
		}
		framehook.SetOrigin(s, typeOfArrow(o))
		return s, nil
	case "scalar":
		if len(inst.Args) == 2 {
			return arrowScalar(inst.Args[0]), nil
		}
	}
	return nil, nil
}

// arrowScalar returns the value of a scalar as pyarrow stores it: a number, text, a time, a list,
// the dict of a struct, or PandasNull for None. It returns nil for any other value.
func arrowScalar(v any) any {
	switch v := v.(type) {
	case nil:
		return PandasNull("None")
	case bool, int, *big.Int, float64, string, []byte, *Datetime, *Date, *Time, Timedelta, Decimal,
		*UUID:
		return v
	case *types.List:
		if v != nil {
			return v
		}
	case *types.Dict:
		if v != nil {
			return v
		}
	}
	return nil
}

// typeOfArrow returns the type of an Array or ChunkedArray, or nil if the pickle does not contain
// it.
func typeOfArrow(o *pickle.Object) any {
	if o.ClassName() == "pyarrow.lib._restore_array" {
		if t, ok := argument(o.Args, 0).(*types.Tuple); ok && t != nil && len(*t) > 0 {
			return (*t)[0]
		}
		return nil
	}
	if typ := argument(o.Args, 1); typ != nil {
		return typ
	}
	chunks, _ := items(argument(o.Args, 0))
	if first, ok := argument(chunks, 0).(*pickle.Object); ok &&
		first.ClassName() == "pyarrow.lib._restore_array" {
		return typeOfArrow(first)
	}
	return nil
}

// arrowColumn converts an Array or ChunkedArray, with the help of package arrowframe if it is
// linked in.
func (p *Pandas) arrowColumn(v any) (*frame.Series, error) {
	s, err := p.arrowSeries(v)
	if !errors.Is(err, pickle.ErrUnsupported) || bridge.ReadPyarrow == nil {
		return s, err
	}
	read, readErr := bridge.ReadPyarrow(v)
	if other, ok := read.(*frame.Series); ok && readErr == nil {
		return other, nil
	}
	if readErr != nil && !errors.Is(readErr, pickle.ErrUnsupported) {
		return nil, readErr
	}
	return nil, err
}

// arrowSeries converts an Array or ChunkedArray of a type that this package supports.
func (p *Pandas) arrowSeries(v any) (*frame.Series, error) {
	chunks, typ, err := p.arrowChunks(v)
	if err != nil {
		return nil, err
	}
	parts := make([]*frame.Series, len(chunks))
	for i, c := range chunks {
		if parts[i], err = p.arrowData(c); err != nil {
			return nil, err
		}
		if err := parts[i].Validate(); err != nil {
			return nil, pickle.Malformed("%v", err)
		}
	}
	joined, err := joinChunks(parts)
	if err != nil {
		return nil, err
	}
	s := *joined
	s.DType = typ.String() + "[pyarrow]"
	return &s, s.Validate()
}

// arrowTable converts the columns and schema of a Table or RecordBatch.
func (p *Pandas) arrowTable(args []any, class string) (*frame.Frame, error) {
	columns, ok := items(argument(args, 0))
	schema, isObject := argument(args, 1).(*pickle.Object)
	if !ok || !isObject || len(schema.Args) == 0 {
		return nil, pickle.Malformed("a table of %s", typeName(argument(args, 0)))
	}
	fields, ok := items(schema.Args[0])
	if !ok || len(fields) != len(columns) {
		return nil, pickle.Malformed("%d columns for a schema of %d fields", len(columns),
			len(fields))
	}
	list := make([]*frame.Series, len(columns))
	for i, c := range columns {
		field, isField := fields[i].(*pickle.Object)
		if !isField || len(field.Args) < 2 {
			return nil, pickle.Malformed("a field that is %s", typeName(fields[i]))
		}
		s, err := p.arrowColumn(c)
		if errors.Is(err, pickle.ErrUnsupported) {
			s, err = opaqueArrow(c, field.Args[1])
		}
		if err != nil {
			return nil, err
		}
		if s.Name, ok = asText(field.Args[0]); !ok {
			return nil, pickle.Malformed("a field called %s", shown(field.Args[0]))
		}
		list[i] = s
	}
	f, err := frame.New(list...)
	if err != nil {
		return nil, pickle.Malformed("%v", err)
	}
	f.Class = class
	framehook.SetOrigin(f, schema)
	if d, ok := argument(schema.Args, 1).(*types.Dict); ok && len(*d) > 0 {
		f.Extra = map[string]any{"metadata": d}
	}
	if bridge.PyarrowGeometries != nil {
		err = bridge.PyarrowGeometries(f, schema)
	}
	return f, err
}

// opaqueArrow returns an opaque column for a type that package frame does not have, such as a
// union.
func opaqueArrow(v, typ any) (*frame.Series, error) {
	if bridge.ReadPyarrow == nil {
		return nil, pickle.Unsupported("an Arrow type")
	}
	read, err := bridge.ReadPyarrow(v) // checks the array and returns its length
	n, ok := read.(int)
	if !ok || err != nil && !errors.Is(err, pickle.ErrUnsupported) {
		return nil, cmp.Or(err, pickle.Unsupported("an Arrow type"))
	}
	name := "object"
	if t, isObject := typ.(*pickle.Object); isObject {
		if name, ok = asText(argument(t.Args, 0)); !ok {
			name = strings.TrimPrefix(t.ClassName(), "pyarrow.lib.")
		}
	}
	return &frame.Series{Kind: frame.Opaque, DType: name + "[pyarrow]", Raw: v, Length: n}, nil
}

// continuation is the start of an Arrow IPC stream. Before version 1 polars wrote another form.
const continuation = "\xff\xff\xff\xff"

// polars converts a DataFrame or Series of polars, whose state is an Arrow IPC stream. It returns
// nil for any other object, and if no package that reads Arrow streams is linked in.
func (p *Pandas) polars(inst namedInstance) (any, error) {
	stream, ok := inst.State.([]byte)
	if !ok || bridge.ReadArrow == nil || !bytes.HasPrefix(stream, []byte(continuation)) ||
		inst.Class.Name != "DataFrame" && inst.Class.Name != "Series" {
		return nil, nil
	}
	v, err := bridge.ReadArrow(stream)
	f, ok := v.(*frame.Frame)
	if err != nil || !ok {
		return nil, err
	}
	if inst.Class.Name == "DataFrame" {
		f.Class = inst.Class.String()
		return f, nil
	}
	if len(f.Columns) != 1 {
		return nil, pickle.Malformed("a Series of %d columns", len(f.Columns))
	}
	s := f.Columns[0]
	s.Class = inst.Class.String()
	return s, nil
}
