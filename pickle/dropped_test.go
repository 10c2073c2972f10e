package pickle

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// TestDropped checks that calls whose results a pickle pops are kept with the object that they
// complete, and are written again as Python wrote them. scripts/gen_dropped_cases.py made the
// files.
func TestDropped(t *testing.T) {
	files, err := filepath.Glob("../testdata/dropped/[cs]*.pkl")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		u := NewUnpicklerBytes(data)
		v, err := u.Load()
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		var out bytes.Buffer
		p := NewPickler(&out)
		p.Protocol = ProtocolOf(u.Protocol())
		if err := p.Dump(v); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		if !bytes.Equal(out.Bytes(), data) {
			t.Errorf("%s: written differently: %q, want %q", file, out.Bytes(), data)
		}
	}
}

// TestLateItems checks that the globals of a function, which contain the function itself, are
// written after the function as dill does, and also the values of cells. dill writes the first key
// twice, so that its bytes are different; the interop tests check the meaning.
func TestLateItems(t *testing.T) {
	for _, protocol := range []int{2, 4} {
		data, err := os.ReadFile(fmt.Sprintf("../testdata/dropped/dill.p%d.pkl", protocol))
		if err != nil {
			t.Fatal(err)
		}
		var before []byte
		for range 3 {
			v, err := NewUnpicklerBytes(data).Load()
			if err != nil {
				t.Fatal(err)
			}
			lateOf(t, (*v.(*types.List))[0].(*Object))
			inner := (*v.(*types.List))[1].(*Object)
			if len(inner.Calls) != 2 || inner.Calls[0].Args[1] != "cell_contents" ||
				inner.Calls[0].Args[2] != inner {
				t.Errorf("the calls of a function that calls itself: %v", inner.Calls)
			}
			var out bytes.Buffer
			p := NewPickler(&out)
			p.Protocol = ProtocolOf(protocol)
			if err := p.Dump(v); err != nil {
				t.Fatal(err)
			}
			if data = out.Bytes(); before != nil && !bytes.Equal(before, data) {
				t.Errorf("written differently: %q, before %q", data, before)
			}
			before = data
		}
	}
}

// lateOf checks the late entries of the function called count in the fixture.
func lateOf(t *testing.T, count *Object) {
	t.Helper()
	if len(count.Calls) != 1 || count.Calls[0].Class != any(LateItems) {
		t.Fatalf("the calls of a function with its globals: %v", count.Calls)
	}
	globals, keys, ok := lateEntriesArgs(count.Calls[0])
	if !ok || globals != count.Args[1] || len(*globals) != len(keys)+1 {
		t.Fatalf("%d late keys %v", len(keys), keys)
	}
	for _, key := range keys {
		if key == "__name__" {
			t.Error("the name of the module is late")
		}
	}
	if v, _ := globals.Get("count"); v != count {
		t.Errorf("the global is %v", v)
	}
}

// TestDroppedCalls checks what the dropped calls are, also if the object was promoted before.
func TestDroppedCalls(t *testing.T) {
	data, err := os.ReadFile("../testdata/dropped/setter.p4.pkl")
	if err != nil {
		t.Fatal(err)
	}
	v, err := NewUnpicklerBytes(data).Load()
	if err != nil {
		t.Fatal(err)
	}
	items := *v.(*types.List)
	for i, item := range items {
		o := item.(*Object)
		if len(o.Calls) != 1 || o.Calls[0].Class.(Global).Name != "setter" ||
			o.Calls[0].Args[0] != any(o) {
			t.Errorf("%d: calls %v", i, o.Calls)
		}
	}
	// The hook gets the object before its setter is called.
	u := NewUnpicklerBytes([]byte(
		"\x80\x04cm\nC\n)R\x94cm\nhook\nh\x00\x85R0cm\nset\nh\x00K\x01\x86R0."))
	u.FindClass = func(module, name string) (any, error) {
		if name == "hook" {
			return hookClass{}, nil
		}
		return Global{module, name}, nil
	}
	if v, err = u.Load(); err != nil {
		t.Fatal(err)
	}
	if o := v.(*Object); len(o.Calls) != 1 || o.Calls[0].Args[1] != 1 {
		t.Errorf("calls %v", o.Calls)
	}
}

// TestDroppedSharedCalls checks that a popped call which the pickle fetches from the memo later on
// is written only where it is used. Otherwise a chain of such calls would take space quadratic in
// its length.
func TestDroppedSharedCalls(t *testing.T) {
	for name, link := range map[string]string{
		"recorded": "q\x010h\x00h\x01\x85R",
		"promoted": "q\x010cm\nhook\nh\x01\x85R0h\x00h\x01\x85R",
	} {
		data := "cm\nC\nq\x000N" + strings.Repeat(link, 1000) + "."
		u := NewUnpicklerBytes([]byte(data))
		u.FindClass = func(module, name string) (any, error) {
			if name == "hook" {
				return hookClass{}, nil
			}
			return Global{module, name}, nil
		}
		v, err := u.Load()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var out bytes.Buffer
		if err := NewPickler(&out).Dump(v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if out.Len() > 4*len(data) {
			t.Errorf("%s: %d bytes written for %d", name, out.Len(), len(data))
		}
	}
}
