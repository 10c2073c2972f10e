package plain_test

import (
	"bytes"
	"io"
	"reflect"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
)

// textPickles are those of the direct cases that hold an array of text, which the machine does not
// make of a list.
func textPickles() (pickles [][]byte) {
	for _, data := range cases.FastPaths() {
		if bytes.Contains(data, []byte("_reconstruct")) && bytes.Contains(data, []byte("w69")) {
			pickles = append(pickles, data)
		}
	}
	return pickles
}

// TestTextsStreamed reads from readers that give little at once.
func TestTextsStreamed(t *testing.T) {
	for k, data := range textPickles() {
		want, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []io.Reader{bytes.NewReader(data),
			iotest.OneByteReader(bytes.NewReader(data)), iotest.HalfReader(bytes.NewReader(data))} {
			if v, err := unpkl.Load(r); err != nil ||
				!cases.Same(reflect.ValueOf(&want), reflect.ValueOf(&v)) {
				t.Errorf("pickle %d from a %T: %v, %v, want %v", k, r, v, err, want)
			}
		}
	}
}

// TestTextsShared: goroutines that read one array may each want it in another form.
func TestTextsShared(t *testing.T) {
	v, err := unpkl.LoadBytes(textPickles()[0])
	if err != nil {
		t.Fatal(err)
	}
	a := v.(*ndarray.Array)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			text, ok := a.Strings()
			if !ok || len(text) != a.Size() || a.At(i) != any(text[i]) {
				t.Errorf("%d strings, %v, element %v", len(text), ok, a.At(i))
			}
			if list, err := a.Objects(); err != nil || list[i] != any(text[i]) ||
				a.T().At(i) != any(text[i]) {
				t.Errorf("objects %v, %v", list, err)
			}
		})
	}
	wg.Wait()
}

// TestTextsKept: such an array is one of text until somebody wants a list of its elements, and then
// the same.
func TestTextsKept(t *testing.T) {
	for k, data := range textPickles() {
		v, err := unpkl.LoadBytes(data)
		if err != nil {
			t.Fatal(err)
		}
		a, ok := v.(*ndarray.Array)
		if !ok || a.NDim() != 1 {
			continue
		}
		var each []any
		for e := range a.Elements() {
			each = append(each, e)
		}
		text, all := a.Strings()
		for i, s := range text {
			if s != each[i] {
				t.Fatalf("pickle %d: string %d is %q, the element %v", k, i, s, each[i])
			}
		}
		for e := range pending.NonText(a) {
			if _, isText := e.(string); isText || all {
				t.Fatalf("pickle %d: %v is no text", k, e)
			}
		}
		list, err := a.Objects()
		if err != nil || !cases.Same(reflect.ValueOf(list), reflect.ValueOf(each)) {
			t.Fatalf("pickle %d: objects %v, elements %v, %v", k, list, each, err)
		}
		if err := a.SetAt("new", 5); err != nil || list[5] != "new" || a.At(5) != "new" {
			t.Fatalf("pickle %d: set to %v, %v, %v", k, list[5], a.At(5), err)
		}
	}
}
