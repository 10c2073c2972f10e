package main

import "io"

// heldBack is how many bytes of a document are made before the first of them is written: until
// then the document may still be written in another way.
const heldBack = 1 << 20

// jsonOutput holds the beginning of a document back and passes the rest on.
type jsonOutput struct {
	w       io.Writer
	held    []byte
	passing bool  // more than heldBack bytes of the document have come
	size    int64 // of all documents
}

func (o *jsonOutput) Write(p []byte) (int, error) {
	o.size += int64(len(p))
	// The document is measured when it reaches heldBack, before that piece of it comes here.
	if !o.passing && len(o.held) < heldBack {
		o.held = append(o.held, p...)
		return len(p), nil
	}
	if err := o.pass(); err != nil {
		return 0, err
	}
	o.passing = true
	return o.w.Write(p)
}

func (o *jsonOutput) pass() error {
	if len(o.held) == 0 {
		return nil
	}
	_, err := o.w.Write(o.held)
	o.held = o.held[:0]
	return err
}

// flush ends a document.
func (o *jsonOutput) flush() error {
	o.passing = false
	return o.pass()
}

// drop takes back what is held of a document.
func (o *jsonOutput) drop() {
	o.size -= int64(len(o.held))
	o.held = o.held[:0]
}
