package pickle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	gopickle "github.com/nlpodyssey/gopickle/pickle"
)

// records returns what CPython writes at protocol 4 for a list of n dicts such as
// {"id": 7, "name": "name7", "score": 3.5, "tags": ["a7", "b7"], "ok": True, "date":
// "2024-01-02"}, but in one frame.
func records(n int) []byte {
	var b bytes.Buffer
	str := func(s string) { b.WriteString("\x8c" + string(rune(len(s))) + s + "\x94") }
	keys := []string{"id", "name", "score", "tags", "ok", "date"}
	b.WriteString("]\x94(")
	for i := range n {
		b.WriteString("}\x94(")
		for k, key := range keys {
			if i == 0 {
				str(key)
			} else {
				// Memo: list 0, dict 1, then id 2, name 3, its value 4, score 5, ...
				b.Write([]byte{'h', byte([]int{2, 3, 5, 6, 10, 11}[k])})
			}
			switch key {
			case "id":
				b.WriteByte('J')
				b.Write(binary.LittleEndian.AppendUint32(nil, uint32(i)))
			case "name":
				str(fmt.Sprint("name", i))
			case "score":
				b.WriteString("G\x40\x0c\x00\x00\x00\x00\x00\x00")
			case "tags":
				b.WriteString("]\x94(")
				str(fmt.Sprint("a", i))
				str(fmt.Sprint("b", i))
				b.WriteByte('e')
			case "ok":
				b.WriteByte(0x88)
			case "date":
				str(fmt.Sprintf("2024-01-%02d", i%28+1))
			}
		}
		b.WriteByte('u')
		if i%1000 == 999 || i == n-1 {
			b.WriteString("e")
			if i < n-1 {
				b.WriteByte('(')
			}
		}
	}
	b.WriteByte('.')
	head := []byte("\x80\x04\x95")
	return append(binary.LittleEndian.AppendUint64(head, uint64(b.Len())), b.Bytes()...)
}

// sequence returns a pickle of a list of n items, each of which item writes.
func sequence(n int, item func(b *bytes.Buffer, i int)) []byte {
	var b bytes.Buffer
	b.WriteString("\x80\x04]\x94")
	for i := range n {
		if i%1000 == 0 {
			b.WriteByte('(')
		}
		item(&b, i)
		if i%1000 == 999 || i == n-1 {
			b.WriteByte('e')
		}
	}
	b.WriteByte('.')
	return b.Bytes()
}

func benchData() map[string][]byte {
	return map[string][]byte{
		"records": records(200_000),
		"floats": sequence(1_000_000, func(b *bytes.Buffer, i int) {
			b.WriteByte('G')
			b.Write(binary.BigEndian.AppendUint64(nil, 0x3ff0000000000000+uint64(i)))
		}),
		"ints": sequence(1_000_000, func(b *bytes.Buffer, i int) {
			b.WriteByte('J')
			b.Write(binary.LittleEndian.AppendUint32(nil, uint32(i*7919)))
		}),
		"strings": sequence(500_000, func(b *bytes.Buffer, i int) {
			s := fmt.Sprintf("string %d", i)
			b.WriteString("\x8c" + string(rune(len(s))) + s + "\x94")
		}),
	}
}

func BenchmarkLoad(b *testing.B) {
	for name, data := range benchData() {
		b.Run(name+"/ours", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := NewUnpicklerBytes(data).Load(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/reader", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := NewUnpickler(bytes.NewReader(data)).Load(); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(name+"/gopickle", func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				u := gopickle.NewUnpickler(bytes.NewReader(data))
				if _, err := u.Load(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
