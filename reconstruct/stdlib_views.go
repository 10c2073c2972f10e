package reconstruct

import (
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// Exception is a view of an instance of a Python exception: of a builtin class, or of a class that
// the caller of [ReadException] declares to be one. It is an error whose text is the last line of a
// traceback.
type Exception struct {
	// Class is the class under its Python 3 name.
	Class pickle.Global
	// Args are the arguments that str shows. Those of an OSError are errno, its text and the file
	// name.
	Args []any
	// Attrs are attributes set on the exception, such as __notes__ or those of its class.
	Attrs types.Dict
}

// ReadException returns the view of an exception. ok is false for any other value. Builtin
// exceptions are recognised by name. An instance of another class is an exception only if
// isException, which may be nil, returns true for the class.
func ReadException(v any, isException func(class pickle.Global) bool) (e *Exception, ok bool) {
	o, isObject := v.(*pickle.Object)
	if !isObject {
		return nil, false
	}
	inst, isNamed := named(o)
	if !isNamed {
		return nil, false
	}
	class := inst.Class.Python3()
	if !isBuiltinException(class) && (isException == nil || !isException(class)) {
		return nil, false
	}
	e = &Exception{Class: class, Args: inst.Args}
	if d, isDict := inst.State.(*types.Dict); isDict && d != nil {
		e.Attrs = *d
	}
	return e, true
}

// isBuiltinException reports whether a class is one of Python's builtin exceptions.
func isBuiltinException(g pickle.Global) bool {
	if g.Module != "builtins" {
		return false
	}
	switch g.Name {
	case "BaseException", "Exception", "BaseExceptionGroup", "ExceptionGroup", "KeyboardInterrupt",
		"GeneratorExit", "SystemExit", "StopIteration", "StopAsyncIteration":
		return lookup(g) != nil
	}
	return hasSuffix(g.Name, "Error", "Warning") && lookup(g) != nil
}

// Error returns the last line of Python's traceback: the class's name and the str, as in "KeyError:
// 'k'".
func (e *Exception) Error() string {
	name := e.Class.Name
	if e.Class.Module != "builtins" {
		name = e.Class.String()
	}
	if text := e.text(); text != "" {
		return name + ": " + text
	}
	return name
}

// text returns the str of the exception.
func (e *Exception) text() string {
	switch n := len(e.Args); {
	case n == 0:
		return ""
	case e.isOSError() && n >= 2:
		text := "[Errno " + reprOf(e.Args[0]) + "] " + strOf(e.Args[1])
		if n > 2 && e.Args[2] != nil {
			text += ": " + reprOf(e.Args[2])
		}
		return text
	case n == 1 && e.Class.Name == "KeyError":
		return reprOf(e.Args[0])
	case n == 1:
		return strOf(e.Args[0])
	}
	parts := make([]string, len(e.Args))
	for i, a := range e.Args {
		parts[i] = reprOf(a)
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// isOSError reports whether the class is OSError or a builtin subclass of it.
func (e *Exception) isOSError() bool {
	switch e.Class.Name {
	case "OSError", "BlockingIOError", "ChildProcessError", "ConnectionError", "BrokenPipeError",
		"ConnectionAbortedError", "ConnectionRefusedError", "ConnectionResetError",
		"FileExistsError", "FileNotFoundError", "InterruptedError", "IsADirectoryError",
		"NotADirectoryError", "PermissionError", "ProcessLookupError", "TimeoutError":
		return e.Class.Module == "builtins"
	}
	return false
}

// strOf returns Python's str of a value.
func strOf(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return reprOf(v)
}

// reprOf returns Python's repr of a number or text, and the name of the type of anything else.
func reprOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return quoted(v)
	}
	if n, ok := asBigInt(v); ok {
		return n.String()
	}
	if f, ok := v.(float64); ok {
		return floatRepr(f)
	}
	return "<" + strings.TrimPrefix(strings.TrimPrefix(typeName(v), "a "), "an ") + ">"
}

// Partial is a view of a functools.partial.
type Partial struct {
	// Func is the function, nearly always a [pickle.Named].
	Func any
	// Args and Keywords are the arguments that precede those of a call.
	Args     []any
	Keywords types.Dict
	// Attrs are attributes set on the partial.
	Attrs types.Dict
}

// ReadPartial returns the view of a functools.partial, or of an instance of a subclass whose state
// has the same form. ok is false for any other value. Nothing is called.
//
// Reference: Modules/_functoolsmodule.c, partial_reduce.
func ReadPartial(v any) (p *Partial, ok bool) {
	o, isObject := v.(*pickle.Object)
	if !isObject || Normalize(o).ClassName() != "functools.partial" {
		return nil, false
	}
	state, isTuple := o.State.(*types.Tuple)
	if !isTuple || len(*state) != 4 {
		return nil, false
	}
	args, isTuple := (*state)[1].(*types.Tuple)
	if !isTuple {
		return nil, false
	}
	p = &Partial{Func: (*state)[0], Args: *args}
	if d, isDict := (*state)[2].(*types.Dict); isDict {
		p.Keywords = *d
	}
	if d, isDict := (*state)[3].(*types.Dict); isDict {
		p.Attrs = *d
	}
	return p, true
}

// EnumMember is a view of a member of an enum.
type EnumMember struct {
	// Class is "module.Class" of the enum.
	Class string
	// Name and Value are those of the member.
	Name  string
	Value any
}

// ReadEnum returns the view of an enum member if its pickle contains the names of members, or they
// are known here: members that cloudpickle wrote with their class, of http.HTTPMethod, and of
// re.RegexFlag. ok is false for any other value. Other members are pickled as their class and value
// only, or by Python 3.11.0 to 3.11.6 as class and name, a reference like any other attribute.
func ReadEnum(v any) (m *EnumMember, ok bool) {
	o, isObject := v.(*pickle.Object)
	if !isObject || len(o.Args) != 1 || o.HasState {
		return nil, false
	}
	value := o.Args[0]
	if class, isObject := o.Class.(*pickle.Object); isObject {
		return madeEnum(class, value)
	}
	m = &EnumMember{Class: o.ClassName(), Value: value}
	switch m.Class {
	case "http.HTTPMethod":
		m.Name, ok = value.(string)
	case "re.RegexFlag":
		n, isInt := asInt(value)
		m.Name = flagNames(n)
		ok = isInt && m.Name != ""
	}
	if !ok {
		return nil, false
	}
	return m, true
}

// madeEnum returns the member with a value of an enum that a pickle creates by
// cloudpickle._make_skeleton_enum(bases, name, qualname, members, module...).
func madeEnum(class *pickle.Object, value any) (*EnumMember, bool) {
	if !isCloudpickle(class, "_make_skeleton_enum") || len(class.Args) < 5 {
		return nil, false
	}
	name, _ := asText(class.Args[2])
	module, _ := asText(class.Args[4])
	members, ok := dictEntries(class.Args[3])
	if !ok {
		return nil, false
	}
	for _, e := range members {
		if key, ok := asText(e.Key); ok && pickle.EqualKeys(e.Value, value) {
			return &EnumMember{Class: module + "." + name, Name: key, Value: value}, true
		}
	}
	return nil, false
}

// regexFlags names the bits of re.RegexFlag in the order of repr.
var regexFlags = []struct {
	bit  int
	name string
}{{256, "ASCII"}, {128, "DEBUG"}, {2, "IGNORECASE"}, {4, "LOCALE"}, {8, "MULTILINE"},
	{16, "DOTALL"}, {32, "UNICODE"}, {64, "VERBOSE"}}

// flagNames returns the names of the flags as repr joins them, or "" if a bit has no name.
func flagNames(n int) string {
	names := []string{}
	for _, f := range regexFlags {
		if n&f.bit != 0 {
			names = append(names, f.name)
			n &^= f.bit
		}
	}
	if n != 0 {
		return ""
	}
	return strings.Join(names, "|")
}
