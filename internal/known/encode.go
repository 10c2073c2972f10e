package known

import (
	"bytes"

	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/internal/texts"
)

// matchEncode recognises _codecs.encode(text, 'latin1'), which is how Python 3 writes bytes at
// protocols 0 to 2 (CPython's save_bytes). Its result is a Bytes cell. Shared text is left to
// package reconstruct, for the same reason as in Call.
func matchEncode(t *tape.Tape, form tape.Form, a []tape.ID) (tape.ID, bool) {
	if form != tape.FormReduce || len(a) != 2 || t.Kind(a[0]) != tape.Str ||
		t.Kind(a[1]) != tape.Str {
		return 0, false
	}
	if t.IsShared(a[0]) || string(t.Span(a[1])) != "latin1" {
		return 0, false
	}
	text := t.Span(a[0])
	// Each character above U+007F is two bytes, of which the first is 0xc2 or 0xc3.
	n := len(text) - bytes.Count(text, []byte{0xc2}) - bytes.Count(text, []byte{0xc3})
	id, mem, err := t.MakeSpan(tape.Bytes, n)
	if err != nil {
		return 0, false
	}
	out, took := texts.AppendLatin1(mem[:0], text)
	return id, took == len(text) && len(out) == n
}
