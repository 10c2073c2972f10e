// Package npy reads and writes NumPy's own files: .npy, versions 1.0, 2.0 and 3.0 of the
// format, and .npz, stored or deflated.
//
// # Overview
//
//	a, err := npy.Read(r, nil)                  // numpy.load("x.npy")
//	a, n, err := npy.Map(window, nil)           // numpy.load("x.npy", mmap_mode=...)
//	err = npy.Write(w, a, nil)                  // numpy.save("x.npy", a)
//	z, err := npy.OpenArchive(r, size, nil)     // numpy.load("x.npz")
//	z := npy.NewArchiveWriter(w, nil)           // numpy.savez("x.npz", ...)
//
// A [Decoder] reads several arrays that stand one after another in one file. Arrays have
// the dtype, byte order, shape and order (C or Fortran) of the file; see package ndarray
// for what can be done with them. What is written is, byte for byte, what NumPy 1.24 and
// later write.
//
// # Arrays of objects
//
// The data of an array whose dtype has Python objects (object, StringDType, structured
// dtypes with such fields) is a pickle. This package does not read pickles: give
// Options.Objects and WriteOptions.Objects, or use package unpkl, which does. Without a
// hook such arrays are an error, as with allow_pickle=False, NumPy's default.
//
// # Limits and security
//
// The header is a Python dictionary. It is read by a parser of the forms that NumPy has
// written there, and nothing in it is evaluated. Everything that it says is checked
// before it is used: keys that are missing, double or unknown, shapes that overflow,
// dtypes that lie. Memory for the data grows as it arrives, unless the size of the input
// is known to hold it. Members of an .npz must lie inside the file and not overlap, and
// have names that are unique and stay in a folder. Options has the limits and their
// defaults.
//
// # Specifications
//
// NumPy: numpy/lib/format.py (NEP 1), numpy/lib/npyio.py. Zip: PKWARE's APPNOTE.
package npy
