package main

import (
	"errors"
	"io"

	"github.com/unpkl/unpkl/internal/jsonval"
)

// heldBack is the number of bytes of a document that are held back. Until they are exceeded, the
// document can still be dropped and written in another way.
const heldBack = 1 << 20

// jsonOutput holds back the beginning of each document and writes the rest to w.
type jsonOutput struct {
	w       io.Writer
	held    []byte
	passing bool  // the document is longer than heldBack
	size    int64 // of all documents, in bytes
}

func (o *jsonOutput) Write(p []byte) (int, error) {
	o.size += int64(len(p))
	// The encoder decides whether to go on with a document when it reaches heldBack bytes, before
	// it writes the piece beyond them.
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

// encode writes v as the next document: as a tree or, if that reaches options.RefsAt mainly because
// containers occur in it several times, with references to them. It reports which.
func (o *jsonOutput) encode(v any, options jsonval.Options) (refs bool, err error) {
	options.MeasureAt = heldBack
	err = jsonval.NewEncoder(o, options).Encode(v)
	if errors.Is(err, jsonval.ErrUnfolds) {
		o.drop()
		options.Refs = true
		return true, jsonval.NewEncoder(o, options).Encode(v)
	}
	return false, err
}

func (o *jsonOutput) pass() error {
	if len(o.held) == 0 {
		return nil
	}
	_, err := o.w.Write(o.held)
	o.held = o.held[:0]
	return err
}

// flush writes what is held back at the end of a document.
func (o *jsonOutput) flush() error {
	o.passing = false
	return o.pass()
}

// drop discards what is held back of a document.
func (o *jsonOutput) drop() {
	o.size -= int64(len(o.held))
	o.held = o.held[:0]
}
