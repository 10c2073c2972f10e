// Package pytables reads what PyTables and pandas put into HDF5 files: arrays, tables and
// lists as PyTables gives them, and the frames and series of pandas' to_hdf, of its fixed and
// its table format.
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
// PyTables pickles what HDF5 has no type for: attributes that are lists or dicts, which
// pandas' table format cannot be read without, and objects in a VLArray, which pandas'
// fixed format has for columns of objects. This package does not read pickles: give
// Options.Unpickle, which package unpkl's LoadBytes is made for:
//
//	opts := &pytables.Options{Unpickle: func(b []byte) (any, error) { return unpkl.LoadBytes(b) }}
//
// # What is not read
//
// Panels and other formats of pandas before 1.0, sparse columns, and the indexes that
// PyTables keeps beside tables.
//
// # References
//
// PyTables: tables/atom.py, tables/attributeset.py. pandas: pandas/io/pytables.py.
package pytables
