package audit

import (
	"strings"

	"github.com/unpkl/unpkl/reconstruct"
)

// A reason is why a use has its verdict.
type reason struct {
	grade      grade
	capability Capability
	text       string
}

// judged is what a name by itself means, before it is known how it is used.
type judged struct {
	kind   kind
	reason *reason
	// rule judges calls of the name, where what it is called with matters.
	rule rule
	// made: an instance made without __init__ has this reason instead.
	made *reason
	// result judges calls of what a call returned.
	result resultRule
}

// The reasons of names that are not dangerous.
var (
	becauseData = &reason{gradeData, "", "rebuilt as data, and used as its own pickler uses it"}
	becauseNew  = &reason{gradeKnown, "",
		"a class of the field; an instance is made without running its __init__"}
	becauseKnown = &reason{gradeKnown, "",
		"a class or function of the field that has no effect when it is called"}
	becauseUnknown = &reason{gradeUnknown, "", "not in the lists: any code at all in Python"}
	becauseCalled  = &reason{gradeUnknown, "",
		"a class of the field, but called with arguments, not made as its own pickler makes it"}
	becauseFile = &reason{gradeUnknown, CapabilityRead,
		"opens a file when it is called; it is data only as the class of an array"}
	becauseAllowed = &reason{gradeKnown, "", "on the list of what is allowed"}
	becauseDenied  = &reason{gradeDangerous, "", "on the list of what is denied"}
)

// dangers are the reasons of dangerous entries.
var dangers = func() map[Capability]*reason {
	m := map[Capability]*reason{}
	for c, text := range map[Capability]string{
		CapabilityCode:    "runs code or a command that its arguments hold or name",
		CapabilityImport:  "imports a module that its arguments name",
		CapabilityRead:    "reads a file that its arguments name",
		CapabilityWrite:   "opens, writes, makes or removes a file that its arguments name",
		CapabilityNetwork: "reaches the network",
		CapabilityProcess: "starts, ends or changes processes, or the state of this one",
		CapabilityNested:  "loads a pickle or code that its arguments hold or name",
		CapabilityReach:   "reaches any attribute of anything",
	} {
		m[c] = &reason{gradeDangerous, c, text}
	}
	return m
}()

// judge says what a name means. A dotted name is followed by Python part by part, so every suffix
// of it is judged as a module and name of its own.
func (l *list) judge(module, name string) judged {
	j := l.judgeName(module, name)
	j.rule, j.result = ruleOf(module, name), results[canonical(module, name)]
	if module == computed || name == computed {
		j.kind, j.reason = kindDangerous, becauseComputed
	}
	if full := canonical(module, name); j.kind == kindData &&
		(full == "numpy.memmap" || full == "numpy.core.memmap.memmap") {
		j.reason = becauseFile
	}
	return j
}

func (l *list) judgeName(module, name string) judged {
	if c, ok := l.danger(module, name); ok {
		return judged{kind: kindDangerous, reason: dangers[c]}
	}
	if reconstruct.Rebuilt(module, name) {
		return judged{kind: kindData, reason: becauseData}
	}
	for _, m := range l.spellings(module) {
		e := l.find(m, name)
		if e == nil {
			continue
		}
		j := judged{kind: e.kind}
		switch e.kind {
		case kindData:
			j.reason = becauseData
		case kindKnown:
			j.reason = becauseKnown
		case kindNew:
			j.reason, j.made = becauseKnown, becauseNew
		default:
			j.reason = becauseUnknown
		}
		return j
	}
	return judged{kind: kindUnknown, reason: becauseUnknown}
}

// maxParts is how many parts a dotted name of a module, class or function has at most that is
// looked at. Nothing real comes near it, and each part is looked up with all others.
const maxParts = 32

// danger returns the capability of a dangerous name.
func (l *list) danger(module, name string) (Capability, bool) {
	if strings.Count(module, ".") >= maxParts || strings.Count(name, ".") >= maxParts {
		return CapabilityReach, true
	}
	parts := strings.Split(name, ".")
	if c, ok := l.listed(module, name); ok || c == excepted {
		return c, ok
	}
	// The name as it is, then with its first parts taken as modules below the module, then
	// every suffix of it: a module may have imported any other.
	for i := 1; i < len(parts); i++ {
		if c, ok := l.listed(module+"."+strings.Join(parts[:i], "."),
			strings.Join(parts[i:], ".")); ok {
			return c, ok
		}
		if c, ok := l.listed(module, strings.Join(parts[:i], ".")); ok {
			return c, ok
		}
		for j := i + 1; j <= len(parts); j++ {
			m := strings.Join(parts[i-1:j-1], ".")
			if c, ok := l.listed(m, strings.Join(parts[j-1:], ".")); ok {
				return c, ok
			}
		}
		if c, ok := l.attribute(parts[i]); ok {
			return c, ok
		}
	}
	for _, p := range parts {
		if strings.HasPrefix(p, "__") && !harmlessDunder(p) {
			return CapabilityReach, true
		}
		if commonWords[strings.TrimLeft(p, "_")] {
			continue
		}
		if e := l.wholeModule(p); e != nil {
			return e.capability, true
		}
	}
	return "", false
}

// excepted is what listed returns, and false, for a name that the list takes out of a wider entry.
const excepted Capability = "-"

// listed looks a module and name up under all spellings.
func (l *list) listed(module, name string) (Capability, bool) {
	no := Capability("")
	bare := strip(name)
	for _, m := range l.spellings(module) {
		for n := name; ; n = bare {
			if e := l.find(m, n); e != nil {
				if e.kind == kindDangerous {
					return e.capability, true
				}
				if m == module && n == name && e.has(n) {
					return excepted, false // in full: other spellings say nothing more
				}
				no = excepted
			}
			if n == bare {
				break
			}
		}
	}
	return no, false
}

// attribute judges the name of an attribute of anything.
func (l *list) attribute(name string) (Capability, bool) {
	if e := matching(l.last, strings.TrimLeft(name, "_"), false); e != nil {
		return e.capability, true
	}
	return "", false
}

// wholeModule returns the entry by which all of a module is dangerous, if it is one: what another
// module has imported is reached by its name.
func (l *list) wholeModule(name string) *entry {
	for _, m := range l.spellings(name) {
		for _, e := range l.modules[m] {
			if e.whole && e.kind == kindDangerous {
				return e
			}
		}
	}
	if module := l.spellings(name); len(module) > 0 && module[len(module)-1] == "builtins" {
		return &entry{kind: kindDangerous, capability: CapabilityReach}
	}
	return nil
}

// commonWords are names of dangerous modules that are names of much else.
var commonWords = map[string]bool{
	"code": true, "test": true, "select": true, "trace": true, "signal": true, "compile": true,
	"site": true, "platform": true, "profile": true, "resource": true, "glob": true,
	"commands": true, "cmd": true, "sched": true, "fire": true, "sh": true, "invoke": true,
	"wave": true, "chunk": true, "io": true, "turtle": true, "ray": true, "skops": true,
	"this": true, "dns": true, "hydra": true, "pages": true, "inspect": true, "http": true,
}

// harmlessDunder recognises the functions with such names that picklers name.
func harmlessDunder(name string) bool {
	switch name {
	case "__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor", "__RandomState_ctor",
		"__newobj__", "__newobj_ex__":
		return true
	}
	return strings.HasPrefix(name, "__pyx_unpickle_") || strings.HasPrefix(name, "__nat_unpickle")
}
