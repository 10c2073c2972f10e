package audit

import (
	"strings"

	"github.com/unpkl/unpkl/reconstruct"
)

// A reason says why a use has its verdict.
type reason struct {
	grade      grade
	capability Capability
	text       string
}

// judgement is what is known of a name before it is known how the pickle uses it.
type judgement struct {
	kind   kind
	reason *reason // for a use without a call, and the default for calls
	// rule judges calls of the name if the verdict depends on the arguments; nil if it does not.
	rule rule
	// newReason replaces reason if an instance is made without arguments, so that no __init__
	// runs. It is set for kindNew only.
	newReason *reason
	// result judges calls of what a call of the name returned; nil: the default verdict.
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

// dangers has the reason of each capability.
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

// judge returns what is known of a name. Python follows a dotted name part by part, so every suffix
// of the name is judged as a module and name of its own.
func (l *nameList) judge(module, name string) judgement {
	j := l.judgeName(module, name)
	j.rule, j.result = ruleOf(module, name), resultRules[canonical(module, name)]
	if module == computed || name == computed {
		j.kind, j.reason = kindDangerous, becauseComputed
	}
	if full := canonical(module, name); j.kind == kindData &&
		(full == "numpy.memmap" || full == "numpy.core.memmap.memmap") {
		j.reason = becauseFile
	}
	return j
}

// judgeName is judge without the rules.
func (l *nameList) judgeName(module, name string) judgement {
	if c, ok := l.danger(module, name); ok {
		return judgement{kind: kindDangerous, reason: dangers[c]}
	}
	if reconstruct.Rebuilt(module, name) {
		return judgement{kind: kindData, reason: becauseData}
	}
	for _, m := range l.spellings(module) {
		e := l.find(m, name)
		if e == nil {
			continue
		}
		j := judgement{kind: e.kind}
		switch e.kind {
		case kindData:
			j.reason = becauseData
		case kindKnown:
			j.reason = becauseKnown
		case kindNew:
			j.reason, j.newReason = becauseKnown, becauseNew
		default:
			j.reason = becauseUnknown
		}
		return j
	}
	return judgement{kind: kindUnknown, reason: becauseUnknown}
}

// maxParts bounds the number of parts of a dotted name. No real name comes near it, and the time to
// judge a name grows with the square of the number.
const maxParts = 32

// danger returns the capability of a dangerous name. It returns false for other names.
func (l *nameList) danger(module, name string) (Capability, bool) {
	if strings.Count(module, ".") >= maxParts || strings.Count(name, ".") >= maxParts {
		return CapabilityReach, true
	}
	parts := strings.Split(name, ".")
	if c, ok := l.lookup(module, name); ok || c == excepted {
		return c, ok
	}
	// Look the name up as it is, then with its first parts as submodules of the module, then
	// by every suffix: a module may have imported any other module.
	for i := 1; i < len(parts); i++ {
		if c, ok := l.lookup(module+"."+strings.Join(parts[:i], "."),
			strings.Join(parts[i:], ".")); ok {
			return c, ok
		}
		if c, ok := l.lookup(module, strings.Join(parts[:i], ".")); ok {
			return c, ok
		}
		for j := i + 1; j <= len(parts); j++ {
			m := strings.Join(parts[i-1:j-1], ".")
			if c, ok := l.lookup(m, strings.Join(parts[j-1:], ".")); ok {
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

// excepted is what lookup returns, with false, for a name that an entry excludes from a wider one.
const excepted Capability = "-"

// lookup looks a module and name up in all their spellings.
func (l *nameList) lookup(module, name string) (Capability, bool) {
	no := Capability("")
	bare := strip(name)
	for _, m := range l.spellings(module) {
		for n := name; ; n = bare {
			if e := l.find(m, n); e != nil {
				if e.kind == kindDangerous {
					return e.capability, true
				}
				if m == module && n == name && e.lists(n) {
					return excepted, false // an exact entry overrides other spellings
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

// attribute returns the capability of an attribute that is dangerous on any object.
func (l *nameList) attribute(name string) (Capability, bool) {
	if e := matching(l.attributes, strings.TrimLeft(name, "_"), false); e != nil {
		return e.capability, true
	}
	return "", false
}

// wholeModule returns the entry that declares all of a module dangerous, or nil. A module that has
// imported a dangerous module gives access to it under its name.
func (l *nameList) wholeModule(name string) *entry {
	for _, m := range l.spellings(name) {
		for _, e := range l.modules[m] {
			if e.allNames && e.kind == kindDangerous {
				return e
			}
		}
	}
	if module := l.spellings(name); len(module) > 0 && module[len(module)-1] == "builtins" {
		return &entry{kind: kindDangerous, capability: CapabilityReach}
	}
	return nil
}

// commonWords are names of dangerous modules that are common names of harmless things too.
var commonWords = map[string]bool{
	"code": true, "test": true, "select": true, "trace": true, "signal": true, "compile": true,
	"site": true, "platform": true, "profile": true, "resource": true, "glob": true,
	"commands": true, "cmd": true, "sched": true, "fire": true, "sh": true, "invoke": true,
	"wave": true, "chunk": true, "io": true, "turtle": true, "ray": true, "skops": true,
	"this": true, "dns": true, "hydra": true, "pages": true, "inspect": true, "http": true,
}

// harmlessDunder recognises the names with leading underscores that picklers write.
func harmlessDunder(name string) bool {
	switch name {
	case "__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor", "__RandomState_ctor",
		"__newobj__", "__newobj_ex__":
		return true
	}
	return strings.HasPrefix(name, "__pyx_unpickle_") || strings.HasPrefix(name, "__nat_unpickle")
}
