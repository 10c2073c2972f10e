// Package xr has Go types for xarray's arrays with named dimensions: [Variable], [DataArray],
// [Dataset] and [DataTree]. Load and Unmarshal of the root package return them for such objects in
// a pickle, and Marshal writes them so that xarray 0.11 and later loads equal objects.
//
// A Dataset is a list of named variables, some of which are coordinates. The data of a variable is
// an *ndarray.Array, or, for the coordinate that labels a dimension, an index of package frame:
//
//	ds := v.(*xr.Dataset)
//	t := ds.Var("temperature")
//	a, err := t.Array()       // its elements, of shape t.Shape()
//	x := ds.Var("x").Index    // labels along the dimension "x"
//
// # What is not read
//
// Data of dask, sparse and other libraries, and of files that xarray had not read yet, is kept as
// the pickle has it, in Raw. An object with a dimension or variable whose name is not a str, or
// with an index of a class that is not pandas', is not converted.
//
// # What is not written
//
// The encoding of variables is written, that of a Dataset, DataArray or DataTree is not, nor are
// flags that accessors and subclasses add. xarray builds the indexes again.
//
// # Ownership
//
// Arrays and indexes alias the memory of the pickle that they were read from, as in package frame.
// Values of this package must not be modified while other goroutines read them.
package xr
