// Package hdf5 reads and writes HDF5 files in pure Go. It reads what h5py, PyTables, pandas,
// netCDF-4, MATLAB and HDF5's own library write.
//
// # Overview
//
//	f, err := hdf5.Open("x.h5", nil)                 // h5py.File("x.h5")
//	d, err := f.Dataset("/group/data")               // f["/group/data"]
//	a, err := d.Read()                               // d[...]
//	a, err = d.Slice([]int{0, 10}, []int{5, 5}, nil) // d[0:5, 10:15]
//	v, err := d.Attr("units")                        // d.attrs["units"]
//	for o, err := range f.Walk() { ... }             // f.visititems(...)
//
// [NewReader] reads from any io.ReaderAt, [NewBytes] from memory. Arrays have the dtype, byte order
// and shape of the file; package ndarray describes their use.
//
// # Types
//
//	HDF5                                   dtype             element
//	integer of 1, 2, 4, 8 bytes            int8 ... uint64   int8 ... uint64
//	integer of fewer bits                  the next size     its value
//	float of IEEE 754, x86's long double   float16 ...       Float16, float32, float64, LongDouble
//	other floats: bfloat16, VAX            the next wider    its value
//	time                                   int32, int64      int32, int64
//	fixed text                             S                 []byte
//	text of any length                     object            string
//	bitfield                               uint8 ... uint64  uint8 ... uint64
//	opaque                                 V                 []byte
//	opaque with h5py's tag NUMPY:          as the tag says
//	enum FALSE, TRUE of a byte             bool              bool
//	other enums                            their integers    see Datatype.Members
//	compound                               structured        ndarray.Record
//	compound of floats r, i; complex       complex64 ...     complex64, complex128, CLongDouble
//	array                                  its dimensions join the shape
//	sequence of any length                 object            *ndarray.Array
//	object, region reference               object            Reference, RegionReference
//
// Larger integers, floats that fit none of these, and the references of HDF5 1.12 have the dtype V
// and keep their bytes. In fixed text that ends with a NUL or is padded with spaces, the bytes
// behind the end are replaced by NULs, as in h5py. The fields of a structured dtype with objects
// follow each other without gaps; in any other structured dtype they have the offsets of the file.
//
// # Storage
//
// Data may be compact, contiguous, chunked (with any of the five indexes or the old B-tree),
// virtual, or in external files. Package internal/filter lists the filters; an unknown filter is an
// error with its number and name. A virtual dataset with an unlimited selection has the shape in
// the file, and is not extended.
//
// # Limits and security
//
// The content of a file is not trusted. Each address and size is compared with the file before
// anything is allocated, and the checksums of the format are checked. Recursion is bounded by the
// nesting of a datatype, which is at most 32 levels. Trees whose nodes share or contain each other
// end when they would be longer than the file. [Options] has the limits and their defaults. Other
// files are opened only by Options.External.
//
// Errors are of the type [*Error], which names the object and the offset in the file of the
// structure that is wrong.
//
// # Specifications
//
// HDF5 File Format Specification, version 3.0. h5py: docs/special.rst, _hl/dataset.py.
package hdf5
