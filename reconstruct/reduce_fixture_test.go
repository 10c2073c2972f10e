package reconstruct

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/pickle"
)

// producerOptions make the choices of the Pythons and NumPys that wrote the fixtures.
var producerOptions = map[string]ReduceOptions{
	"py36-np111":  {NumPy: Version{1, 11}, Python: Version{3, 6}},
	"py311-np126": {NumPy: Version{1, 26}, Python: Version{3, 11}},
	"py313-np2":   {NumPy: Version{2, 5}, Python: Version{3, 13}},
}

// loadAll reads every pickle of a fixture, and returns none for one that does not
// load, which is for TestFixturesLoad to tell.
func loadAll(t *testing.T, f fixture.Fixture) []any {
	t.Helper()
	data, err := f.Data()
	if err != nil {
		t.Fatal(err)
	}
	buffers, err := f.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass, u.Encoding = FindClass, pickle.EncodingKeep
	u.NextBuffer = func() (any, error) {
		b := buffers[0]
		buffers = buffers[1:]
		if b.ReadOnly {
			return b.Data, nil
		}
		return types.NewByteArrayFromSlice(b.Data), nil
	}
	var out []any
	for {
		v, err := u.Load()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Logf("%v: %v", f, err)
			return nil
		}
		out = append(out, v)
	}
}

// write writes values with the reducers of r at a protocol.
func write(vs []any, r *Reducers, protocol int, outOfBand bool) ([]byte, error) {
	var b bytes.Buffer
	p := pickle.NewPickler(&b)
	p.Protocol, p.Reduce = pickle.ProtocolOf(protocol), r.Reduce
	if outOfBand {
		p.BufferCallback = func(*pickle.Buffer) (bool, error) { return false, nil }
	}
	for _, v := range vs {
		if err := p.Dump(v); err != nil {
			return nil, err
		}
	}
	return b.Bytes(), nil
}

// differs says why a fixture does not come out as it went in, "" if it must.
func differs(f fixture.Fixture, data []byte) string {
	nested := bytes.Contains(data, []byte("getattr\n"))
	switch {
	case f.Name == "out_of_band":
		return "a buffer that is no array is in band again"
	case f.Protocol == 5 && slices.Contains([]string{"layouts", "example_mixed", "recarray"},
		f.Name):
		return "an array with gaps has none once it was read, and then takes the form with a buffer"
	case f.Producer == "py36-np111" && f.Name == "layouts":
		return "NumPy before 1.12 calls an array of one column Fortran-ordered"
	case strings.HasPrefix(f.Producer, "py313") && f.Protocol < 4 && nested:
		return "Python 3.13 does not memoize the parts of a nested name"
	case f.Producer == "py311-np126" && (f.Protocol == 2 || f.Name == "masked_others"):
		return "CPython before 3.12 has two strings of some letters"
	}
	return ""
}

// TestRewriteFixtures reads what CPython and NumPy wrote and writes it with the options
// that match the producer: the same bytes, but for what differs names.
func TestRewriteFixtures(t *testing.T) {
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	same, total, reasons := 0, 0, map[string]int{}
	for _, f := range all {
		opts, ok := producerOptions[f.Producer]
		if !ok || f.Protocol < 2 {
			continue
		}
		data, err := f.Data()
		if err != nil {
			t.Fatal(err)
		}
		buffers, err := f.Buffers()
		if err != nil {
			t.Fatal(err)
		}
		vs := loadAll(t, f)
		if vs == nil {
			continue
		}
		got, err := write(vs, NewReducers(opts), f.Protocol, len(buffers) > 0)
		if err != nil {
			t.Errorf("%v: %v", f, err)
			continue
		}
		total++
		if bytes.Equal(got, data) {
			same++
			continue
		}
		why := differs(f, data)
		if why == "" {
			t.Errorf("%v: %d other bytes, want %d", f, len(got), len(data))
		}
		reasons[why]++
	}
	t.Logf("%d of %d fixtures of protocols 2 to 5 byte for byte; others: %v", same, total, reasons)
	if same*10 < total*9 {
		t.Errorf("only %d of %d are the same", same, total)
	}
}
