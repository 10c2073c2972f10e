package slab

import (
	"fmt"
	"reflect"
	"runtime"
	"testing"
	"time"
)

// TestBoxes checks that boxed values are what Go's own conversions to any give, and stay so.
func TestBoxes(t *testing.T) {
	var v Values
	var blobs Slab[[]byte]
	var lists Slab[[]any]
	var got, want []any
	for i := range 5000 {
		n := i - 2500
		text := fmt.Sprint("text ", i)
		blob, list := blobs.One(24), lists.One(24)
		*blob, *list = []byte(text), []any{n, text}
		got = append(got, v.Int(n), v.Int64(int64(n)), v.Time(time.Unix(int64(n), 0).UTC()),
			v.Float(float64(i)/3), v.String(text), BoxBytes(blob), BoxList(list), Uint8(uint8(i)))
		want = append(want, n, int64(n), time.Unix(int64(n), 0).UTC(), float64(i)/3, text,
			[]byte(text), []any{n, text}, int(uint8(i)))
		if i%1000 == 0 {
			runtime.GC()
		}
	}
	runtime.GC()
	if !reflect.DeepEqual(got, want) {
		t.Error("boxed values differ")
	}
	for i := sharedMin - 2; i < sharedMax+3; i++ {
		if v.Int(i) != any(i) {
			t.Errorf("%d is %v", i, v.Int(i))
		}
	}
}

// TestMany: what is handed out is zero, apart from all else, and has no room to grow into it.
func TestMany(t *testing.T) {
	var s Slab[byte]
	var all [][]byte
	for i := range 500 {
		part := s.Many(i*3, 1)
		if len(part) != i*3 || cap(part) != i*3 {
			t.Fatalf("%d bytes with room for %d, want %d", len(part), cap(part), i*3)
		}
		for k := range part {
			if part[k] != 0 {
				t.Fatal("memory that was handed out before")
			}
			part[k] = byte(i)
		}
		all = append(all, part)
	}
	for i, part := range all {
		for _, c := range part {
			if c != byte(i) {
				t.Fatalf("part %d was written to by another", i)
			}
		}
	}
}
