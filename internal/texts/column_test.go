package texts

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

func TestColumn(t *testing.T) {
	c := NewColumn(15_000)
	var want []any
	add := func(s string) {
		if !c.AddText([]byte(s)) {
			t.Fatalf("no room for %d bytes", len(s))
		}
		want = append(want, s)
	}
	for i := range 20_000 {
		switch i % 7 {
		case 0:
			add("")
		case 1:
			add(strings.Repeat("x", i%(MaxText+1)))
		case 2:
			c.AddOther(i)
			want = append(want, i)
		case 3:
			c.AddOther(nil)
			want = append(want, nil)
		case 4:
			c.AddAgain(i / 7 * 7)
			want = append(want, want[i/7*7])
		default:
			add(fmt.Sprint("value ", i))
		}
		if got := c.At(i); got != want[i] {
			t.Fatalf("value %d is %v while the column is filled, want %v", i, got, want[i])
		}
	}
	if got := c.Values(0, c.Len()); !reflect.DeepEqual(got, want) {
		t.Error("values differ")
	}
	if got := c.Values(100, 200); !reflect.DeepEqual(got, want[100:200]) {
		t.Error("some of the values differ")
	}
	for i, v := range want {
		s, ok := c.Text(i)
		if w, isText := v.(string); ok != isText || s != w {
			t.Fatalf("text %d is %q, %v, want %v", i, s, ok, v)
		}
	}
	if c.AddText(make([]byte, MaxText+1)) {
		t.Error("took a text that is too long")
	}
}

// TestFull: what has no room in 4 GiB is refused, not written over something else.
func TestFull(t *testing.T) {
	var c Column
	c.blocks = make([]string, maxBlocks-1)
	c.size = blockSize
	c.last.Grow(blockSize)
	n := 0
	for c.AddText(make([]byte, MaxText)) {
		n++
	}
	if n != blockSize/MaxText || c.Len() != n {
		t.Errorf("the last block took %d texts, want %d", n, blockSize/MaxText)
	}
}
