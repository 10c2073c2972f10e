// Package lookup finds the values to which a pointer leads. It follows the pointer over the cells
// of a tape as far as they tell, so that nothing else of the pickle is made, and from there on over
// objects.
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
	// At is the pointer to this value, in which the token of a child stands for each *.
	At    pointer.Pointer
	Value any
	// If Value has only some rows of a list, tuple or dict, Len is the number of items or entries
	// of the whole and Index has the indices of the rows. Otherwise Len is 0 and Index nil.
	Len   int
	Index []int
}

// ErrNotFound is the kind of a *NotFoundError.
var ErrNotFound = errors.New("nothing there")

// NotFoundError says that a pointer leads nowhere.
type NotFoundError struct {
	// At leads to the value in which nothing is called Token.
	At    pointer.Pointer
	Token string
	// Near has pointers to the parts of that value whose names look most like Token.
	Near []string
	// Reason describes that value.
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

// nameError returns the error for a token that is not among the names of a value's parts.
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

// Kind returns the kind of a value with its article, such as "a dict", for error texts.
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

// Values returns all values to which p leads from v. Where p has a *, children from which the rest
// of p leads nowhere are left out; it is an error if no child is left.
func (r *Reader) Values(v any, p pointer.Pointer) ([]Match, error) {
	var found []Match
	err := r.follow(v, nil, p, func(m Match) error {
		found = append(found, m)
		return nil
	})
	return found, err
}

// follow yields the matches to which the rest of a pointer leads from v; at is the part of the
// pointer that led to v.
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
