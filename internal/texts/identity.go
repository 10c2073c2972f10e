package texts

import "reflect"

// Long is the number of bytes from which on Identity tells texts from each other. Shorter ones take
// no more time to look at than to recognise.
const Long = 256

// ID identifies the memory of a text.
type ID struct {
	at uintptr
	n  int // bytes
}

// Len returns the length of the text in bytes.
func (id ID) Len() int { return id.n }

// Identity returns what references to the same long text have in common, so that a caller has to
// look at its bytes only once however often a pickle refers to it. The caller must keep the text
// while it uses the ID. ok is false for short texts and other values.
func Identity(v any) (id ID, ok bool) {
	x := reflect.ValueOf(v)
	switch x.Kind() {
	case reflect.String:
	case reflect.Slice:
		if x.Type().Elem().Kind() != reflect.Uint8 {
			return ID{}, false
		}
	default:
		return ID{}, false
	}
	if x.Len() < Long {
		return ID{}, false
	}
	return ID{x.Pointer(), x.Len()}, true
}
