package unpkl

import (
	"errors"
	"fmt"
	"slices"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/tape"
)

// Lookup returns the part of the file's first value that a pointer such as "/regions/0/values"
// leads to, in the form in which [File.Load] would return it. Lookup creates that part alone: it
// skips the opcodes of the other parts of a pickle, and does not read the other members of an .npz
// file.
//
// A pointer is an RFC 6901 JSON pointer: tokens that each begin with '/', in which ~1 stands for
// '/' and ~0 for '~'. The empty pointer is the whole value. A token is
//
//   - the key of a dict: a str unchanged, an int, float, bool or None as JSON writes it, a tuple as
//     the tokens of its items, "(1, a)"
//   - the column of a table, or index or columns; a part of a Series: index, values, categories, or
//     a label that is text
//   - the attribute of an object, or one of the parts that build it: args, kwargs, state, items
//   - the field of a structured array; data, mask, fill_value of a masked one; the parts of a SciPy
//     matrix by SciPy's names
//   - a subscript as in Python, for lists, tuples, arrays, and the rows of tables by position: "3",
//     "-1", "0:10", "::2", or for several axes of an array ":,2". Each token applies to the result
//     of the token before it, so that /x/0:10/::2 is x[0:10][::2]
//   - "*" for every child of a value that has no such key. Lookup then returns a []any of all
//     matches; children that do not have what the rest of the pointer names are left out
//
// A pointer that leads nowhere is an error of the kind [ErrNotFound], whose text suggests similar
// names. Other errors are those of Load and of the syntax of the pointer.
func (f *File) Lookup(ptr string) (any, error) {
	p, err := pointer.Parse(ptr)
	if err != nil {
		return nil, fmt.Errorf("unpkl: %w", err)
	}
	if err := f.Closed(); err != nil {
		return nil, err
	}
	part := &lookup.Part{Pointer: p, CopyText: f.data != nil}
	if c := f.c.assignOptions().Plain; !c.Objects {
		to := plain.New(&c)
		part.ConvertCell = func(p bridge.Pickle, id tape.ID) (any, error) { return to.Tape(p, id, 0) }
		part.ConvertObject = func(v any) (any, error) { return to.Convert(v, 0) }
	}
	d, err := f.Decoder()
	if err != nil {
		return nil, err
	}
	defer d.Close()
	if err := d.Decode(part); err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil, fmt.Errorf("unpkl: %w", err)
		}
		return nil, noInput(err)
	}
	if m := part.Matches; len(m) == 1 && slices.Equal(m[0].At, p) {
		return m[0].Value, nil
	}
	all := make([]any, len(part.Matches))
	for i, m := range part.Matches {
		all[i] = m.Value
	}
	return all, nil
}

// partOfPickle finds part of the next pickle. The first pass over the opcodes leaves out what the
// pointer does not need. If what it needs depends on the number of items of some container, which
// is unknown until the container is complete, a second pass knows more. If both fail, a third pass
// reads everything.
func (d *Decoder) partOfPickle(part *lookup.Part) error {
	path := part.Path()
	if len(d.c.findClass) > 0 || d.c.buffers != nil ||
		!part.RepeatableHooks && (d.c.persistentLoad != nil || d.c.extension != nil) {
		path = nil // These hooks must be asked only once, so there can be only one pass.
	}
	p, again, err := bridge.ReadPartial(d.u, path)
	for {
		if err := d.noteRead(err); err != nil {
			return err
		}
		omitted, ok := p.Tape().CheckPartial()
		if ok && !omitted {
			return d.c.decodeInto(p, part)
		}
		more := false
		if ok {
			more, err = part.FindInPartial(p)
		}
		p.Release()
		switch {
		case ok && err == nil:
			return nil
		case more:
			p, err = again(part.Path())
		default:
			part.Matches = nil
			p, err = again(nil)
		}
	}
}

// part finds part of the next value of a source that is not an Unpickler.
func (d *Decoder) part(part *lookup.Part) error {
	if z, ok := d.src.(input.Archive); ok && d.ahead == nil && !part.JSONTokens &&
		len(part.Pointer) > 0 {
		v, ok, err := z.Member(part.Pointer[0])
		if err != nil {
			return d.fail(err)
		}
		if ok {
			if d.own != nil {
				d.own(v)
			}
			return part.FindInObjectAt(v, 1)
		}
	}
	obj, err := d.object()
	if err != nil {
		return err
	}
	return part.FindInObject(obj)
}
