package tape

import "github.com/unpkl/unpkl/internal/slab"

// Parts returns the children at the indices that [Rest.Next] returned, in the tape's memory.
func (t *Tape) Parts(from, to uint32) []ID { return t.children[from:to:to] }

// Bytes returns the bytes of a Bytes or ByteArray for a value that keeps them: those of the tape
// where nobody else has them, or where the input is shared and they are many; else a copy, which
// lies in the slab, if there is one, where they are few. Other goroutines may call it with slabs of
// their own.
func (t *Tape) Bytes(id ID, small *slab.Slab[byte]) []byte {
	b := t.Span(id)
	if t.Owned(id) {
		return b
	}
	return t.w.Copy(b, small)
}
