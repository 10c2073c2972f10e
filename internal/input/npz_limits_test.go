package input_test

import (
	"github.com/unpkl/unpkl/audit"

	"github.com/unpkl/unpkl/internal/cases"

	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
)

// objectMember is an .npy file with an array of n objects, the items of the list that the opcodes
// make.
func objectMember(n int, opcodes string) string {
	count := string([]byte{'J', byte(n), byte(n >> 8), byte(n >> 16), byte(n >> 24)})
	dtype := "cnumpy\ndtype\n(U\x02O8K\x00K\x01tR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x3ftb"
	return npyFile("|O", n,
		"\x80\x02cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85U\x01btR(K\x01"+
			count+"\x85"+dtype+"\x89]("+opcodes+"etb.")
}

func npyFile(descr string, n int, data string) string {
	h := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%d,), }\n", descr, n)
	return "\x93NUMPY\x01\x00" + string([]byte{byte(len(h)), byte(len(h) >> 8)}) + h + data
}

// npzOf is an .npz with a member n times.
func npzOf(t *testing.T, n int, member string, method uint16) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range n {
		w, err := z.CreateHeader(&zip.FileHeader{Name: fmt.Sprintf("%d.npy", i), Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, member); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestNPZLimits: the limits are about the whole of an archive, not about each member.
func TestNPZLimits(t *testing.T) {
	// 13 MB of values, deflated to 250 bytes
	lists := objectMember(200_000, strings.Repeat("]", 200_000))
	copies := objectMember(150, "cbuiltins\nbytearray\nq\x00B\x20\x4e\x00\x00"+
		strings.Repeat("x", 20_000)+"\x85q\x0100"+strings.Repeat("h\x00h\x01R", 150))
	zeros := npyFile("|u1", 1<<20, strings.Repeat("\x00", 1<<20))
	for _, tt := range []struct {
		name   string
		data   []byte
		limits unpkl.Limits
		field  string // "" if it loads
	}{
		{"2 members of lists", npzOf(t, 2, lists, zip.Deflate), unpkl.Limits{}, ""},
		{"3 members of lists", npzOf(t, 3, lists, zip.Deflate), unpkl.Limits{}, "CompressionRatio"},
		{"a member of copies", npzOf(t, 1, copies, zip.Deflate), unpkl.Limits{}, ""},
		{"3 members of copies", npzOf(t, 3, copies, zip.Deflate), unpkl.Limits{}, "Expansion"},
		{"3 stored members of copies", npzOf(t, 3, copies, zip.Store), unpkl.Limits{}, "Expansion"},
		{"a member and the objects that it has", npzOf(t, 1, lists, zip.Store),
			unpkl.Limits{Objects: 300_000}, ""},
		{"2 members and the objects of one", npzOf(t, 2, lists, zip.Store),
			unpkl.Limits{Objects: 300_000}, "Objects"},
		{"20 MiB of zeros", npzOf(t, 20, zeros, zip.Deflate), unpkl.Limits{}, ""},
		{"20 MiB of zeros at 800", npzOf(t, 20, zeros, zip.Deflate),
			unpkl.Limits{CompressionRatio: 800}, "CompressionRatio"},
		{"20 MiB of zeros in 19", npzOf(t, 20, zeros, zip.Deflate),
			unpkl.Limits{DecompressedBytes: 19 << 20}, "DecompressedBytes"},
		{"20 MiB of stored zeros in 19", npzOf(t, 20, zeros, zip.Store),
			unpkl.Limits{DecompressedBytes: 19 << 20}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := cases.WriteTemp(t, tt.data)
			limits := unpkl.WithLimits(tt.limits)
			for route, load := range map[string]func() (any, error){
				"Load": func() (any, error) {
					return unpkl.Load(bytes.NewReader(tt.data), limits)
				},
				"LoadBytes": func() (any, error) { return unpkl.LoadBytes(tt.data, limits) },
				"LoadFile":  func() (any, error) { return unpkl.LoadFile(path, limits) },
				"Open": func() (any, error) {
					f, err := unpkl.Open(path, limits)
					if err != nil {
						return nil, err
					}
					defer f.Close()
					if _, err := f.Load(); err != nil {
						return nil, err
					}
					return f.Load() // which counts anew
				},
			} {
				_, err := load()
				var limit *unpkl.LimitError
				if errors.As(err, &limit) {
					if limit.Limit != tt.field {
						t.Errorf("%s: %v, want %q", route, err, tt.field)
					}
				} else if err != nil || tt.field != "" {
					t.Errorf("%s: %v, want %q", route, err, tt.field)
				}
			}
		})
	}
	if r, err := audit.Reader(bytes.NewReader(npzOf(t, 5, lists, zip.Deflate))); err != nil ||
		!errors.Is(r.Err, unpkl.ErrLimit) {
		t.Errorf("Audit of 5 members of lists: %v, %v", err, r.Err)
	}
}
