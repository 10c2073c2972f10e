// Package zarr reads arrays of the Zarr formats 2 and 3: the metadata, and the elements from
// chunks. It works on the keys and values of a store, and does not use files or Python.
//
// The metadata is not trusted. Shapes, chunk shapes and codecs are checked, and memory is allocated
// for no more elements than the caller allows. A codec that this package does not decode is an
// error of the kind ErrUnsupported with its name.
//
// # Codecs
//
//	compressors   zlib, gzip, zstd, blosc, lz4, bz2
//	filters       shuffle, delta, vlen-utf8, vlen-bytes, crc32c
//	of format 3   bytes, transpose, sharding_indexed, and the above
//
// Reference: Zarr storage specification, version 2; Zarr core specification, version 3.
package zarr

import "github.com/unpkl/unpkl/internal/errkind"

// Store holds the values of a store by their keys.
type Store map[string][]byte

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, format, args...)
}

func unsupported(format string, args ...any) error {
	return errkind.New(errkind.ErrUnsupported, format, args...)
}
