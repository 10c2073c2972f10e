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

// fixtures returns all of them.
func fixtures(t testing.TB) []fixture.Fixture {
	t.Helper()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// machine is what our Unpickler and gopickle's have in common.
type machine interface{ Load() (any, error) }

// load reads a fixture with our machine; several pickles give a list.
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
	return loadEach(u, f.Several)
}

func loadEach(u machine, several bool) (any, error) {
	if !several {
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

func tuple(items ...any) *types.Tuple { return types.NewTupleFromSlice(items) }

func list(items ...any) *types.List { return types.NewListFromSlice(items) }

func dict(pairs ...any) *types.Dict {
	d := types.Dict{}
	for i := 0; i < len(pairs); i += 2 {
		d.Set(pairs[i], pairs[i+1])
	}
	return &d
}

// class resolves "module.name".
func class(t testing.TB, module, name string) reconstruct.Class {
	t.Helper()
	v, err := reconstruct.FindClass(module, name)
	if err != nil {
		t.Fatal(err)
	}
	c, ok := v.(reconstruct.Class)
	if !ok {
		t.Fatalf("%s.%s is not known", module, name)
	}
	return c
}

// call is REDUCE of a global, and BUILD where there is a state.
func call(t testing.TB, module, name string, args []any, state ...any) (any, error) {
	t.Helper()
	v, err := class(t, module, name).Call(args...)
	if err != nil || len(state) == 0 {
		return v, err
	}
	return v, v.(types.PyStateSettable).PySetState(state[0])
}

// made returns the value of a call that is part of a test's setup.
func made(t testing.TB) func(v any, err error) any {
	return func(v any, err error) any {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
