// Package pytables reads the HDF5 files of PyTables and pandas: arrays, tables and lists as
// PyTables returns them, and frames and series that pandas' to_hdf wrote in its fixed or table
// format.
//
// # Overview
//
//	f, err := hdf5.Open("store.h5", nil)
//	keys, err := pytables.Keys(f)            // pandas.HDFStore("store.h5").keys()
//	df, err := pytables.Frame(f, "/df", opts) // pandas.read_hdf("store.h5", "df")
//	a, err := pytables.Array(d)               // tables.open_file(...).root.x[...]
//	list, err := pytables.List(d, opts)       // of a VLArray
//
// # Pickles
//
// PyTables pickles values for which HDF5 has no type: attributes that are lists or dicts, without
// which pandas' table format cannot be read, and objects in a VLArray, which pandas' fixed format
// uses for columns of objects. This package does not read pickles itself; set Options.Unpickle, for
// example to package unpkl's LoadBytes:
//
//	opts := &pytables.Options{Unpickle: func(b []byte) (any, error) { return unpkl.LoadBytes(b) }}
//
// # What is not read
//
// Panels and other formats of pandas before 1.0, sparse columns, and the indexes that PyTables
// stores with tables.
//
// # References
//
// PyTables: tables/atom.py, tables/attributeset.py. pandas: pandas/io/pytables.py.
package pytables
