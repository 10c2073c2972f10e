package reconstruct

import (
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

func fillPath(t table) {
	posix := &entry{call: readPath}
	for _, name := range []string{"PurePosixPath", "PosixPath", "PureWindowsPath", "WindowsPath",
		"PurePath", "Path"} {
		t.add("pathlib", name, posix)
	}
}

// Path is a Python pathlib path.
type Path struct {
	// Class is the class as the pickle spells it, such as pathlib.PosixPath.
	Class pickle.Global
	// Segments are the arguments of the constructor. Up to Python 3.12 they are the parts of the
	// path, from 3.13 on the strings that the program passed.
	Segments []string
}

// IsWindows reports whether the path follows the rules of Windows.
func (p *Path) IsWindows() bool { return strings.Contains(p.Class.Name, "Windows") }

// Plain returns the path as a string: see String.
func (p *Path) Plain() any { return p.String() }

// String returns the path as Python's str does: the parts are joined, "." parts and repeated
// separators are dropped, and the empty path is ".".
//
// Reference: Lib/pathlib, PurePath.__str__; Lib/posixpath.py and Lib/ntpath.py, join.
func (p *Path) String() string {
	sep, drive, root, rest := "/", "", "", ""
	if p.IsWindows() {
		sep = `\`
	}
	for _, seg := range p.Segments {
		d, r, tail := p.split(seg)
		switch {
		case r != "":
			if d != "" || drive == "" {
				drive = d
			}
			root, rest = r, tail
		case d != "" && !strings.EqualFold(d, drive):
			drive, root, rest = d, "", tail
		default:
			if d != "" {
				drive = d
			}
			rest += sep + tail
		}
	}
	var parts []string
	for part := range strings.SplitSeq(rest, sep) {
		if part != "" && part != "." {
			parts = append(parts, part)
		}
	}
	if p.IsWindows() && drive != "" && root == "" && strings.HasPrefix(drive, `\\`) {
		root = sep // a UNC drive always has a root
	}
	s := drive + root + strings.Join(parts, sep)
	switch {
	case s == "":
		return "."
	case drive == "" && root == "" && p.IsWindows() && len(parts[0]) > 1 && parts[0][1] == ':':
		return "." + sep + s // keeps the first part from looking like a drive
	}
	return s
}

// split separates drive, root and rest of a path, as os.path.splitroot does.
func (p *Path) split(s string) (drive, root, rest string) {
	if !p.IsWindows() {
		rest = strings.TrimLeft(s, "/")
		if root = s[:len(s)-len(rest)]; len(root) != 2 && root != "" {
			root = "/" // only exactly two slashes have a meaning of their own in POSIX
		}
		return "", root, rest
	}
	s = strings.ReplaceAll(s, "/", `\`)
	switch {
	case strings.HasPrefix(s, `\\`):
		// \\server\share, \\?\UNC\server\share
		start := 2
		if len(s) >= 8 && strings.EqualFold(s[:8], `\\?\UNC\`) {
			start = 8
		}
		end := strings.IndexByte(s[start:], '\\')
		if end < 0 {
			return s, "", ""
		}
		next := strings.IndexByte(s[start+end+1:], '\\')
		if next < 0 {
			return s, "", ""
		}
		end += start + 1 + next
		return s[:end], s[end : end+1], s[end+1:]
	case strings.HasPrefix(s, `\`):
		return "", `\`, s[1:]
	case len(s) >= 2 && s[1] == ':':
		drive, rest = s[:2], s[2:]
		if strings.HasPrefix(rest, `\`) {
			return drive, `\`, rest[1:]
		}
		return drive, "", rest
	}
	return "", "", s
}

func readPath(c Class, args []any) (any, error) {
	a := c.args(args)
	p := &Path{Class: c.global, Segments: make([]string, len(args))}
	for i, arg := range args {
		if seg, ok := arg.(*Path); ok {
			p.Segments[i] = seg.String()
			continue
		}
		var err error
		if p.Segments[i], err = a.text(i, "segment"); err != nil {
			return nil, err
		}
	}
	return p, nil
}
