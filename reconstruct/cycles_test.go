package reconstruct_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// objectsArray returns an array of objects.
func objectsArray(t *testing.T, items ...any) *ndarray.Array {
	t.Helper()
	a, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{len(items)}, ndarray.OrderC, items)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestObjectsInThemselves converts objects that are parts of themselves, as the memo allows. The
// stack of a goroutine would end the process if a conversion followed them without a limit.
func TestObjectsInThemselves(t *testing.T) {
	t.Parallel()
	table := objectOf("astropy.table.table", "Table", nil)
	table.State, table.HasState = tupleOf(dictOf("a", table), dictOf()), true

	zarr := objectOf("zarr.core.array", "Array", nil)
	zarr.State, zarr.HasState = dictOf("_async_array", zarr), true

	geometries := objectOf("geopandas.array", "GeometryArray", nil)
	geometries.State, geometries.HasState = tupleOf(objectsArray(t, geometries), nil), true

	variable := objectOf("xarray.core.variable", "Variable", nil)
	adapter := objectOf("xarray.core.extension_array", "PandasExtensionArray",
		dictOf("array", variable))
	variable.State = tupleOf(nil, dictOf("_dims", tupleOf("x"), "_data", adapter, "_attrs", nil,
		"_encoding", nil))
	variable.HasState = true

	zone := objectOf("pendulum.datetime", "DateTime", nil)
	partial := objectOf("functools", "partial", nil)
	partial.State = tupleOf(objectOf("builtins", "getattr", nil,
		pickle.Global{Module: "pendulum.datetime", Name: "DateTime"}, "__new__"),
		tupleOf(pickle.Global{Module: "pendulum.datetime", Name: "DateTime"}, 2024, 1, 1, zone),
		dictOf(), nil)
	zone.Class = partial

	unit := objectOf("astropy.units.core", "CompositeUnit", nil)
	unit.State = dictOf("_scale", 1.0, "_bases", listOf(unit, unit, unit, unit), "_powers",
		listOf(1, 1, 1, 1))
	unit.HasState = true

	for name, v := range map[string]any{"table": table, "zarr": zarr, "zone": zone, "unit": unit,
		"geometries": geometries, "variable": variable} {
		p := new(reconstruct.Pandas)
		if value, ok, err := p.Convert(v); ok && err == nil && name != "geometries" {
			t.Errorf("%s: %T", name, value)
		}
		if _, _, err := p.Library(v); err != nil && !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAwkwardSharedForms has a layout of 2**50 nodes, which 50 records share.
func TestAwkwardSharedForms(t *testing.T) {
	t.Parallel()
	form := dictOf("class", "NumpyArray", "form_key", "node")
	for range 50 {
		form = dictOf("class", "RecordArray", "fields", nil, "contents", listOf(form, form))
	}
	v, ok, err := reconstruct.ReadLibrary(objectOf("awkward.highlevel", "Array",
		tupleOf(form, 1, dictOf("node-data", arrayOf([]int64{1})))))
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, err := v.(*reconstruct.Awkward).List(1 << 20); !errors.Is(err, pickle.ErrLimit) {
		t.Errorf("the error is %v", err)
	}
}

// TestBlockOfBytes has a block whose values are bytes, which cannot be the key of a map.
func TestBlockOfBytes(t *testing.T) {
	t.Parallel()
	axis := objectOf("pandas.core.indexes.base", "_new_Index", nil,
		pickle.Global{Module: "pandas.core.indexes.base", Name: "Index"},
		dictOf("data", arrayOf([]int64{0}), "name", nil))
	block := objectOf("pandas._libs.internals", "_unpickle_block", nil, []byte("x"),
		&reconstruct.Slice{Start: 0, Stop: 1, Step: 1}, 2)
	manager := objectOf("pandas.core.internals.managers", "BlockManager", nil,
		tupleOf(block), listOf(axis, axis))
	_, _, err := new(reconstruct.Pandas).Convert(objectOf("pandas.core.frame", "DataFrame",
		dictOf("_mgr", manager, "_typ", "dataframe")))
	wantError(t, err, "a bytes", "pandas values")
}

// sparseOf returns a SparseArray of one value with a fill value.
func sparseOf(fill any) *pickle.Object {
	dtype := objectOf("pandas.core.arrays.sparse.dtype", "SparseDtype",
		dictOf("_dtype", ndarray.DTypeOf[float64](), "_fill_value", fill))
	index := objectOf("pandas._libs.sparse", "IntIndex", nil, 2, arrayOf([]int32{1}))
	return objectOf("pandas.core.arrays.sparse.array", "SparseArray", dictOf("_sparse_index", index,
		"_sparse_values", arrayOf([]float64{1}), "_dtype", dtype))
}

// TestFillValueInItself has a fill value that fmt would print without end.
func TestFillValueInItself(t *testing.T) {
	t.Parallel()
	cycle := &types.List{}
	*cycle = append(*cycle, cycle)
	v, _, err := new(reconstruct.Pandas).Convert(sparseOf(cycle))
	if s, ok := v.(*frame.Series); err != nil || !ok || !strings.HasPrefix(s.DType, "Sparse[") {
		t.Errorf("%T, %v", v, err)
	}
	quantity, ok, err := reconstruct.ReadLibrary(objectOf("pint", "_unpickle_quantity", nil,
		pickle.Global{Module: "pint", Name: "Quantity"}, cycle,
		objectOf("pint.util", "UnitsContainer", tupleOf(dictOf("meter", 1), nil))))
	if err != nil || !ok || !strings.Contains(quantity.(*reconstruct.Quantity).String(), "meter") {
		t.Errorf("%T, %v", quantity, err)
	}
	node := tupleOf(tupleOf(cycle))
	for range 10 {
		node = tupleOf(node)
	}
	graph := objectOf("networkx.classes.graph", "Graph", dictOf("_node",
		&types.Dict{{Key: node, Value: dictOf()}}, "_adj", &types.Dict{}))
	if _, ok, err := reconstruct.ReadLibrary(graph); !ok || err != nil {
		t.Errorf("a graph: %v, %v", ok, err)
	}
}

// TestPatternClasses: an escaped bracket does not belong to the syntax of a class, so that what
// follows the class is still checked.
func TestPatternClasses(t *testing.T) {
	t.Parallel()
	for _, pattern := range []string{`[\[]$`, `[\^]$`, `[^\[]$`, `[]a]$`, `[^]a]$`} {
		p := &reconstruct.Pattern{Pattern: pattern, Bytes: true}
		if re, err := p.Regexp(); !errors.Is(err, pickle.ErrUnsupported) {
			t.Errorf("%s gives %v, %v", pattern, re, err)
		}
	}
}
