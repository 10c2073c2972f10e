package pytables

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/internal/texts"
)

// reader holds the options of a read.
type reader struct {
	hook func([]byte) (any, error) // Options.Unpickle
}

func newReader(opts *Options) reader {
	if opts == nil {
		return reader{}
	}
	return reader{opts.Unpickle}
}

// objectError returns an error about an object.
func objectError(o hdf5.Object, kind error, text string) error {
	return &hdf5.Error{Path: o.Path(), Offset: -1, Kind: kind, Text: text}
}

// unpickle returns the value of a pickle.
func (r reader) unpickle(o hdf5.Object, b []byte) (any, error) {
	if string(b) == "N." {
		return nil, nil // None, in protocol 0
	}
	if r.hook == nil {
		return nil, objectError(o, hdf5.ErrUnsupported, "a pickle, and Options.Unpickle is not set")
	}
	v, err := r.hook(b)
	if err != nil {
		return nil, objectError(o, hdf5.ErrMalformed, "a pickle: "+err.Error())
	}
	return v, nil
}

// attr returns the value of an attribute as PyTables does: a text that is a pickle is unpickled. It
// returns nil if there is no such attribute.
//
// Reference: tables/attributeset.py, __getattr__.
func (r reader) attr(o hdf5.Object, name string) (any, error) {
	a, err := o.Attr(name)
	if errors.Is(err, hdf5.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	v, err := a.Value()
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case nil:
		return "", nil // an empty text
	case []byte:
		return r.textOrPickle(o, v)
	}
	return v, nil
}

// textOrPickle returns a text, or the pickled value if the text looks like a pickle of protocol 0,
// which PyTables writes, or of a later protocol.
func (r reader) textOrPickle(o hdf5.Object, b []byte) (any, error) {
	text := bytes.TrimRight(b, "\x00")
	pickled := len(text) > 1 && text[len(text)-1] == '.' &&
		bytes.IndexByte([]byte("N(clIVFLSd]}\x80"), text[0]) >= 0
	if !pickled {
		return string(text), nil
	}
	v, err := r.unpickle(o, text)
	if err != nil && r.hook != nil && text[0] != 0x80 {
		return string(text), nil // a text that ends with a full stop
	}
	return v, err
}

// text returns an attribute that is text, or "" if there is none or it is not text.
func (r reader) text(o hdf5.Object, name string) (string, error) {
	a, err := o.Attr(name)
	if errors.Is(err, hdf5.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	v, err := a.Value()
	if err != nil {
		return "", err
	}
	switch v := v.(type) {
	case []byte:
		return string(bytes.TrimRight(v, "\x00")), nil
	case string:
		return v, nil
	}
	return "", nil
}

// number returns an attribute that is an integer; ok is false if there is none.
func (r reader) number(o hdf5.Object, name string) (int, bool, error) {
	v, err := r.attr(o, name)
	if err != nil {
		return 0, false, err
	}
	n, ok := integer(v)
	return n, ok, nil
}

// integer returns a Go integer or bool as an int.
func integer(v any) (int, bool) {
	switch v := v.(type) {
	case int:
		return v, true
	case int64:
		return int(v), true
	case int32:
		return int(v), true
	case int16:
		return int(v), true
	case int8:
		return int(v), true
	case uint8:
		return int(v), true
	case uint16:
		return int(v), true
	case uint32:
		return int(v), true
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// list returns a list or tuple that was pickled, or nil.
func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// lookup returns an item of a dict that was pickled, or nil.
func lookup(dict any, key any) any {
	switch m := dict.(type) {
	case map[string]any:
		if s, ok := key.(string); ok {
			return m[s]
		}
	case map[any]any:
		return m[key]
	}
	return nil
}

// textOf returns a text, or the result of a value's String method (a time zone has one), or "".
func textOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case fmt.Stringer:
		return texts.Sprint(v) // which returns for a container that holds itself
	}
	return ""
}
