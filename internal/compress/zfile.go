package compress

import (
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/zlib"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/magic"
)

// The header of a zfile is "ZF" and the length of the content as hexadecimal text, padded with
// spaces. joblib 0.8.4 and before on Python 2 wrote one space more.
const (
	zfileMagic  = magic.ZFile
	zfileLength = 19
)

// zfileReader compares the length of the content with the length in the header, both in bytes.
type zfileReader struct {
	z    io.Reader
	want uint64
	n    uint64
}

// newZFile opens the format that joblib wrote until 0.9.
//
// Reference: joblib/numpy_pickle_compat.py, read_zfile.
func newZFile(in io.Reader) (io.Reader, error) {
	br := buffered(in)
	head := make([]byte, len(zfileMagic)+zfileLength)
	if _, err := io.ReadFull(br, head); err != nil {
		return nil, io.ErrUnexpectedEOF
	}
	text := strings.TrimRight(string(head[len(zfileMagic):]), " ")
	want, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(text, "0x"), "L"), 16, 63)
	if err != nil {
		return nil, errkind.New(errkind.ErrMalformed, "zfile: length %q", text)
	}
	if next, err := br.Peek(1); err == nil && next[0] == ' ' {
		_, _ = br.Discard(1) // it was peeked; a zlib stream never begins with a space
	}
	z, err := zlib.NewReader(br)
	if err != nil {
		return nil, err
	}
	return &zfileReader{z: z, want: want}, nil
}

func (f *zfileReader) Read(p []byte) (int, error) {
	n, err := f.z.Read(p)
	f.n += uint64(n)
	if f.n > f.want || err == io.EOF && f.n != f.want {
		return 0, errkind.New(errkind.ErrMalformed,
			"zfile: %d bytes or more where its header says %d", f.n, f.want)
	}
	return n, err
}
