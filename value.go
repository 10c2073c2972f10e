package unpkl

import (
	"fmt"
	"io"
	"slices"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
)

// A Value is the content of a pickle, which pointers read and change, and which can be written
// again. Everything that is not changed stays as it was in the pickle: order, tuples as opposed to
// lists, types of numbers, sharing and cycles. A Value consists of objects (see the table in the
// package documentation), which [Value.Object] returns, but reading and changing it needs none of
// gopickle's types.
//
// Pointers have the syntax that [File.Lookup] describes. A change is made to the object itself, as
// an assignment in Python is, so it is seen wherever the pickle refers to that object. A Value is
// not safe for concurrent use. Its zero value is None.
type Value struct {
	root any
	c    config
}

// ReadValue reads the pickle in data, as [LoadBytes] does.
func ReadValue(data []byte, opts ...Option) (*Value, error) {
	v := &Value{c: *newConfig(opts)}
	err := Unmarshal(data, &v.root, append(slices.Clip(opts), WithObjects())...)
	if err != nil {
		return nil, err
	}
	return v, nil
}

// ReadValueFrom reads one pickle from r, as [Load] does.
func ReadValueFrom(r io.Reader, opts ...Option) (*Value, error) {
	v := &Value{c: *newConfig(opts)}
	if err := NewDecoder(r, append(slices.Clip(opts), WithObjects())...).only(&v.root); err != nil {
		return nil, err
	}
	return v, nil
}

// Object returns the whole content as an object. [Marshal], [Encoder.Encode] and [WriteFile] accept
// it, and the Value itself too.
func (v *Value) Object() any { return v.root }

// PickleReduce implements [pickle.Reducer]: a Value is written as its object.
func (v *Value) PickleReduce(int) (any, error) { return v.root, nil }

// Get returns the plain value that a pointer leads to; "" leads to the whole. If the pointer
// contains a "*", the result is a []any of all matches. A pointer that leads nowhere is an error of
// the kind [ErrNotFound]. The result is a copy, which later changes of the Value do not affect,
// except that arrays of numbers share their elements with the Value.
func (v *Value) Get(ptr string) (any, error) {
	p, err := pointer.Parse(ptr)
	if err != nil {
		return nil, fmt.Errorf("unpkl: %w", err)
	}
	found, err := lookup.NewReader(false).Values(v.root, p)
	if err != nil {
		return nil, fmt.Errorf("unpkl: %w", err)
	}
	all := make([]any, len(found))
	for i, m := range found {
		if all[i], err = v.plain(m.Value); err != nil {
			return nil, err
		}
	}
	if len(all) == 1 && slices.Equal(found[0].At, p) {
		return all[0], nil
	}
	return all, nil
}

// plain returns the plain value of a part. Conversion can change the elements of an array of
// objects in place, so a part that holds one, or a table, is copied first, by writing and reading
// it.
func (v *Value) plain(part any) (any, error) {
	copied := false
	err := lookup.NewReader(false).Walk(part, nil, func(_ pointer.Pointer, x any) (bool, error) {
		switch x.(type) {
		case *frame.Frame, *frame.Series, *frame.Index:
			copied = true
		}
		a, isArray := pyvalue.ArrayOf(x)
		copied = copied || isArray && a.HasObject()
		return !copied && !isArray, nil
	})
	if err != nil {
		return nil, err
	}
	c := v.c
	c.objects = false
	if copied {
		data, err := Marshal(part)
		if err != nil {
			return nil, err
		}
		var out any
		err = Unmarshal(data, &out, func(to *config) { *to = c })
		return out, err
	}
	o := c.assignOptions().Plain
	return plain.New(&o).Convert(part, 0)
}

// Set replaces what a pointer leads to by x, which may be any value that [Marshal] accepts. The
// last token of the pointer is
//
//   - the key of a dict; if the dict has no such key, it gets a new item with a str as its key
//   - the index of an item of a list or tuple, or "-" to append to a list
//   - the name of an attribute of an object
//   - the index of an element of an array, whose dtype must hold x
//
// All that precedes the last token must exist, or the error is of the kind [ErrNotFound]. The error
// is of the kind [ErrReadOnly] for values without such parts, such as a set, and for the elements
// of pandas' tables, which a Value keeps as the objects that pandas pickles.
func (v *Value) Set(ptr string, x any) error {
	p, err := pointer.Parse(ptr)
	if err != nil {
		return fmt.Errorf("unpkl: %w", err)
	}
	if other, ok := x.(*Value); ok {
		x = other.root
	}
	root, err := lookup.NewReader(false).Set(v.root, p, x)
	if err != nil {
		return fmt.Errorf("unpkl: %w", err)
	}
	v.root = root
	return nil
}

// Delete removes what a pointer leads to: an item of a dict, list or tuple, or an attribute of an
// object. Errors are those of [Value.Set].
func (v *Value) Delete(ptr string) error {
	p, err := pointer.Parse(ptr)
	if err != nil {
		return fmt.Errorf("unpkl: %w", err)
	}
	if err := lookup.NewReader(false).Delete(v.root, p); err != nil {
		return fmt.Errorf("unpkl: %w", err)
	}
	return nil
}
