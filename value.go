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

// Value is what a pickle holds, to be changed by pointers and written again: everything that is not
// changed stays what it was, with order, tuples apart from lists, types of numbers, sharing and
// cycles. It is made of objects (see the table in the package documentation), which [Value.Object]
// gives, but needs nothing of gopickle's types for reading and changing.
//
// Pointers are those of [File.Lookup]. A change is made to an object itself, and so is seen
// wherever the pickle refers to it, as an assignment is in Python. It is not safe for concurrent
// use. Its zero value is None.
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

// ReadValueFrom is [ReadValue] for a reader, as [Load].
func ReadValueFrom(r io.Reader, opts ...Option) (*Value, error) {
	v := &Value{c: *newConfig(opts)}
	if err := NewDecoder(r, append(slices.Clip(opts), WithObjects())...).only(&v.root); err != nil {
		return nil, err
	}
	return v, nil
}

// Object returns the object of the whole, for [Marshal], [Encoder.Encode] and [WriteFile]; all of
// them take the Value itself too.
func (v *Value) Object() any { return v.root }

// PickleReduce implements [pickle.Reducer]: what is written is the object.
func (v *Value) PickleReduce(int) (any, error) { return v.root, nil }

// Get returns the plain value of what a pointer leads to: the whole for "". With a "*" in the
// pointer it is a []any of all that is there. A pointer that leads nowhere is an error of the kind
// [ErrNotFound]. What is plain of a container is a copy, which a change of the Value does not
// reach; arrays are those of the Value.
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

// plain returns the plain value of a part. Arrays of objects have plain elements in plain values,
// so they are copied first.
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

// Set makes x, whatever [Marshal] takes, what a pointer leads to: the item of a dict, which is
// added with a str as its key where there is none; the item of a list or tuple, "-" standing for
// one more behind a list; the attribute of an object; one element of an array, which must hold it.
// Everything before the last token must be there already, or the error is of the kind
// [ErrNotFound]. Values that have no such parts, such as a set, are an error of the kind
// [ErrReadOnly], and so are the elements of pandas' tables, which are kept as the objects that
// pandas makes them of.
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

// Delete takes what a pointer leads to away: the item of a dict, list or tuple, or the attribute of
// an object. Errors are those of [Value.Set].
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
