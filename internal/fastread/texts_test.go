package fastread_test

import (
	"github.com/unpkl/unpkl/internal/cases"

	"bytes"
	"io"
	"reflect"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// textPickles are those of the direct cases that hold an array of text, which the machine does not make of a list.
func textPickles() (pickles [][]byte) {
	for _, data := range cases.Direct() {
		if bytes.Contains(data, []byte("_reconstruct")) && bytes.Contains(data, []byte("w69")) {
			pickles = append(pickles, data)
		}
	}
	return pickles
}

// sentences are put before an opcode of the pickles: all that may come in the way of text.
var sentences = []string{
	"N", "K\x01", "\x88", "G?\xf0\x00\x00\x00\x00\x00\x00", "\x8c\x01z", "\x8c\x01z\x94", "X\x01\x00\x00\x00z", "\x8c\x02\xc3", "\x8c\x03\xed\xa0\x80", "U\x01z",
	"]", "]\x94", "(", "((", "(e", "(Ne", "e", "a", "t", "t\x94", "b", "0", "1", "2", "h\x00", "h\x07", "j\x08\x00\x00\x00", "q\x00", "q\xff", "r\xff\xff\x00\x00", "\x94",
	"\x95\x00\x00\x00\x00\x00\x00\x00\x00", "\x95\x03\x00\x00\x00\x00\x00\x00\x00", "\x80\x05", ".", "}", "\x85", "\x86", "R", "s", "h", "\xfe", "\x96\x00\x00\x00\x00\x00\x00\x00\x00",
}

// TestTextsEdited breaks arrays of text in every place: the value or the error is the one of the general way.
func TestTextsEdited(t *testing.T) {
	t.Parallel()
	pickles := textPickles()
	if len(pickles) < 20 {
		t.Fatalf("%d pickles of text", len(pickles))
	}
	loaded, refused := 0, 0
	for k, data := range pickles {
		if testing.Short() && k%5 != 0 || len(data) > 4<<10 {
			continue
		}
		for _, at := range opcodeOffsets(t, data) {
			for i, extra := range sentences {
				if (at+i)%7 != k%7 { // each pickle has others
					continue
				}
				edited := append(append(bytes.Clone(data[:at]), extra...), data[at:]...)
				fast, err1 := unpkl.LoadBytes(edited)
				slow, err2 := unpkl.LoadBytes(edited, withoutFastPaths())
				if (err1 == nil) != (err2 == nil) || err1 != nil && err1.Error() != err2.Error() {
					t.Fatalf("pickle %d with %q at %d: fast %v, slow %v", k, extra, at, err1, err2)
				}
				if err1 != nil {
					refused++
					continue
				}
				if loaded++; !cases.Same(reflect.ValueOf(&slow), reflect.ValueOf(&fast)) {
					t.Fatalf("pickle %d with %q at %d: slow %v, fast %v", k, extra, at, slow, fast)
				}
			}
		}
	}
	t.Logf("%d pickles loaded, %d refused", loaded, refused)
	if loaded < 1000 || refused < 1000 {
		t.Errorf("only %d pickles loaded, %d refused", loaded, refused)
	}
}

// opcodeOffsets returns where the opcodes of a pickle begin, without the frames, whose lengths edits would break.
func opcodeOffsets(t *testing.T, data []byte) (offsets []int) {
	t.Helper()
	for op, err := range pickle.OpsBytes(data) {
		if err != nil {
			t.Fatal(err)
		}
		offsets = append(offsets, int(op.Offset))
	}
	return offsets
}

// TestTextsStreamed reads from readers that give little at once.
func TestTextsStreamed(t *testing.T) {
	for k, data := range textPickles() {
		want, err := unpkl.LoadBytes(data, withoutFastPaths())
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data)), iotest.HalfReader(bytes.NewReader(data))} {
			if v, err := unpkl.Load(r); err != nil || !cases.Same(reflect.ValueOf(&want), reflect.ValueOf(&v)) {
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
			if list, err := a.Objects(); err != nil || list[i] != any(text[i]) || a.T().At(i) != any(text[i]) {
				t.Errorf("objects %v, %v", list, err)
			}
		})
	}
	wg.Wait()
}

// TestTextsKept: such an array is one of text until somebody wants a list of its elements, and then the same.
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
		for e := range a.NonText() {
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
