package filter

import (
	"bytes"
	"compress/bzip2"
)

// unbzip2 undoes the bzip2 filter, whose chunk is a bzip2 stream. Memory is taken as the bytes
// arrive, since few bytes of bzip2 may stand for very many.
//
// Reference: PyTables, H5Zbzip2.c.
func unbzip2(dst []byte, _ *Filter, src []byte, limit int, _ bool) ([]byte, error) {
	return readGrowing(dst, bzip2.NewReader(bytes.NewReader(src)), limit)
}
