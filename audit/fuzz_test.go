package audit_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/cases"
)

// limits bound the cost of one input of a fuzzer.
var limits = unpkl.Limits{Expansion: 100_000, DecompressedBytes: 1 << 20, Depth: 200,
	OutputBytes: 1 << 20}

// FuzzAudit audits any bytes: what it finds is printable, in order, inside the input, and
// covers what strict mode refuses.
func FuzzAudit(f *testing.F) {
	for _, c := range cases.All() {
		for _, data := range c.Pickles {
			if len(data) < 2048 {
				f.Add(data)
			}
		}
	}
	f.Add([]byte("\x80\x04\x8c\x06system\x94\x8c\x02os\x9400h\x01h\x00\x93\x8c\x02id\x85R."))
	f.Add([]byte("cos\nsystem\n(S'id'\ntR\xff"))
	f.Fuzz(func(t *testing.T, data []byte) {
		report, err := audit.Reader(bytes.NewReader(data), audit.WithLimits(limits))
		if err != nil {
			knownKind(t, data, err)
			return
		}
		knownKind(t, data, report.Err)
		for _, finding := range report.Findings {
			if finding.Offset < 0 || report.Compression == "" &&
				finding.Offset >= int64(len(data)) {
				t.Errorf("%q: a finding at %d", data, finding.Offset)
			}
			for _, r := range finding.Name {
				if r < ' ' || r > '~' {
					t.Errorf("%q: %q is not printable", data, finding.Name)
				}
			}
		}
		_, err = unpkl.LoadBytes(data, unpkl.WithLimits(limits), unpkl.WithStrict())
		if errors.Is(err, unpkl.ErrUnknownGlobal) && !lists(report, err) {
			t.Errorf("%q: audit finds nothing, strict mode %v", data, err)
		}
	})
}

// knownKind checks that an error of an audit is of a kind that a service can tell.
func knownKind(t *testing.T, data []byte, err error) {
	t.Helper()
	switch {
	case err == nil, errors.Is(err, unpkl.ErrMalformed), errors.Is(err, unpkl.ErrTruncated),
		errors.Is(err, unpkl.ErrLimit), errors.Is(err, unpkl.ErrUnsupported):
	default:
		t.Errorf("%q: %T of no known kind: %v", data, err, err)
	}
}

// lists reports whether an audit lists the name that strict mode refuses.
func lists(r *audit.Report, refused error) bool {
	var e *unpkl.DecodeError
	if !errors.As(refused, &e) {
		return false
	}
	for _, f := range r.Findings {
		if f.Offset == e.Offset {
			return true
		}
	}
	return false
}
