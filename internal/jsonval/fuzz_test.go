package jsonval_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// FuzzToJSON writes whatever loads, in every form: the output is JSON and stays
// within its limit, and what Select finds can be written too.
func FuzzToJSON(f *testing.F) {
	fixtures, err := fixture.All()
	if err != nil {
		f.Fatal(err)
	}
	for _, fx := range fixtures {
		if data, err := fx.Data(); err == nil && len(data) < 1500 &&
			(fx.Protocol == 0 || fx.Protocol == 4) {
			f.Add(data, byte(fx.Protocol))
		}
	}
	f.Add([]byte("]\x94h\x00a."), byte(4))
	f.Add([]byte("}\x94(K\x01h\x00X\x01\x00\x00\x001h\x00u."), byte(1))
	f.Add([]byte("K\x07\x85\x94h\x00\x86\x94h\x01\x86\x94h\x02\x86\x94h\x03\x86."), byte(9))
	f.Fuzz(func(t *testing.T, data []byte, form byte) {
		u := pickle.NewUnpicklerBytes(data)
		u.FindClass = reconstruct.FindClass
		u.Encoding = pickle.EncodingKeep
		v, err := u.Load()
		if err != nil {
			return
		}
		o := jsonval.Options{
			Arrays: jsonval.Arrays(form & 3), Stats: form&4 != 0, Refs: form&8 != 0,
			Indent: int(form >> 4 & 3),
			Limits: pickle.Limits{OutputBytes: 1 << 20, Depth: 200},
		}
		var out bytes.Buffer
		if err := jsonval.NewEncoder(&out, o).Encode(v); err == nil && !json.Valid(out.Bytes()) {
			t.Fatalf("not JSON: %.500s", out.Bytes())
		}
		if out.Len() > 1<<20 {
			t.Fatalf("%d bytes", out.Len())
		}
		for _, pointer := range []jsonval.Pointer{{"0"}, {"$ndarray", "data", "0"},
			{"0", "$ndarray", "dtype"}, {"args", "0"}, {"1", "state"}} {
			if part, err := jsonval.Select(v, pointer, o); err == nil {
				_ = jsonval.NewEncoder(io.Discard, o).Encode(part)
			}
		}
	})
}
