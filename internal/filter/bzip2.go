package filter

import (
	"bytes"
	"compress/bzip2"
)

// unbzip2 decodes the bzip2 filter, whose chunk is a bzip2 stream. Memory grows as bytes arrive,
// because a few bytes of bzip2 may decompress to very many.
//
// Reference: PyTables, H5Zbzip2.c.
func unbzip2(dst []byte, _ *Filter, src []byte, limit int, _ bool) ([]byte, error) {
	return readGrowing(dst, bzip2.NewReader(bytes.NewReader(src)), limit)
}
