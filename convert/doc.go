// Package convert reads and writes the files in which people keep arrays and tables, and converts
// between them: pickles, joblib's files, .npy, .npz, text, JSON, raw bytes, HDF5, safetensors,
// Arrow, Parquet, BLOBs in SQLite, folders of arrays.
//
// # Overview
//
//	v, err := convert.Read("x.npz")              // any format, by its magic number or ending
//	err = convert.Write("x.parquet", v)          // in the format of the ending
//	for _, f := range convert.Formats() { ... }  // the formats there are
//
// Every format is read into the same kind of document, the one that the loaders of package unpkl
// return: plain values, or with [WithObjects] objects, which keep the differences that only Python
// makes (a tuple from a list, the order of a dict). [Write] takes both.
//
// # What is kept
//
// Nothing is lost in silence. If a format cannot hold a value, the error is a [HoldError], which
// names the value, its place in the document, and the formats that could hold it. With [WithLossy]
// the format keeps what it can, and each loss is a warning. The table in docs/formats.md, which the
// tests generate, says what each format keeps.
//
// Values that Python's libraries convert into each other are converted here too. Where a format has
// arrays, a list of numbers is written as numpy.asarray makes an array of it. Where a format has
// tables, a structured array, a dict of columns of one length, or a list of records is written as a
// table.
//
// # Files
//
// A writer writes to a temporary file in the same folder, and renames it when it is complete. After
// an interruption the file is therefore either the old one or the new one, never a part. An
// existing SQLite database is changed in one transaction instead. If the ending of a compression
// (.gz, .xz, .zst; .bz2 when reading) follows that of a text, JSON, raw or pickle file, the file is
// compressed and decompressed as in package unpkl.
//
// # Limits and security
//
// Input is not trusted. Sizes in a file are compared with its length before memory is allocated,
// names never lead out of a folder, and nothing is executed. [WithLimits] sets the limits.
package convert
