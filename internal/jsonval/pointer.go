package jsonval

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Pointer is a JSON pointer (RFC 6901) as its unescaped reference tokens; an
// empty one is the whole document.
type Pointer []string

// ParsePointer reads "/a/0/b" or the form in a $ref, "#/a/0/b", in which
// characters may be percent-encoded.
func ParsePointer(s string) (Pointer, error) {
	if fragment, ok := strings.CutPrefix(s, "#"); ok {
		decoded, err := url.PathUnescape(fragment)
		if err != nil {
			return nil, fmt.Errorf("not a JSON pointer: %q: bad percent-encoding", s)
		}
		s = decoded
	}
	if s == "" {
		return Pointer{}, nil
	}
	if s[0] != '/' {
		return nil, fmt.Errorf("not a JSON pointer: %q: it begins with '/' or is empty", s)
	}
	tokens := strings.Split(s[1:], "/")
	for i, t := range tokens {
		for rest := t; ; {
			_, after, found := strings.Cut(rest, "~")
			if !found {
				break
			}
			if after == "" || after[0] != '0' && after[0] != '1' {
				return nil, fmt.Errorf("not a JSON pointer: %q: '~' is written ~0", s)
			}
			rest = after
		}
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return tokens, nil
}

// String returns the pointer as RFC 6901, section 3 writes it.
func (p Pointer) String() string {
	var b strings.Builder
	for _, t := range p {
		b.WriteByte('/')
		b.WriteString(strings.ReplaceAll(strings.ReplaceAll(t, "~", "~0"), "/", "~1"))
	}
	return b.String()
}

// Fragment returns the pointer as RFC 6901, section 6 writes it in a URI.
func (p Pointer) Fragment() string {
	return "#" + (&url.URL{Fragment: p.String()}).EscapedFragment()
}

// ErrNotFound is wrapped by the errors of [Select] that say what is missing.
var ErrNotFound = errors.New("nothing there")

// Select returns the part of v that p points to in the document that an
// [Encoder] with the same options would write, without $ref in place of
// containers. Encoded, that part is a document of its own.
func Select(v any, p Pointer, o Options) (any, error) {
	e := &Encoder{o: o, limits: o.Limits.WithDefaults()}
	for i, token := range p {
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
