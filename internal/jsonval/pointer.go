package jsonval

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/unpkl/unpkl/internal/pointer"
)

// Pointer is a JSON pointer.
type Pointer = pointer.Pointer

// ParsePointer is [pointer.Parse].
func ParsePointer(s string) (Pointer, error) { return pointer.Parse(s) }

// ErrNotFound is wrapped by errors of [Select] for a pointer that leads nowhere.
var ErrNotFound = errors.New("nothing there")

// Select returns the part of v that p points to in the document that an [Encoder] with these
// options would write, if that had no $ref. The part can be encoded as a document of its own.
func Select(v any, p Pointer, o Options) (any, error) { return SelectFrom(v, p, 0, o) }

// SelectFrom is [Select] for a v that the first done tokens of p have led to.
func SelectFrom(v any, p Pointer, done int, o Options) (any, error) {
	e := &Encoder{o: o, limits: o.Limits.WithDefaults()}
	for i := done; i < len(p); i++ {
		token := p[i]
		j, err := e.expand(v)
		if err != nil {
			return nil, err
		}
		m, ok := j.(members)
		if !ok {
			return nil, fmt.Errorf("%q: %w: %q is no object or array", p, ErrNotFound, p[:i])
		}
		if v, err = step(m, token); err != nil {
			if errors.Is(err, ErrNotFound) {
				err = fmt.Errorf("%q: %q has %w", p, p[:i], err)
			}
			return nil, err
		}
	}
	return v, nil
}

// step returns the member of m that a token names.
func step(m members, token string) (any, error) {
	if !m.isObject() {
		return item(m, token)
	}
	for i := range m.len() {
		key, v, err := m.at(i)
		if err != nil {
			return nil, err
		}
		if key == token {
			return v, nil
		}
	}
	return nil, missing("no member %q", token)
}

// item returns the element of an array whose index is token.
func item(m members, token string) (any, error) {
	i, err := strconv.Atoi(token)
	if err != nil || i < 0 || strconv.Itoa(i) != token {
		return nil, missing("%d elements, %q is no index", m.len(), token)
	}
	if i >= m.len() {
		return nil, missing("%d elements, none at %s", m.len(), token)
	}
	_, v, err := m.at(i)
	return v, err
}

type notFound string

func missing(format string, args ...any) error { return notFound(fmt.Sprintf(format, args...)) }

func (e notFound) Error() string        { return string(e) }
func (e notFound) Is(target error) bool { return target == ErrNotFound }
