// Package filter encodes and decodes the chunks of HDF5 datasets: each filter by itself
// and the pipeline that they form. It reads no files; package hdf5 finds the chunks and
// the filters that they went through.
//
// Nothing that a chunk says is trusted: a length in it is checked against the bytes that
// are there and against the size that the dataset's shape gives before memory is taken, and
// no input makes a filter panic or run longer than its output and input are long.
//
// # Filters
//
//	1  deflate     both ways
//	2  shuffle     both ways
//	3  fletcher32  both ways; a wrong checksum is an error
//
// # Specifications
//
// HDF5 File Format Specification, IV.A.2.l "The Data Storage - Filter Pipeline Message";
// the registry of filters of The HDF Group; for each filter what its file names.
package filter
