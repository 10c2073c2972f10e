package reconstruct_test

import (
	"errors"
	"io"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// load reads a fixture with the options that Python was given; several pickles
// give a list.
func load(f fixture.Fixture) (any, error) {
	data, err := f.Data()
	if err != nil {
		return nil, err
	}
	buffers, err := f.Buffers()
	if err != nil {
		return nil, err
	}
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	u.NextBuffer = nextBuffer(buffers)
	if !f.Several {
		return u.Load()
	}
	var out types.List
	for {
		v, err := u.Load()
		if errors.Is(err, io.EOF) && !errors.Is(err, pickle.ErrTruncated) {
			return &out, nil
		}
		if err != nil {
			return nil, err
		}
		out.Append(v)
	}
}

// nextBuffer is the hook for out-of-band buffers.
func nextBuffer(buffers []fixture.Buffer) func() (any, error) {
	return func() (any, error) {
		if len(buffers) == 0 {
			return nil, errors.New("no buffer is left")
		}
		b := buffers[0]
		buffers = buffers[1:]
		return types.NewByteArrayFromSlice(b.Data), nil
	}
}

func TestFixturesLoad(t *testing.T) {
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all {
		if _, err := load(f); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}
