package pickle

import (
	"bytes"
	"errors"
	"github.com/unpkl/unpkl/internal/opcode"
	"io"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/fixture"
)

// dumpAt returns v as a pickle of the given protocol.
func dumpAt(t *testing.T, v any, protocol int) []byte {
	t.Helper()
	var b bytes.Buffer
	p := NewPickler(&b)
	p.Protocol = ProtocolOf(protocol)
	if err := p.Dump(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// rewrite reads every pickle of a fixture without hooks, and writes it again at the same protocol.
func rewrite(t *testing.T, f fixture.Fixture, data []byte) []byte {
	t.Helper()
	u := NewUnpicklerBytes(data)
	u.Encoding = EncodingKeep
	buffers := 0
	u.NextBuffer = func() (any, error) {
		buffers++
		return &Buffer{Data: []byte{byte(buffers)}}, nil
	}
	u.MakeReadOnly = func(v any) (any, error) {
		v.(*Buffer).ReadOnly = true
		return v, nil
	}
	var out bytes.Buffer
	p := NewPickler(&out)
	p.Protocol = ProtocolOf(f.Protocol)
	p.BufferCallback = func(*Buffer) (bool, error) { return false, nil }
	for {
		v, err := u.Load()
		if errors.Is(err, io.EOF) {
			return out.Bytes()
		}
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		if err := p.Dump(v); err != nil {
			t.Fatalf("%v: %v", f, err)
		}
	}
}

// differs returns the reason why a fixture is not written again with the same bytes, or "" if it
// must be.
func differs(f fixture.Fixture, data []byte) string {
	switch {
	case f.Producer == "legacy":
		return "not written by a pickler"
	case strings.HasPrefix(f.Producer, "py2"):
		return "Python 2 leaves objects out of the memo that nothing else refers to"
	case f.Producer == "py36-np111" && f.Protocol < 2:
		return "Python before 3.7 writes small ints of protocols 0 and 1 otherwise"
	case strings.HasPrefix(f.Producer, "py313") && f.Protocol < 4 &&
		bytes.Contains(data, []byte("getattr\n")):
		return "Python 3.13 does not memoize the parts of a nested name"
	}
	return ""
}

// TestRewriteFixtures reads what CPython wrote, without knowing any class, and writes it again. The
// bytes must be the same.
func TestRewriteFixtures(t *testing.T) {
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	same, reasons := 0, map[string]int{}
	for _, f := range all {
		data, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		got := rewrite(t, f, data)
		if bytes.Equal(got, data) {
			same++
			continue
		}
		why := differs(f, data)
		if why == "" {
			t.Errorf("%v: other bytes: %s", f, firstDifference(got, data))
		}
		reasons[why]++
	}
	t.Logf("%d of %d fixtures byte for byte; others: %v", same, len(all), reasons)
	if same < len(all)/2 {
		t.Errorf("only %d of %d are the same", same, len(all))
	}
}

// firstDifference describes the first difference between got and want.
func firstDifference(got, want []byte) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	cut := func(b []byte) []byte { return b[max(0, i-20):min(len(b), i+20)] }
	return strings.Join([]string{
		"after a common part, got ", opcode.Quote(cut(got)), ", want ", opcode.Quote(cut(want)),
	}, "")
}

// TestRewriteOtherProtocols writes every fixture at every protocol, reads the result, and writes it
// once more. The bytes must be the same both times.
func TestRewriteOtherProtocols(t *testing.T) {
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		data, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		u := NewUnpicklerBytes(data)
		u.Encoding = EncodingKeep
		u.NextBuffer = func() (any, error) { return []byte{1, 2}, nil }
		v, err := u.Load()
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		for protocol := range int(HighestProtocol) + 1 {
			first := dumpAt(t, v, protocol)
			u := NewUnpicklerBytes(first)
			u.Encoding = EncodingKeep
			again, err := u.Load()
			if err != nil {
				t.Fatalf("%v at protocol %d: %v", f, protocol, err)
			}
			second := dumpAt(t, again, protocol)
			if !bytes.Equal(first, second) {
				t.Errorf("%v at protocol %d: %s", f, protocol, firstDifference(second, first))
			}
		}
	}
}
