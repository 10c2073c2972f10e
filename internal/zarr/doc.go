// Package zarr reads arrays of the Zarr formats 2 and 3 from the keys and values of a store: the
// metadata, and the elements from chunks. It knows no files and no Python.
//
// Nothing that the metadata says is trusted: shapes, chunk shapes and codecs are checked, and
// memory is taken for no more elements than the caller allows. Codecs that are not decoded here are
// errors of the kind ErrUnsupported with their names.
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

// Store has the values of a store by their keys.
type Store map[string][]byte

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, format, args...)
}

func unsupported(format string, args ...any) error {
	return errkind.New(errkind.ErrUnsupported, format, args...)
}
