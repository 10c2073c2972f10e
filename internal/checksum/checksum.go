// Package checksum computes checksums of files and arrays.
package checksum

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"hash/crc32"
	"io"
	"slices"

	"github.com/zeebo/blake3"
	"github.com/zeebo/xxh3"

	"github.com/unpkl/unpkl/internal/chunk"
	"github.com/unpkl/unpkl/ndarray"
)

// Algorithms are the names of the algorithms, the cryptographic ones last.
var Algorithms = []string{"crc32", "md5", "xxh3", "blake3", "sha256"}

// New returns a new hash of the named algorithm. ok is false if there is none of that name.
func New(name string) (h hash.Hash, ok bool) {
	switch name {
	case "crc32":
		return crc32.NewIEEE(), true
	case "md5":
		return md5.New(), true
	case "xxh3":
		return xxh3.New(), true
	case "blake3":
		return blake3.New(), true
	case "sha256":
		return sha256.New(), true
	}
	return nil, false
}

// Of returns the checksum in hexadecimal of everything that r delivers. name must be one of
// Algorithms.
func Of(name string, r io.Reader) (string, error) {
	h, _ := New(name)
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Array returns the checksum in hexadecimal of an array's elements in C order and the dtype's byte
// order, which are the bytes of a.tobytes() in Python. name must be one of Algorithms.
func Array(name string, a *ndarray.Array) (string, error) {
	h, _ := New(name)
	if _, err := a.WriteTo(h, ndarray.OrderC); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Arrays returns a function like Array for the arrays of one file. It remembers the checksums of
// large ones, to which a file may refer many times.
func Arrays(name string) func(a *ndarray.Array) (string, error) {
	known := map[*ndarray.Array]string{}
	return func(a *ndarray.Array) (string, error) {
		if sum, ok := known[a]; ok {
			return sum, nil
		}
		sum, err := Array(name, a)
		if err == nil && chunk.IsLarge(a) {
			known[a] = sum
		}
		return sum, err
	}
}

// ByLength returns the algorithms whose checksums have the given number of hexadecimal digits, the
// cryptographic ones first.
func ByLength(digits int) []string {
	var found []string
	for _, name := range slices.Backward(Algorithms) {
		if h, _ := New(name); 2*h.Size() == digits {
			found = append(found, name)
		}
	}
	return found
}
