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
// A [Decoder] reads several arrays that follow one another in one file. Arrays keep the dtype, byte
// order, shape and order (C or Fortran) of the file; package ndarray has their methods. Files are
// written byte for byte as NumPy 1.24 and later write them.
//
// # Arrays of objects
//
// The data of an array whose dtype has Python objects (object, StringDType, structured dtypes with
// such fields) is a pickle. This package does not read pickles: set Options.Objects and
// WriteOptions.Objects, or use package unpkl. Without these hooks such arrays are an error, as with
// allow_pickle=False, NumPy's default.
//
// # Limits and security
//
// The header is a Python dictionary. A parser reads it in the forms that NumPy writes, and nothing
// is evaluated. Every value is checked before it is used: missing, duplicate or unknown keys,
// shapes that overflow, and dtypes that contradict themselves are errors. Memory for the data grows
// as it arrives, unless the input is known to be large enough. Members of an .npz must be within
// the file and must not overlap, and their names must be unique and must not lead out of a folder.
// Options has the limits and their defaults.
//
// # Specifications
//
// NumPy: numpy/lib/format.py (NEP 1), numpy/lib/npyio.py. Zip: PKWARE's APPNOTE.
package npy
