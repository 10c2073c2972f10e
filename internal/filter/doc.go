// Package filter encodes and decodes the chunks of arrays by the filters of HDF5, some of which
// Zarr has too: each filter by itself and the pipeline that they form. It reads no files; its
// callers find the chunks and the filters that they went through.
//
// Nothing that a chunk says is trusted: a length in it is checked against the bytes that
// are there and against the size that the dataset's shape gives before memory is taken, and
// no input makes a filter panic or run longer than its output and input are long.
//
// # Filters
//
//	1      deflate      both ways
//	2      shuffle      both ways
//	3      fletcher32   both ways; a wrong checksum is an error
//	4      szip         decoding
//	5      nbit         decoding
//	6      scaleoffset  decoding
//	307    bzip2        decoding
//	32000  lzf          both ways
//	32001  blosc        decoding
//	32004  lz4          decoding
//	32008  bitshuffle   decoding
//	32015  zstd         both ways
//
// Of other registered filters the errors have the names: blosc2 (32026), for instance, for
// which there is no library in Go that is kept.
//
// # Specifications
//
// HDF5 File Format Specification, IV.A.2.l "The Data Storage - Filter Pipeline Message";
// the registry of filters of The HDF Group; for each filter what its file names.
package filter
