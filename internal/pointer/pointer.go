// Package pointer is the syntax of the pointers that lead to a part of a document: JSON pointers as
// RFC 6901 has them, with tokens that are subscripts of Python besides.
package pointer

import (
	"fmt"
	"net/url"
	"strings"
)

// Pointer is a JSON pointer (RFC 6901) as its unescaped reference tokens; an
// empty one is the whole document.
type Pointer []string

// All is the token that matches every child of a value.
const All = "*"

// Parse reads "/a/0/b" or the form in a $ref, "#/a/0/b", in which
// characters may be percent-encoded.
func Parse(s string) (Pointer, error) {
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

// Child returns the pointer to a child, in memory of its own.
func (p Pointer) Child(token string) Pointer {
	return append(p[:len(p):len(p)], token)
}
