// Package convert reads and writes the files in which people keep arrays and tables, and turns
// each into each: pickles, joblib's files, .npy, .npz, text, JSON, raw bytes, HDF5, safetensors,
// Arrow, Parquet, BLOBs in SQLite, folders of arrays.
//
// # Overview
//
//	v, err := convert.Read("x.npz")                // any format, told by magic number or ending
//	err = convert.Write("x.parquet", v)            // the ending says which
//	for _, f := range convert.Formats() { ... }    // what there is
//
// What lies between is one document: what the loaders of package unpkl give. That is plain values,
// or with [WithObjects] the objects that keep what only Python tells apart (a tuple from a list,
// the order of a dict). [Write] takes both.
//
// # What is kept
//
// Nothing is lost in silence. A format that cannot hold something is a [HoldError], which names the
// value, where it is, and the formats that could hold it. With [WithLossy] the format takes what
// it can, and each loss is a warning. docs/formats.md has the table of what each format
// keeps, which the tests make.
//
// Values that stand for each other in Python's libraries do so here: a list of numbers is written
// as numpy.asarray has it where a format has arrays, and a structured array, a dict of columns of
// one length or a list of records as a table where it has tables.
//
// # Files
//
// Every writer writes to a temporary file in the same folder, which takes the name when it is
// complete: whatever interrupts it, the old file is whole or the new one is. An existing SQLite
// database is changed in one transaction instead. The ending of a compression (.gz, .xz, .zst, .bz2
// when reading ...) behind that of a text, JSON, raw or pickle file is undone and done as package
// unpkl does it.
//
// # Limits and security
//
// Input is not trusted: sizes in it are checked against the file before memory is taken, names
// never lead out of a folder, nothing is executed. [WithLimits] has the limits.
package convert
