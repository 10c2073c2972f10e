// Package hdf5 reads HDF5 files in pure Go, as h5py, PyTables, pandas, netCDF-4, MATLAB and
// HDF5's own library write them.
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
// [NewReader] reads from any io.ReaderAt, [NewBytes] from memory. Arrays have the dtype,
// byte order and shape of the file; see package ndarray for what can be done with them.
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
// Larger integers, floats that fit none of these and the references of HDF5 1.12 are V, their
// bytes. Fixed text that ends with a NUL or in spaces has what is behind its end replaced by
// NULs, as h5py has it. In a structured dtype that has objects the fields lie side by
// side; in every other they lie where the file has them.
//
// # Storage
//
// Data may be compact, contiguous, chunked with each of the five indexes and the old
// B-tree, virtual or in external files. Filters are those of package internal/filter;
// one that is not known is an error with its number and name. A virtual dataset with a selection
// that is unlimited has the shape that the file says, and is not extended.
//
// # Limits and security
//
// Nothing that a file says is trusted: each address and size is checked against the file
// before anything is allocated, the checksums of the format are checked, no function
// recurses on data deeper than a datatype is nested, which is at most 32 levels, and trees
// of nodes that share or contain each other end where they would be longer than the file.
// [Options] has the limits and their defaults. Other files are never opened unless
// Options.External opens them.
//
// Errors are of the type [*Error], which names the object and where in the file the wrong
// structure begins.
//
// # Specifications
//
// HDF5 File Format Specification, version 3.0. h5py: docs/special.rst, _hl/dataset.py.
package hdf5
