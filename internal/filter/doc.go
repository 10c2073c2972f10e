// Package filter encodes and decodes chunks of arrays with the filters of HDF5, some of which Zarr
// has too: single filters and pipelines of them. It does not read files; its callers find the
// chunks and their filters.
//
// The content of a chunk is not trusted. A length in it is compared with the bytes that are there,
// and with the size that follows from the shape of the dataset, before memory is allocated. No
// input makes a filter panic, or run for longer than in proportion to the input and output.
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
// Errors name other registered filters, such as blosc2 (32026), of which Go has no maintained
// library.
//
// # Specifications
//
// HDF5 File Format Specification, IV.A.2.l "The Data Storage - Filter Pipeline Message"; the
// registry of filters of The HDF Group; for each filter the reference in its file.
package filter
