package unpkl_test

import (
	"github.com/unpkl/unpkl/audit"

	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
)

// limitRoutes are the ways in which an input is read.
var limitRoutes = map[string]func(t *testing.T, data []byte, limits unpkl.Limits) error{
	"Load": func(_ *testing.T, data []byte, limits unpkl.Limits) error {
		_, err := unpkl.Load(bytes.NewReader(data), unpkl.WithLimits(limits))
		return err
	},
	"Load of a stream": func(_ *testing.T, data []byte, limits unpkl.Limits) error {
		_, err := unpkl.Load(io.MultiReader(bytes.NewReader(data)), unpkl.WithLimits(limits))
		return err
	},
	"objects": func(_ *testing.T, data []byte, limits unpkl.Limits) error {
		_, err := unpkl.LoadBytes(data, unpkl.WithLimits(limits), unpkl.WithObjects())
		return err
	},
	"Unmarshal": func(_ *testing.T, data []byte, limits unpkl.Limits) error {
		var v any
		return unpkl.Unmarshal(data, &v, unpkl.WithLimits(limits))
	},
	"LoadFile": func(t *testing.T, data []byte, limits unpkl.Limits) error {
		_, err := unpkl.LoadFile(tempFile(t, data), unpkl.WithLimits(limits))
		return err
	},
	"Open": func(t *testing.T, data []byte, limits unpkl.Limits) error {
		f, err := unpkl.Open(tempFile(t, data), unpkl.WithLimits(limits))
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = f.Load()
		return err
	},
	"Audit": func(_ *testing.T, data []byte, limits unpkl.Limits) error {
		report, err := audit.Reader(bytes.NewReader(data), audit.WithLimits(limits))
		if err == nil {
			err = report.Err
		}
		return err
	},
	"AuditFile": func(t *testing.T, data []byte, limits unpkl.Limits) error {
		report, err := audit.File(tempFile(t, data), audit.WithLimits(limits))
		if err == nil {
			err = report.Err
		}
		return err
	},
	"JSON": func(_ *testing.T, data []byte, limits unpkl.Limits) error {
		v, err := unpkl.LoadBytes(data, unpkl.WithLimits(limits), unpkl.WithObjects())
		if err != nil {
			return err
		}
		return jsonval.NewEncoder(io.Discard, jsonval.Options{Limits: limits,
			Arrays: jsonval.ArraysValues}).Encode(v)
	},
}

