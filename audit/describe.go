package audit

import (
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/tape"
)

func describeInt(i int64) string { return strconv.FormatInt(i, 10) }

// describe returns a short text of a persistent id.
func (h *host) describe(id tape.ID, depth int) string {
	t := h.t
	switch t.Kind(id) {
	case tape.None:
		return "None"
	case tape.False:
		return "False"
	case tape.True:
		return "True"
	case tape.Int:
		return describeInt(t.Int(id))
	case tape.Str, tape.Py2Str, tape.Bytes, tape.ByteArray:
		b := t.Span(id)
		return safeText(string(b[:min(len(b), maxNameText+1)]))
	case tape.Class:
		return h.use(id).name.text
	case tape.Call:
		return "an object"
	case tape.Tuple:
		if depth > 0 {
			return "(...)"
		}
		items := t.Items(id)
		parts := make([]string, 0, 8)
		for _, item := range items[:min(len(items), 8)] {
			parts = append(parts, h.describe(item, depth+1))
		}
		return "(" + strings.Join(parts, ", ") + ")"
	}
	return h.TypeName(id)
}

// maxNameText bounds the length of names in a report, in bytes.
const maxNameText = 200

// safeText makes a name printable: it is cut to a bounded length, and characters that are not
// printable ASCII are escaped as in a Go string.
func safeText(s string) string {
	if len(s) > maxNameText {
		s = s[:maxNameText] + "..."
	}
	if !strings.ContainsFunc(s, quoted) {
		return s
	}
	text := strconv.QuoteToASCII(s)
	return strings.ReplaceAll(text[1:len(text)-1], `\"`, `"`)
}

// quoted reports whether a character of a name is written as an escape.
func quoted(r rune) bool { return r < ' ' || r > '~' || r == '\\' }
