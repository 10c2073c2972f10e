package pickle

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"
)

// TestDropped: calls whose results a pickle pops stay with the object that they were made for, and
// are written again as Python wrote them. The files are those of scripts/gen_dropped_cases.py.
func TestDropped(t *testing.T) {
	files, err := filepath.Glob("../testdata/dropped/*.pkl")
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

// TestDroppedCalls looks at what the calls are, also where the object was promoted before.
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
	// The hook sees the object before the setter is called for it.
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

// TestDroppedSharedCalls: a popped call that the memo gives out afterwards is written where it is
// used and nowhere else, or a chain of them would be written in the square of its length.
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
