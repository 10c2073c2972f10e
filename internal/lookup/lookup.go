// Package lookup goes where a pointer leads: over the cells of a tape as far as they tell, so that
// nothing else of the pickle is made, and from there on over objects.
package lookup

import (
	"errors"
	"fmt"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

// Match is a value that a pointer leads to.
type Match struct {
	// At is the pointer to this value: each * is the token that it stood for.
	At    pointer.Pointer
	Value any
	// Len is the number of items, or entries, of a list, tuple or dict of which Value has those at
	// Index alone, or 0 where it has all.
	Len   int
	Index []int
}

// ErrNotFound is the kind of a *NotFoundError.
var ErrNotFound = errors.New("nothing there")

// NotFoundError says that a pointer leads nowhere.
type NotFoundError struct {
	// At leads to the value that has nothing called Token.
	At    pointer.Pointer
	Token string
	// Near are the names there that look most like Token.
	Near []string
	// Reason says what is there instead.
	Reason string
}

func (e *NotFoundError) Error() string {
	at := "the value"
	if len(e.At) > 0 {
		at = e.At.String()
	}
	text := fmt.Sprintf("nothing at %s: %s is %s", e.At.Child(e.Token), at, e.Reason)
	if len(e.Near) > 0 {
		text += "; the nearest: " + strings.Join(e.Near, ", ")
	}
	return text
}

// Is reports whether target is ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// notNamed is the error of a name that a value with names does not have.
func nameError(at pointer.Pointer, token, kind string, near *pointer.Nearest) error {
	names, all := near.Names()
	for i, name := range names {
		names[i] = at.Child(name).String()
	}
	return &NotFoundError{
		At: at, Token: token, Near: names,
		Reason: fmt.Sprintf("%s of %d names without it", kind, all),
	}
}

// Kind names the kind of a value, for errors.
func Kind(v any) string {
	name := ""
	switch v := v.(type) {
	case *frame.Frame:
		name = "DataFrame"
	case *frame.Series:
		name = "Series"
	case *frame.Index:
		name = v.Class
	case *reconstruct.Sparse:
		name = v.Format + " matrix"
	case reconstruct.LibraryValue:
		name = v.ClassName()
	case *xr.Variable:
		name = "Variable"
	case *xr.DataArray:
		name = "DataArray"
	case *xr.Dataset:
		name = "Dataset"
	case *xr.DataTree:
		name = "DataTree"
	default:
		name = pyvalue.Describe(v)
	}
	if name != "" && strings.ContainsRune("aeioAEIO", rune(name[0])) ||
		strings.HasPrefix(name, "ndarray") {
		return "an " + name
	}
	if name == "None" {
		return name
	}
	return "a " + name
}

// Values returns all that p leads to from v. A pointer that has a * leaves out where the rest of it
// leads nowhere, but it must find something.
func (r *Reader) Values(v any, p pointer.Pointer) ([]Match, error) {
	var found []Match
	err := r.follow(v, nil, p, func(m Match) error {
		found = append(found, m)
		return nil
	})
	return found, err
}

// follow yields what the rest of a pointer leads to from v, which at leads to.
func (r *Reader) follow(v any, at, rest pointer.Pointer, yield func(Match) error) error {
	v, err := r.Resolve(v)
	if err != nil {
		return fmt.Errorf("%s: %w", at, err)
	}
	if len(rest) == 0 {
		return yield(Match{At: at, Value: v})
	}
	next, err := r.Step(v, rest[0])
	switch {
	case err == nil:
		return r.follow(next, at.Child(rest[0]), rest[1:], yield)
	case rest[0] == pointer.All:
		return r.followAll(v, at, rest, yield)
	}
	return r.stepError(v, at, rest[0], err)
}

// followAll follows the rest of a pointer from every child of v.
func (r *Reader) followAll(v any, at, rest pointer.Pointer, yield func(Match) error) error {
	p, ok := r.Parts(v)
	if !ok {
		return r.stepError(v, at, rest[0], errNoName)
	}
	var all starMatches
	for i := range p.Len {
		token, child := p.At(i)
		if err := all.add(r.follow(child, at.Child(token), rest[1:], yield)); err != nil {
			return err
		}
	}
	return all.err(at)
}
