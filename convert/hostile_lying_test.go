package convert_test

import (
	"bytes"
	le "encoding/binary"
	"os"
	"path/filepath"
	"testing"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/frame"
)

// filled returns n numbers that do not repeat.
func filled(n int) []float64 {
	data := make([]float64, n)
	for i := range data {
		data[i] = float64(i) * 1.1
	}
	return data
}

// lyingTable returns a small table with a column of every kind whose size a file declares.
func lyingTable(t *testing.T) *frame.Frame {
	t.Helper()
	one := "ein Text"
	numbers, err1 := frame.NewSeries("numbers", filled(20))
	ints, err2 := frame.NewSeries("ints", make([]int64, 20))
	texts := make([]*string, 20)
	for i := range texts[:10] {
		texts[2*i] = &one
	}
	text, err3 := frame.NewSeries("text", texts)
	flags, err4 := frame.NewSeries("flags", make([]bool, 20))
	f, err5 := frame.New(numbers, ints, text, flags)
	for _, err := range []error{err1, err2, err3, err4, err5} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// lies calls visit with copies of a file in which one declared size is changed: each number of four
// and of eight bytes, and each varint of Thrift, the encoding of Parquet's footer and page headers.
func lies(good []byte, ending string, step int, visit func(bad []byte)) {
	for at := 0; at < len(good); at += step {
		for _, x := range []uint64{0xff, 0x7fffffff, 0xffffffff, 1 << 40, 1<<63 - 1, 1 << 63} {
			bad := bytes.Clone(good)
			var b [8]byte
			le.LittleEndian.PutUint64(b[:], x)
			copy(bad[at:], b[:4+4*min(x>>32, 1)])
			visit(bad)
		}
		if ending != ".parquet" {
			continue
		}
		for _, varint := range []string{"\xfe\xff\xff\xff\x0f", "\xfe\xff\xff\xff\xff\xff\xff\x7f",
			"\x80\x80\x80\x80\x08"} {
			bad := bytes.Join([][]byte{good[:at], []byte(varint), good[at+1:]}, nil)
			// The length of the footer stands before the last four bytes.
			size := bad[len(bad)-8 : len(bad)-4]
			if footer := le.LittleEndian.Uint32(size); at >= len(good)-8-int(footer) {
				le.LittleEndian.PutUint32(size, footer+uint32(len(varint)-1))
			}
			visit(bad)
		}
	}
}

// TestLyingSizes: a file of Parquet or Arrow that declares wrong sizes or ends early causes no
// panic and no large allocation, whether it is read whole or in parts. The test changes some bytes,
// or all of them if UNPKL_LONG is set, which takes minutes.
func TestLyingSizes(t *testing.T) {
	const limit = 64 << 20 // what the libraries take is far below, what lies claim far above
	table := lyingTable(t)
	dir := t.TempDir()
	for _, ending := range []string{".parquet", ".feather"} {
		path, to := filepath.Join(dir, "x"+ending), filepath.Join(dir, "y.csv")
		if err := convert.Write(path, table); err != nil {
			t.Fatal(err)
		}
		good, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		step := 41
		if os.Getenv("UNPKL_LONG") != "" {
			step = 1
		}
		read := func(bad []byte) {
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			n := allocated(func() {
				_, _ = convert.Read(path)
				_ = convert.File(path, to)
			})
			if n > limit {
				t.Errorf("%s: %d MB are allocated", ending, n>>20)
			}
		}
		lies(good, ending, step, read)
		for cut := 0; cut < len(good); cut += step {
			read(good[:cut])
		}
	}
}
