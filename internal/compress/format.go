// Package compress recognises compressed pickles by their first bytes and decompresses them as a
// stream, within limits. It also compresses what is written.
//
// It knows what pandas and joblib write: gzip (several members), zlib, bzip2, xz,
// lzma "alone", zstd, LZ4 frames, a zip or tar with exactly one member (a tar also
// inside one of the others), and the "ZF" files of joblib before 0.10.
package compress

import (
	"bytes"
	"path/filepath"
	"strings"

	"github.com/unpkl/unpkl/internal/magic"
)

// Format is a compression or an archive around an input.
type Format int

// The formats. Plain is everything that is not one of the others.
const (
	Plain Format = iota
	Gzip
	Zlib
	Bzip2
	XZ
	LZMA
	Zstd
	LZ4
	Zip
	Tar
	ZFile
)

var formatNames = [...]string{"plain", "gzip", "zlib", "bzip2", "xz", "lzma", "zstd", "lz4", "zip",
	"tar", "zfile"}

// String returns the format's usual name, in lower case.
func (f Format) String() string { return formatNames[f] }

// HeadSize is the number of bytes at the start of an input that always suffice for Detect.
const HeadSize = 262

// Detect recognises the format of an input by its first bytes: HeadSize of them, or all that there
// are. No useful pickle begins with one of the prefixes: 0x1f, 0x78, 0xfd, 0x04 and 0x5a are no
// opcodes, and the other prefixes begin with an opcode that no opcode follows.
//
// Reference: joblib/numpy_pickle_utils.py, _detect_compressor; RFC 1950, 1952, 8878;
// the xz, LZMA, LZ4 frame and zip specifications; POSIX ustar.
func Detect(head []byte) Format {
	f, _ := detect(head, true)
	return f
}

// tarMagic stands at offset 257 of a POSIX or GNU tar; only V7 archives lack it.
var tarMagic = []byte("ustar")

const tarMagicOffset = 257

// detect is Detect for as much of the head as has been read. decided is false if more bytes could
// change the answer; atEnd says that there are no more.
func detect(head []byte, atEnd bool) (f Format, decided bool) {
	if len(head) == 0 {
		return Plain, atEnd
	}
	// A tar begins with a file name, which may look like any printable magic, such as zlib's or
	// bzip2's. So it is tried first.
	if mayBeTar(head) {
		if len(head) >= tarMagicOffset+len(tarMagic) {
			return Tar, true
		}
		if !atEnd {
			return Plain, false
		}
	}
	for i := range magics {
		m := &magics[i]
		if head[0] != m.prefix[0] {
			continue
		}
		n := min(len(m.prefix), len(head))
		if !bytes.Equal(head[:n], m.prefix[:n]) {
			continue
		}
		if n < len(m.prefix) {
			return Plain, atEnd
		}
		return m.format, true
	}
	if head[0] == 0x78 { // zlib: deflate with a 32 KiB window
		if len(head) < 2 {
			return Plain, atEnd
		}
		if (int(head[0])<<8|int(head[1]))%31 == 0 && head[1]&0x20 == 0 {
			return Zlib, true
		}
	}
	return Plain, true
}

var magics = []struct {
	prefix []byte
	format Format
}{
	{[]byte(magic.Gzip), Gzip},
	{[]byte(magic.Bzip2), Bzip2},
	{[]byte(magic.XZ), XZ},
	{[]byte(magic.LZMA), LZMA},
	{[]byte(magic.Zstd), Zstd},
	{[]byte(magic.LZ4), LZ4},
	{[]byte(magic.Zip), Zip},
	{[]byte(magic.ZipEnd), Zip}, // no members
	{[]byte(magic.ZFile + "0x"), ZFile},
}

// mayBeTar reports whether head can be the beginning of a tar header: a name of up to 100 bytes,
// padded with NULs, and the magic at its offset. A binary pickle fails this test at its first
// bytes, and a pickle of protocol 0 at the end of its first line.
func mayBeTar(head []byte) bool {
	const nameSize = 100
	if head[0] == 0x80 { // PROTO
		return false
	}
	name := head[:min(len(head), nameSize)]
	end := bytes.IndexByte(name, 0)
	if end < 0 {
		end = len(name)
	}
	if end == 0 || strings.IndexFunc(string(name[:end]), func(r rune) bool {
		return r < 0x20
	}) >= 0 {
		return false
	}
	if len(bytes.Trim(name[end:], "\x00")) > 0 {
		return false
	}
	if len(head) <= tarMagicOffset {
		return true
	}
	return bytes.HasPrefix(tarMagic,
		head[tarMagicOffset:min(len(head), tarMagicOffset+len(tarMagic))])
}

// FormatOf returns the format that joblib and pandas write to a file with the ending of path, in
// any case; Plain for other endings.
func FormatOf(path string) Format {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".gz":
		return Gzip
	case ".z", ".zlib":
		return Zlib
	case ".bz2":
		return Bzip2
	case ".xz":
		return XZ
	case ".lzma":
		return LZMA
	case ".zst":
		return Zstd
	case ".lz4":
		return LZ4
	case ".zip":
		return Zip
	case ".tar":
		return Tar
	}
	return Plain
}
