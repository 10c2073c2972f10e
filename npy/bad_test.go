package npy_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// withHeader makes an .npy file of version 1.0.
func withHeader(text, data string) []byte {
	b := append([]byte(npy.Magic), 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	return append(append(b, text...), data...)
}

const eight = "\x01\x02\x03\x04\x05\x06\x07\x08"

func TestBad(t *testing.T) {
	dict := func(descr, order, shape string) []byte {
		return withHeader("{'descr': "+descr+", 'fortran_order': "+order+", 'shape': "+shape+"}\n",
			eight)
	}
	version := func(major, minor byte) []byte {
		b := dict("'<i8'", "False", "(1,)")
		b[6], b[7] = major, minor
		return b
	}
	long := append([]byte(npy.Magic), 2, 0, 0xff, 0xff, 0xff, 0xff)
	many := "(" + strings.Repeat("1,", 65) + ")"
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, npy.ErrTruncated},
		{"text", []byte("name,value\n1,2\n"), npy.ErrMalformed},
		{"other magic", []byte("\x93NUMPX\x01\x00\x02\x00{}"), npy.ErrMalformed},
		{"short other magic", []byte("\x93NUX"), npy.ErrMalformed},
		{"half a magic", []byte("\x93NU"), npy.ErrTruncated},
		{"version 0.0", version(0, 0), npy.ErrUnsupported},
		{"version 1.1", version(1, 1), npy.ErrUnsupported},
		{"version 4.0", version(4, 0), npy.ErrUnsupported},
		{"no header length", []byte(npy.Magic + "\x01\x00\x02"), npy.ErrTruncated},
		{"header of 4 GB", long, npy.ErrLimit},
		{"header ends early", withHeader("{'descr': '<i8', 'fort", "")[:20], npy.ErrTruncated},
		{"no dictionary", withHeader("('<i8', False, (1,))", eight), npy.ErrMalformed},
		{"dictionary does not end",
			withHeader("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)", eight),
			npy.ErrMalformed},
		{"string does not end", withHeader("{'descr': '<i8", eight), npy.ErrMalformed},
		{"string ends in a backslash", withHeader(`{'descr': '<i8\`, eight), npy.ErrMalformed},
		{"bracket does not end", withHeader("{'descr': [('a', '<i8'", eight), npy.ErrMalformed},
		{"empty dictionary", withHeader("{}", eight), npy.ErrMalformed},
		{"missing key", withHeader("{'descr': '<i8', 'shape': (1,)}", eight), npy.ErrMalformed},
		{"unknown key",
			withHeader("{'descr': '<i8', 'fortran_order': False, 'shape': (1,), 'x': 1}", eight),
			npy.ErrMalformed},
		{"key that is no string", withHeader("{1: 2}", eight), npy.ErrMalformed},
		{"duplicate key",
			withHeader("{'descr': '<i8', 'descr': '<i8', 'fortran_order': False, 'shape': (1,)}",
				eight), npy.ErrMalformed},
		{"text behind", withHeader("{'descr': '<i8', 'fortran_order': False, 'shape': (1,)} + {}",
			eight), npy.ErrMalformed},
		{"expression for descr", dict("__import__('os').system('id')", "False", "(1,)"),
			npy.ErrMalformed},
		{"expression in shape", dict("'<i8'", "False", "(2-1,)"), npy.ErrMalformed},
		{"call in shape", dict("'<i8'", "False", "tuple([1])"), npy.ErrMalformed},
		{"order 1", dict("'<i8'", "1", "(1,)"), npy.ErrMalformed},
		{"order None", dict("'<i8'", "None", "(1,)"), npy.ErrMalformed},
		{"shape int", dict("'<i8'", "False", "1"), npy.ErrMalformed},
		{"shape in parentheses", dict("'<i8'", "False", "(1)"), npy.ErrMalformed},
		{"shape list", dict("'<i8'", "False", "[1]"), npy.ErrMalformed},
		{"shape without comma", dict("'<i8'", "False", "(1 1)"), npy.ErrMalformed},
		{"shape of two commas", dict("'<i8'", "False", "(1,,)"), npy.ErrMalformed},
		{"shape of a comma", dict("'<i8'", "False", "(,)"), npy.ErrMalformed},
		{"negative dimension", dict("'<i8'", "False", "(-1,)"), npy.ErrMalformed},
		{"dimension True", dict("'<i8'", "False", "(True,)"), npy.ErrMalformed},
		{"dimension 01", dict("'<i8'", "False", "(01,)"), npy.ErrMalformed},
		{"dimension 1.0", dict("'<i8'", "False", "(1.0,)"), npy.ErrMalformed},
		{"dimension 1e1", dict("'<i8'", "False", "(1e1,)"), npy.ErrMalformed},
		{"dimension of 2**63", dict("'<i8'", "False", "(9223372036854775808,)"), npy.ErrMalformed},
		{"overflow", dict("'<i8'", "False", "(4611686018427387904, 4)"), npy.ErrMalformed},
		{"overflow to 0", dict("'|i1'", "False", "(4294967296, 4294967296)"), npy.ErrMalformed},
		{"overflow beside 0", dict("'<i8'", "False", "(4611686018427387904, 4, 0)"),
			npy.ErrMalformed},
		{"a petabyte", dict("'<i8'", "False", "(140737488355328,)"), npy.ErrTruncated},
		{"one element too many", dict("'<i8'", "False", "(2,)"), npy.ErrTruncated},
		{"many elements of no bytes", dict("'<U0'", "False", "(1152921504606846976,)"),
			npy.ErrLimit},
		{"65 dimensions", dict("'<i8'", "False", many), npy.ErrLimit},
		{"descr None", dict("None", "False", "(1,)"), npy.ErrMalformed},
		{"descr unknown", dict("'<q8'", "False", "(1,)"), npy.ErrMalformed},
		{"descr int", dict("8", "False", "(1,)"), npy.ErrMalformed},
		{"descr deep", dict(strings.Repeat("(", 9000)+"'<i8'"+strings.Repeat(")", 9000), "False",
			"(1,)"), npy.ErrMalformed},
		{"descr of a huge item", dict("'|V9223372036854775807'", "False", "(2,)"),
			npy.ErrMalformed},
		{"field twice", dict("[('a', '<i4'), ('a', '<i4')]", "False", "(1,)"), npy.ErrMalformed},
		{"datetime unit of zero", dict("'<M8[0s]'", "False", "(1,)"), npy.ErrMalformed},
		{"object without a hook", dict("'|O'", "False", "(1,)"), npy.ErrUnsupported},
		{"object in a field without a hook", dict("[('a', '|O')]", "False", "(1,)"),
			npy.ErrUnsupported},
	} {
		t.Run(c.name, func(t *testing.T) {
			for route, err := range map[string]error{
				"Read": second(npy.Read(bytes.NewReader(c.data), nil)),
				"stream": second(npy.Read(iotest.OneByteReader(bytes.NewReader(c.data)),
					nil)),
				"Map":        third(npy.Map(c.data, nil)),
				"Map of nil": third(npy.Map(c.data, &npy.Options{})),
				"with defaults": second(npy.Read(struct{ io.Reader }{bytes.NewReader(c.data)},
					&npy.Options{HeaderBytes: npy.DefaultHeaderBytes})),
			} {
				if !errors.Is(err, c.want) || !oneKind(err) {
					t.Errorf("%s: error %v, want %v", route, err, c.want)
				}
			}
		})
	}
}

func second(_ *ndarray.Array, err error) error       { return err }
func third(_ *ndarray.Array, _ int, err error) error { return err }

func oneKind(err error) bool {
	n := 0
	for _, kind := range []error{npy.ErrTruncated, npy.ErrMalformed, npy.ErrLimit,
		npy.ErrUnsupported} {
		if errors.Is(err, kind) {
			n++
		}
	}
	return n == 1
}

func TestLimits(t *testing.T) {
	data := withHeader("{'descr': '<i2', 'fortran_order': False, 'shape': (2, 2)}", eight)
	header := int64(len(data) - 10 - len(eight))
	for _, c := range []struct {
		name string
		opts npy.Options
		want error
	}{
		{"header at", npy.Options{HeaderBytes: header}, nil},
		{"header over", npy.Options{HeaderBytes: header - 1}, npy.ErrLimit},
		{"elements at", npy.Options{Elements: 4}, nil},
		{"elements over", npy.Options{Elements: 3}, npy.ErrLimit},
		{"dims at", npy.Options{Dims: 2}, nil},
		{"dims over", npy.Options{Dims: 1}, npy.ErrLimit},
		{"none", npy.Options{HeaderBytes: npy.NoLimit, Elements: npy.NoLimit, Dims: npy.NoLimit},
			nil},
	} {
		if _, err := npy.Read(bytes.NewReader(data), &c.opts); !errors.Is(err, c.want) {
			t.Errorf("%s: error %v, want %v", c.name, err, c.want)
		}
	}
}

// A header that claims a gigabyte costs what arrives, not what it claims.
func TestNothingAllocatedOnAClaim(t *testing.T) {
	data := withHeader("{'descr': '|i1', 'fortran_order': False, 'shape': (1073741824,)}", eight)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 8 {
		if _, err := npy.Read(struct{ io.Reader }{bytes.NewReader(data)}, nil); !errors.Is(err,
			npy.ErrTruncated) {
			t.Fatalf("error %v", err)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 8<<20 {
		t.Errorf("%d bytes allocated for 8 inputs of %d bytes", n, len(data))
	}
}

// Every prefix of a file is truncated, every changed byte is an error of a kind or
// another array.
func TestTruncatedAndFlipped(t *testing.T) {
	for _, f := range fixtures(t)[4].Files {
		if f.NPY == nil {
			continue
		}
		for n := range f.NPY {
			_, err := npy.Read(struct{ io.Reader }{bytes.NewReader(f.NPY[:n])}, nil)
			if f.Descr != "" && !errors.Is(err, npy.ErrTruncated) ||
				f.Descr == "" && (err == nil || !oneKind(err)) {
				t.Errorf("%s: first %d bytes: error %v", f.Name, n, err)
			}
		}
		for i := range min(len(f.NPY), 512) {
			flipped := bytes.Clone(f.NPY)
			flipped[i] ^= 1 << (i % 8)
			if _, _, err := npy.Map(flipped, nil); err != nil && !oneKind(err) {
				t.Errorf("%s: byte %d: error %v", f.Name, i, err)
			}
		}
	}
}

func TestReaderErrorIsKept(t *testing.T) {
	broken := errors.New("the disk is gone")
	f := fixtures(t)[0].Files[1]
	for _, n := range []int{0, 3, 8, 9, 40, len(f.NPY) - 1} {
		r := io.MultiReader(bytes.NewReader(f.NPY[:n]), iotest.ErrReader(broken))
		if _, err := npy.Read(r, nil); n > 0 && !errors.Is(err, broken) {
			t.Errorf("after %d bytes: error %v", n, err)
		}
	}
}

func FuzzReadNPY(f *testing.F) {
	for _, fix := range fixtures(f) {
		for _, file := range fix.Files {
			if file.NPY != nil {
				f.Add(file.NPY)
			}
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		a, n, err := npy.Map(data, nil)
		b, errRead := npy.Read(struct{ io.Reader }{bytes.NewReader(data)}, nil)
		if (err == nil) != (errRead == nil) {
			t.Fatalf("Map: error %v; Read: error %v", err, errRead)
		}
		if err != nil {
			if !oneKind(err) || !oneKind(errRead) {
				t.Fatalf("errors without a kind: %v, %v", err, errRead)
			}
			return
		}
		if n > len(data) {
			t.Fatalf("%d bytes of %d", n, len(data))
		}
		// What was read is written, and read again as the same.
		var buf bytes.Buffer
		if err := npy.Write(&buf, a, nil); err != nil {
			return // dtypes by dictionary have no descr
		}
		c, err := npy.Read(&buf, nil)
		if err != nil {
			t.Fatal(err)
		}
		want, _ := b.AppendBytes(nil, ndarray.OrderC)
		got, _ := c.AppendBytes(nil, ndarray.OrderC)
		if !bytes.Equal(got, want) || !c.DType().Equal(a.DType()) {
			t.Fatalf("%s %x became %s %x", a.DType(), want, c.DType(), got)
		}
	})
}