func tempFile(t *testing.T, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.pkl")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// windowed is zstd with a window of 1 MiB that the input fills.
func windowed(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(1<<20), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Repeat("abcdefgh", 1<<19)
	if _, err := fmt.Fprintf(w, "X\x00\x00\x40\x00%s.", text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// float64s is a pickle of a float64 array of that shape.
func float64s(shape string, n int) string {
	return "cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R(K\x01" +
		shape +
		"cnumpy\ndtype\n\x8c\x02f8\x89\x88\x87R(K\x03\x8c\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89" +
		"B" + string([]byte{byte(8 * n), byte(8 * n >> 8), 0, 0}) + strings.Repeat("\x00", 8*n) +
		"tb."
}

// TestLimitFields reads an input at and over each limit, on each route where the limit counts.
func TestLimitFields(t *testing.T) {
	all := []string{"Load", "Load of a stream", "objects", "Unmarshal", "LoadFile", "Open", "JSON"}
	audited := append([]string{"Audit", "AuditFile"}, all...)
	streams := []string{"Load", "Load of a stream", "LoadFile"}
	deep := strings.Repeat("]", 20) + strings.Repeat("a", 19) + "."
	packed := gzipped(t, []byte("C\x0aabcdefghij."))
	tests := []struct {
		name, field string
		data        []byte
		set         func(*unpkl.Limits, int64)
		most        int64 // that the input keeps within
		routes      []string
	}{
		{"input", "InputBytes", []byte("C\x0aabcdefghij."), func(l *unpkl.Limits, n int64) {
			l.InputBytes = n
		}, 13, audited},
		{"compressed input", "InputBytes", packed, func(l *unpkl.Limits, n int64) {
			l.InputBytes = n
		}, int64(len(packed)), []string{"Load", "Unmarshal", "LoadFile", "Open", "Audit"}},
		{"decompressed", "DecompressedBytes", packed, func(l *unpkl.Limits, n int64) {
			l.DecompressedBytes = n
		}, 13, audited},
		{"window", "WindowBytes", windowed(t), func(l *unpkl.Limits, n int64) {
			l.WindowBytes = n
		}, 1 << 20, audited},
		{"nested lists", "Depth", []byte(deep), func(l *unpkl.Limits, n int64) {
			l.Depth = int(n)
		}, 20, []string{"Load", "Load of a stream", "Unmarshal", "LoadFile", "Open", "JSON"}},
		{"objects", "Objects", []byte("](K\x01K\x02X\x01\x00\x00\x00a)e."),
			func(l *unpkl.Limits, n int64) {
				l.Objects = n
			}, 5, audited},
		{"memo", "Memo", []byte("]q\x00(K\x01q\x01K\x02q\x07q\x07K\x03q\x00e."),
			func(l *unpkl.Limits, n int64) {
				l.Memo = n
			}, 3, audited},
		{"memoize", "Memo", []byte("\x80\x04]\x94(K\x01\x94K\x02\x94e."),
			func(l *unpkl.Limits, n int64) {
				l.Memo = n
			}, 3, audited},
		{"far memo", "Memo", []byte("]r\xff\xff\xff\xff(K\x01r\x00\x00\x00\x7fe."),
			func(l *unpkl.Limits, n int64) {
				l.Memo = n
			}, 2, audited},
		{"dims", "Dims", []byte(float64s("(K\x01K\x02K\x01t", 2)), func(l *unpkl.Limits, n int64) {
			l.Dims = int(n)
		}, 3, all},
		{"elements", "Elements", []byte(float64s("K\x02K\x03\x86", 6)),
			func(l *unpkl.Limits, n int64) {
				l.Elements = n
			}, 6, all},
		{"digits", "IntDigits", []byte("I123456789012345678901234567890\n."),
			func(l *unpkl.Limits, n int64) {
				l.IntDigits = int(n)
			}, 30, audited},
		{"LONG digits", "IntDigits", []byte("L123456789012345678901234567890L\n."),
			func(l *unpkl.Limits, n int64) {
				l.IntDigits = int(n)
			}, 30, audited},
		{"str", "StringBytes", []byte("X\x0a\x00\x00\x00abcdefghij."),
			func(l *unpkl.Limits, n int64) {
				l.StringBytes = n
			}, 10, audited},
		{"short str", "StringBytes", []byte("\x8c\x0aabcdefghij."), func(l *unpkl.Limits, n int64) {
			l.StringBytes = n
		}, 10, audited},
		{"long str", "StringBytes", []byte("\x8d\x0a\x00\x00\x00\x00\x00\x00\x00abcdefghij."),
			func(l *unpkl.Limits, n int64) {
				l.StringBytes = n
			}, 10, audited},
		{"bytes", "StringBytes", []byte("B\x0a\x00\x00\x00abcdefghij."),
			func(l *unpkl.Limits, n int64) {
				l.StringBytes = n
			}, 10, audited},
		{"bytearray", "StringBytes", []byte("\x96\x0a\x00\x00\x00\x00\x00\x00\x00abcdefghij."),
			func(l *unpkl.Limits, n int64) {
				l.StringBytes = n
			}, 10, audited},
		{"py2 str", "StringBytes", []byte("U\x0aabcdefghij."), func(l *unpkl.Limits, n int64) {
			l.StringBytes = n
		}, 10, audited},
		{"STRING", "StringBytes", []byte("S'abcdefghij'\n."), func(l *unpkl.Limits, n int64) {
			l.StringBytes = n
		}, 10, audited},
		{"UNICODE", "StringBytes", []byte("Vabcdefghij\n."), func(l *unpkl.Limits, n int64) {
			l.StringBytes = n
		}, 10, audited},
		{"a key's values", "Expansion", []byte("}K\x01K\x02\x86Ns."),
			func(l *unpkl.Limits, n int64) {
				l.Expansion = n
			}, 3, []string{"Load", "Unmarshal", "LoadFile", "Open"}},
		{"JSON", "OutputBytes", []byte("](K\x01K\x02e."), func(l *unpkl.Limits, n int64) {
			l.OutputBytes = n
		}, int64(len("[1,2]\n")), []string{"JSON"}},
		{"streams", "InputBytes", []byte("C\x0aabcdefghij.junk behind the pickle"),
			func(l *unpkl.Limits, n int64) {
				l.InputBytes = n
			}, 13, streams},
	}
	for _, tt := range tests {
		for _, name := range tt.routes {
			for _, by := range []int64{1, 0, -1} {
				var limits unpkl.Limits
				tt.set(&limits, tt.most+by)
				err := limitRoutes[name](t, tt.data, limits)
				var over *unpkl.LimitError
				switch {
				case by >= 0 && err != nil:
					t.Errorf("%s, %s of %d by %s: %v", tt.name, tt.field, tt.most+by, name, err)
				case by < 0 && (!errors.As(err, &over) || over.Limit != tt.field ||
					!errors.Is(err, unpkl.ErrLimit)):
					t.Errorf("%s, %s of %d by %s: got error %v, want that limit", tt.name, tt.field,
						tt.most+by, name, err)
				}
			}
			var none unpkl.Limits
			tt.set(&none, pickle.NoLimit)
			if err := limitRoutes[name](t, tt.data, none); err != nil {
				t.Errorf("%s, no %s by %s: %v", tt.name, tt.field, name, err)
			}
		}
	}
}

// TestCompressionRatio: bytes count from 16 MiB on, and values by what they take.
func TestCompressionRatio(t *testing.T) {
	t.Parallel()
	zeros := gzipped(t, []byte("B\x00\x00\x20\x01"+strings.Repeat("\x00", 18<<20)+"."))
	small := gzipped(t, []byte("B\x00\x00\xf0\x00"+strings.Repeat("\x00", 15<<20)+"."))
	lists := gzipped(t, []byte("]("+strings.Repeat("]", 600_000)+"e."))
	fewer := gzipped(t, []byte("]("+strings.Repeat("]", 400_000)+"e."))
	numbers := gzipped(t, []byte("]("+strings.Repeat("K\x00", 1_000_000)+"e."))
	for name, tt := range map[string]struct {
		data []byte
		fits bool
	}{"18 MiB of zeros": {zeros, false}, "15 MiB of zeros": {small, true},
		"600,000 lists": {lists, false}, "400,000 lists": {fewer, true},
		"a million zeros": {numbers, true}} {
		for _, route := range []string{"Load of a stream", "Unmarshal", "Open", "Audit",
			"AuditFile"} {
			err := limitRoutes[route](t, tt.data, unpkl.Limits{CompressionRatio: 900})
			var over *unpkl.LimitError
			if tt.fits != (err == nil) || err != nil &&
				(!errors.As(err, &over) || over.Limit != "CompressionRatio") {
				t.Errorf("%s by %s: %v", name, route, err)
			}
			if err := limitRoutes[route](t, tt.data,
				unpkl.Limits{CompressionRatio: unpkl.NoLimit}); err != nil {
				t.Errorf("%s by %s without a limit: %v", name, route, err)
			}
		}
	}
}
