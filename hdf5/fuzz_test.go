package hdf5_test

import (
	"testing"

	"github.com/unpkl/unpkl/hdf5"
)

// FuzzFile reads everything of a file.
func FuzzFile(f *testing.F) {
	for _, data := range keptFiles(f, 32<<10) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) <= 1<<20 {
			exercise(t, hdf5.FixChecksums(data), small)
		}
	})
}

// FuzzDatatype parses a datatype message and plans its dtype.
func FuzzDatatype(f *testing.F) {
	for _, data := range keptFiles(f, 64<<10) {
		for _, m := range hdf5.DatatypeMessages(data) {
			f.Add(m)
		}
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		if err := hdf5.ParseDatatypeMessage(message); err != nil {
			known(t, err)
		}
	})
}

// FuzzChunkIndex walks the index of a chunked dataset.
func FuzzChunkIndex(f *testing.F) {
	for _, data := range keptFiles(f, 24<<10) {
		addrs, kinds := hdf5.ChunkIndexes(data)
		for i := range addrs {
			f.Add(data, addrs[i], kinds[i])
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, addr uint32, kind uint8) {
		if len(data) > 1<<18 {
			return
		}
		n, err := hdf5.WalkChunkIndex(hdf5.FixChecksums(data), addr, kind)
		if err != nil {
			known(t, err)
		}
		if n > 2*24*25 {
			t.Errorf("%d chunks", n)
		}
	})
}
