package audit

import (
	_ "embed"
	"fmt"
	"path"
	"strings"
	"sync"
)

// Capability says what a dangerous name could do in Python.
type Capability string

// The capabilities.
const (
	CapabilityCode    Capability = "runs code"
	CapabilityImport  Capability = "imports"
	CapabilityRead    Capability = "reads a file"
	CapabilityWrite   Capability = "writes a file"
	CapabilityNetwork Capability = "network"
	CapabilityProcess Capability = "process"
	CapabilityNested  Capability = "nested pickle"
	CapabilityReach   Capability = "reaches any attribute"
)

// capabilities maps the words of names.txt to capabilities.
var capabilities = map[string]Capability{
	"code": CapabilityCode, "import": CapabilityImport, "read": CapabilityRead,
	"write": CapabilityWrite, "network": CapabilityNetwork, "process": CapabilityProcess,
	"nested": CapabilityNested, "reach": CapabilityReach,
}

// namesText is the list of names in the package; the comment at its beginning describes its syntax.
//
//go:embed names.txt
var namesText string

// kind is what an entry of the list says of its names.
type kind uint8

const (
	kindUnknown kind = iota
	kindDangerous
	kindData
	kindKnown
	kindNew
)

var kinds = map[string]kind{
	"unknown": kindUnknown, "data": kindData, "known": kindKnown, "new": kindNew,
}

// entry is one line of the list. Its names are split only when a name is looked up: a pickle uses
// names of few modules, and splitting all lines would delay a command that reads one file.
type entry struct {
	kind       kind
	capability Capability
	module     string
	names      string // with commas between them; a name may be a pattern
	submodules bool   // the entry holds for the modules below module too
	allNames   bool   // names is "*"
}

// lists reports whether the entry has exactly this name, apart from patterns.
func (e *entry) lists(name string) bool {
	for one := range strings.SplitSeq(e.names, ",") {
		if one == name {
			return true
		}
	}
	return false
}

// nameList is the content of names.txt.
type nameList struct {
	modules    map[string][]*entry
	suffixes   map[string][]*entry // entries "*.MODULE", by MODULE
	attributes []*entry            // entries of any module: the last part of a dotted name
	aliases    map[string]string   // other names of modules
}

// names returns the list in the package. A test checks that it can be parsed.
var names = sync.OnceValue(func() *nameList {
	l, err := parseList(namesText)
	if err != nil {
		panic(err)
	}
	return l
})

func parseList(text string) (*nameList, error) {
	lines := strings.Count(text, "\n")
	l := &nameList{modules: make(map[string][]*entry, lines), suffixes: map[string][]*entry{},
		aliases: map[string]string{}}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line, _, _ = strings.Cut(strings.TrimSpace(line), " ;")
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0][0] == '#' {
			continue
		}
		if len(fields) != 3 {
			return nil, fmt.Errorf("line %d: %d words, want 3: %q", n, len(fields), line)
		}
		if err := l.add(fields[0], fields[1], fields[2]); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return l, nil
}

// add adds one line of the list.
func (l *nameList) add(word, module, names string) error {
	if word == "alias" {
		l.aliases[module] = names
		return nil
	}
	e := &entry{names: names}
	if c, ok := capabilities[word]; ok {
		e.kind, e.capability = kindDangerous, c
	} else if e.kind, ok = kinds[word]; !ok {
		return fmt.Errorf("no kind of entry: %q", word)
	}
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			return fmt.Errorf("an empty name in %q", names)
		}
		if strings.ContainsAny(name, "*[") {
			if _, err := path.Match(name, ""); err != nil {
				return fmt.Errorf("name %q", name)
			}
		}
	}
	e.allNames = names == "*"
	module, e.submodules = strings.CutSuffix(module, ".*")
	module, suffix := strings.CutPrefix(module, "*.")
	e.module = module
	switch {
	case module == "any":
		l.attributes = append(l.attributes, e)
	case suffix:
		l.suffixes[module] = append(l.suffixes[module], e)
	default:
		l.modules[module] = append(l.modules[module], e)
	}
	return nil
}

// find returns the most specific entry for a name, or nil.
func (l *nameList) find(module, name string) *entry {
	if e := matching(l.modules[module], name, false); e != nil {
		return e
	}
	for m := module; ; {
		i := strings.LastIndexByte(m, '.')
		if i < 0 {
			break
		}
		m = m[:i]
		if e := matching(l.modules[m], name, true); e != nil {
			return e
		}
	}
	for m := module; len(l.suffixes) > 0; {
		if e := matching(l.suffixes[m], name, false); e != nil {
			return e
		}
		i := strings.IndexByte(m, '.')
		if i < 0 {
			return nil
		}
		m = m[i+1:]
	}
	return nil
}

// matching returns the first entry that has exactly this name, or else the first with a matching
// pattern. inParent says that the entries are of a module above that of the name.
func matching(entries []*entry, name string, inParent bool) *entry {
	var wildcard *entry
	for _, e := range entries {
		if inParent && !e.submodules && !e.allNames {
			continue
		}
		for pattern := range strings.SplitSeq(e.names, ",") {
			if pattern == name {
				return e
			}
			if wildcard == nil && strings.ContainsAny(pattern, "*[") {
				if ok, _ := path.Match(pattern, name); ok { // the patterns were checked
					wildcard = e
				}
			}
		}
	}
	return wildcard
}

// spellings returns the names under which a module is looked up: its own name, the name without
// leading underscores, and the modules that those are aliases of.
func (l *nameList) spellings(module string) []string {
	all := []string{module}
	if bare := strip(module); bare != module {
		all = append(all, bare)
	}
	for i := 0; i < len(all) && len(all) < 8; i++ {
		for m := all[i]; ; {
			if to, ok := l.aliases[m]; ok {
				all = append(all, to+all[i][len(m):])
				break
			}
			at := strings.LastIndexByte(m, '.')
			if at < 0 {
				break
			}
			m = m[:at]
		}
	}
	return all
}

// strip removes the leading underscores of each part of a name, except from parts such as __x__.
func strip(name string) string {
	if !strings.Contains(name, "_") {
		return name
	}
	parts := strings.Split(name, ".")
	for i, p := range parts {
		if bare := strings.TrimLeft(p, "_"); bare != "" && !strings.HasPrefix(p, "__") {
			parts[i] = bare
		}
	}
	return strings.Join(parts, ".")
}
