// Package xr holds xarray's arrays with named dimensions: [Variable], [DataArray], [Dataset] and
// [DataTree]. They are what the root package's Load and Unmarshal make of such objects in a pickle,
// and Marshal writes them so that xarray, 0.11 and later, loads equal ones.
//
// A Dataset is a list of named variables, of which some are coordinates. The data of a variable is
// an *ndarray.Array, or for the coordinate that a dimension has labels by an index of package
// frame:
//
//	ds := v.(*xr.Dataset)
//	t := ds.Var("temperature")
//	a, err := t.Array()       // its elements, of shape t.Shape()
//	x := ds.Var("x").Index    // labels along the dimension "x"
//
// # What is not read
//
// The data of dask, sparse and other libraries, and of files that xarray had not read yet, stays as
// the pickle has it, in Raw. A name of a dimension or variable that is not a str makes the whole
// object one that is not read; so does an index of a class that is not pandas'.
//
// # What is not written
//
// The encoding of variables is written, that of a Dataset, DataArray and DataTree is not: neither
// are the flags that accessors and subclasses add. An index is made again by xarray.
//
// # Ownership
//
// Arrays and indexes alias the memory of the pickle that they were read from, as those of package
// frame do. Values of this package must not be modified while others read them.
package xr
