package known

import "github.com/unpkl/unpkl/internal/tape"

// matchDecimal recognises Decimal(text) of a finite number.
func matchDecimal(t *tape.Tape, form tape.Form, a []tape.ID) uint16 {
	if form != tape.FormReduce || len(a) != 1 || t.Kind(a[0]) != tape.Str || t.IsShared(a[0]) {
		return 0
	}
	if !isFinite(t.Span(a[0])) {
		return 0
	}
	return CallDecimal
}

// isFinite reports whether text is a finite decimal number: an optional sign, at least one digit
// with an optional point, and an optional exponent.
func isFinite(text []byte) bool {
	text = skipSign(text)
	rest := skipDigits(text)
	n := len(text) - len(rest)
	if len(rest) > 0 && rest[0] == '.' {
		text = rest[1:]
		rest = skipDigits(text)
		n += len(text) - len(rest)
	}
	if n == 0 || len(rest) == 0 || rest[0]|0x20 != 'e' {
		return n > 0 && len(rest) == 0
	}
	text = skipSign(rest[1:])
	return len(text) > 0 && len(skipDigits(text)) == 0
}

func skipSign(b []byte) []byte {
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		return b[1:]
	}
	return b
}

func skipDigits(b []byte) []byte {
	for len(b) > 0 && b[0]-'0' <= 9 {
		b = b[1:]
	}
	return b
}

// Decimal returns the text of a deferred Decimal, in the tape's memory; ok is false for any other
// cell, and if its object must be used.
func Decimal(t *tape.Tape, id tape.ID) (text []byte, ok bool) {
	if t.Kind(id) != tape.Call || t.Code(id) != CallDecimal || t.IsInert(id) {
		return nil, false
	}
	a := unsharedItems(t, t.Call(id).Args)
	if a == nil || t.Kind(a[0]) != tape.Str {
		return nil, false
	}
	return t.Span(a[0]), true
}
