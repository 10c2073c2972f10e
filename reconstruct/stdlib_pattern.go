package reconstruct

import (
	"regexp"
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// Pattern is a view of a compiled regular expression of Python's re.
type Pattern struct {
	Pattern string
	Flags   int  // the bits of re.RegexFlag; 32 (UNICODE) is set for every pattern of a str
	Bytes   bool // the pattern is bytes
}

// ReadPattern returns the view of a compiled regular expression. ok is false for any other value.
//
// Reference: Lib/re/__init__.py, _pickle; before Python 3.7 sre's _compile.
func ReadPattern(v any) (p *Pattern, ok bool) {
	o, isObject := v.(*pickle.Object)
	if !isObject || len(o.Args) != 2 {
		return nil, false
	}
	if name := Normalize(o).ClassName(); name != "re._compile" && name != "sre._compile" {
		return nil, false
	}
	p = &Pattern{}
	if p.Flags, ok = asInt(o.Args[1]); !ok {
		return nil, false
	}
	switch x := o.Args[0].(type) {
	case string:
		p.Pattern = x
	case []byte:
		p.Pattern, p.Bytes = string(x), true
	case pickle.Py2String:
		p.Pattern = string(x)
	default:
		return nil, false
	}
	return p, true
}

// Bits of re.RegexFlag that package regexp has too or that change the meaning of a pattern.
const (
	flagIgnoreCase = 2
	flagLocale     = 4
	flagMultiline  = 8
	flagDotAll     = 16
	flagVerbose    = 64
	flagASCII      = 256
)

// Regexp compiles the pattern for package regexp if it means the same there. Otherwise it returns
// an error of the kind pickle.ErrUnsupported: for lookaround and backreferences, the Unicode
// classes \w, \d, \s and \b in a pattern of a str without re.ASCII, $ (which in Python also matches
// before a final newline), re.VERBOSE and re.LOCALE. \A, \Z and $ with re.MULTILINE are supported.
func (p *Pattern) Regexp() (*regexp.Regexp, error) {
	if p.Flags&(flagVerbose|flagLocale) != 0 {
		return nil, pickle.Unsupported("a pattern with flags %s", flagNames(p.Flags))
	}
	ascii := p.Bytes || p.Flags&flagASCII != 0
	if !ascii && p.Flags&flagIgnoreCase != 0 && !isASCIIText(p.Pattern) {
		return nil,
			pickle.Unsupported("a pattern that folds the case of other letters than ASCII's")
	}
	text, err := goPattern(p.Pattern, ascii, p.Flags&flagMultiline != 0)
	if err != nil {
		return nil, err
	}
	flags := ""
	for _, f := range []struct {
		bit  int
		name string
	}{{flagIgnoreCase, "i"}, {flagMultiline, "m"}, {flagDotAll, "s"}} {
		if p.Flags&f.bit != 0 {
			flags += f.name
		}
	}
	if flags != "" {
		text = "(?" + flags + ")" + text
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, pickle.Unsupported("package regexp has no pattern %.60q: %v", p.Pattern, err)
	}
	return re, nil
}

func isASCIIText(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r >= 0x80 }) < 0
}

// goPattern translates a pattern to the syntax of package regexp.
func goPattern(s string, ascii, multiline bool) (string, error) {
	different := func(what string) (string, error) {
		return "", pickle.Unsupported("%s of Python's re has another meaning in package regexp",
			what)
	}
	var b strings.Builder
	class := false  // inside [...]
	classStart := 0 // index of its [
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			i++
			switch e := s[i]; {
			case strings.IndexByte("wWdDsSbB", e) >= 0 && !ascii:
				return different(`\` + string(e) + " without re.ASCII")
			case (e == 's' || e == 'S') && ascii: // Python's \s includes \v
				if class {
					return different(`\` + string(e) + " in a class")
				}
				b.WriteString(map[byte]string{'s': `[\s\v]`, 'S': `[^\s\v]`}[e])
			case e == 'Z':
				b.WriteString(`\z`)
			case e == 'b' && class:
				b.WriteString(`\x08`)
			case e >= '0' && e <= '9' || strings.IndexByte("QECpPz", e) >= 0:
				return different(`\` + string(e))
			default:
				b.WriteByte('\\')
				b.WriteByte(e)
			}
			continue
		case class && c == '[':
			return different("[ in a class")
		case class:
			class = c != ']' || i == classStart+1 || i == classStart+2 && s[i-1] == '^'
		case c == '[':
			class, classStart = true, i
		case c == '$' && !multiline:
			return different("$, which matches before a last newline too,")
		case c == '{' && i+1 < len(s) && s[i+1] == ',':
			return different("{,n}")
		case c == '(' && strings.HasPrefix(s[i:], "(?<"),
			c == '(' && strings.HasPrefix(s[i:], "(?"):
			if rest := s[i+2:]; rest == "" || rest[0] != ':' && !strings.HasPrefix(rest, "P<") {
				return different("(? with anything but : and P<")
			}
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}
