package reconstruct_test

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/fixture/compare"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// unpickler returns one with this package's hook and the options that Python was given for f.
func unpickler(t *testing.T, f fixture.Fixture,
	make func(data []byte) *pickle.Unpickler) *pickle.Unpickler {
	t.Helper()
	data, err := f.Data()
	if err != nil {
		t.Fatal(err)
	}
	buffers, err := f.Buffers()
	if err != nil {
		t.Fatal(err)
	}
	u := make(data)
	u.FindClass = reconstruct.FindClass
	if f.Encoding == "latin1" {
		u.Encoding = pickle.EncodingLatin1
	}
	u.NextBuffer = func() (any, error) {
		if len(buffers) == 0 {
			return nil, errors.New("no buffer is left")
		}
		b := buffers[0]
		buffers = buffers[1:]
		if b.ReadOnly {
			return b.Data, nil
		}
		return types.NewByteArrayFromSlice(b.Data), nil
	}
	return u
}

// loadAll returns the value of the one pickle, or a list of the values of several.
func loadAll(u *pickle.Unpickler, several bool) (any, error) {
	if !several {
		return u.Load()
	}
	out := types.NewList()
	for {
		v, err := u.Load()
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		out.Append(v)
	}
}

// TestFixturesEqualPython reads every fixture in three ways; what comes of it must be what Python
// reads from the same file.
func TestFixturesEqualPython(t *testing.T) {
	t.Parallel()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	ways := []struct {
		name string
		make func(data []byte) *pickle.Unpickler
	}{
		{"bytes", pickle.NewUnpicklerBytes},
		{"reader", func(data []byte) *pickle.Unpickler {
			return pickle.NewUnpickler(bytes.NewReader(data))
		}},
		{"one byte", func(data []byte) *pickle.Unpickler {
			return pickle.NewUnpickler(iotest.OneByteReader(bytes.NewReader(data)))
		}},
	}
	for _, f := range all {
		want, err := f.Value()
		if err != nil {
			t.Fatal(err)
		}
		for _, way := range ways {
			got, err := loadAll(unpickler(t, f, way.make), f.Several)
			if err == nil {
				err = compare.Equal(got, want, compare.For(f))
			}
			if err != nil {
				t.Errorf("%s from %s: %v", f, way.name, err)
				break
			}
		}
	}
}

// TestFixturesEncodings reads Python 2's files with each encoding that Python 3 offers.
func TestFixturesEncodings(t *testing.T) {
	t.Parallel()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	encodings := map[string]pickle.Encoding{
		"ASCII": pickle.EncodingASCII, "latin1": pickle.EncodingLatin1,
		"utf-8": pickle.EncodingUTF8, "bytes": pickle.EncodingBytes,
	}
	tried := 0
	for _, f := range all {
		for _, name := range fixture.Encodings {
			want, failure, ok, err := f.Encoded(name)
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				continue
			}
			tried++
			u := unpickler(t, f, pickle.NewUnpicklerBytes)
			u.Encoding = encodings[name]
			got, err := u.Load()
			switch {
			case failure != "" && err == nil:
				t.Errorf("%s with %s: no error, Python has %s", f, name, failure)
			case failure == "" && err == nil:
				err = compare.Equal(got, want, compare.Options{})
			}
			if failure == "" && err != nil {
				t.Errorf("%s with %s: %v", f, name, err)
			}
		}
	}
	if tried < 40 {
		t.Errorf("only %d tried", tried)
	}
}
