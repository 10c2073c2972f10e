package reconstruct

import (
	"slices"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// Function is a view of a function that cloudpickle or dill pickled with its code. Nothing of it is
// ever executed.
type Function struct {
	// Name, QualName and Module are __name__, __qualname__ and __module__, or "" if the pickle
	// lacks them.
	Name, QualName, Module string
	// Doc is the docstring, or "".
	Doc string
	// Params are the names of the parameters. "*" and "**" precede those that take the remaining
	// arguments; a bare "*" precedes keyword-only parameters.
	Params []string
	// Defaults are the default values of the last positional parameters.
	Defaults []any
	// KwDefaults has the default values of keyword-only parameters, Annotations the annotations.
	KwDefaults, Annotations types.Dict
	// Constants are the constants of the code, Names the global names and attributes that it uses,
	// and FreeVars the variables of enclosing functions that it uses.
	Constants       []any
	Names, FreeVars []string
	// Globals has the values of global names that the code uses, as far as the pickle contains
	// them.
	Globals types.Dict
	// Closure has the values of FreeVars in the same order. It is nil for a cell that is empty, or
	// that the pickle fills only after the enclosing object, as dill does for methods of a class.
	Closure []any
	// FileName and FirstLine are the position of the source.
	FileName  string
	FirstLine int
	// Code is the bytecode of the Python version that wrote the pickle.
	Code []byte
}

// MadeClass is a view of a class that cloudpickle or dill pickled with its attributes.
type MadeClass struct {
	// Name, QualName and Module are __name__, __qualname__ and __module__.
	Name, QualName, Module string
	// Bases are the base classes.
	Bases []any
	// Attrs are methods and other attributes. [ReadFunction] reads the methods.
	Attrs types.Dict
}

// isCloudpickle reports whether an object is a call of one of the named functions of cloudpickle.
func isCloudpickle(o *pickle.Object, names ...string) bool {
	class, ok := o.Class.(pickle.Named)
	if !ok {
		return false
	}
	module, name := class.Global().Module, class.Global().Name
	root, _, _ := strings.Cut(module, ".")
	return (root == "cloudpickle" || strings.HasSuffix(module, ".cloudpickle") ||
		strings.Contains(module, ".cloudpickle.")) && slices.Contains(names, name)
}

// isDill reports whether an object is a call of the named function of dill.
func isDill(o *pickle.Object, name string) bool {
	class, ok := o.Class.(pickle.Named)
	return ok && class.Global().Name == name &&
		(class.Global().Module == "dill._dill" || class.Global().Module == "dill.dill")
}

// ReadFunction returns the view of a function that cloudpickle (0.5 or later, also its copies in
// joblib, PySpark and Ray) or dill pickled with its code. ok is false for any other value.
//
// Reference: cloudpickle/cloudpickle.py, _make_function and _function_setstate; dill/_dill.py,
// _create_function and save_code.
func ReadFunction(v any) (f *Function, ok bool) {
	o, isObject := v.(*pickle.Object)
	if !isObject || len(o.Args) < 2 {
		return nil, false
	}
	f = &Function{}
	switch {
	case isCloudpickle(o, "_make_function", "_create_function"):
		f.readCloudpickle(o)
	case isDill(o, "_create_function"):
		f.readDill(o)
	default:
		return nil, false
	}
	code, isObject := o.Args[0].(*pickle.Object)
	if !isObject || !f.readCode(code) {
		return nil, false
	}
	return f, true
}

// readCloudpickle reads _make_function(code, globals, name, defaults, closure) and the argument of
// _function_setstate, a pair of the function's dict and its slots.
func (f *Function) readCloudpickle(o *pickle.Object) {
	f.setGlobals(o.Args[1])
	state := o.State
	for _, call := range o.Calls {
		if isCloudpickle(call, "_function_setstate") && len(call.Args) == 2 {
			state = call.Args[1]
		}
	}
	for _, part := range slots(state) {
		f.setAttrs(part)
	}
}

// readDill reads _create_function(code, globals, name, defaults, closure).
func (f *Function) readDill(o *pickle.Object) {
	f.setGlobals(o.Args[1])
	if len(o.Args) > 2 {
		f.Name, _ = asText(o.Args[2])
	}
	if len(o.Args) > 3 {
		f.Defaults, _ = items(o.Args[3])
	}
	if len(o.Args) > 4 {
		f.setClosure(o.Args[4])
	}
	if len(o.Args) > 5 { // until dill 0.3.4
		f.setAttrs(o.Args[5])
	}
	if len(o.Args) > 6 {
		if d, ok := o.Args[6].(*types.Dict); ok && d != nil {
			f.KwDefaults = *d
		}
	}
	for _, part := range slots(o.State) {
		f.setAttrs(part)
	}
	f.fillClosure(o)
}

// fillClosure sets the values of cells that dill fills by calls after it has created the function.
func (f *Function) fillClosure(o *pickle.Object) {
	if len(o.Args) < 5 {
		return
	}
	cells, _ := items(o.Args[4])
	at := make(map[*pickle.Object]int, len(cells))
	for i, cell := range cells {
		if c, ok := cell.(*pickle.Object); ok {
			at[c] = i
		}
	}
	for _, call := range o.Calls {
		if len(call.Args) != 3 || call.Args[1] != any("cell_contents") {
			continue
		}
		cell, _ := call.Args[0].(*pickle.Object)
		if i, ok := at[cell]; ok && cell != nil {
			f.Closure[i] = call.Args[2]
		}
	}
}

// slots returns the parts of a state (dict, slots), or the state itself if it is no tuple.
func slots(state any) []any {
	if t, ok := state.(*types.Tuple); ok && t != nil {
		return *t
	}
	return []any{state}
}

// setGlobals sets Module and Globals from a dict of globals.
func (f *Function) setGlobals(v any) {
	d, ok := v.(*types.Dict)
	if !ok || d == nil {
		return
	}
	for _, e := range *d {
		name, isText := asText(e.Key)
		switch {
		case name == "__name__":
			f.Module, _ = asText(e.Value)
		case isText && !strings.HasPrefix(name, "__"):
			f.Globals = append(f.Globals, e)
		}
	}
}

// setAttrs sets the fields from a dict of the function's attributes.
func (f *Function) setAttrs(v any) {
	d, ok := v.(*types.Dict)
	if !ok || d == nil {
		return
	}
	for _, e := range *d {
		name, _ := asText(e.Key)
		text, isText := asText(e.Value)
		dict, _ := e.Value.(*types.Dict)
		switch name {
		case "__name__":
			f.Name = text
		case "__qualname__":
			f.QualName = text
		case "__module__":
			if isText {
				f.Module = text
			}
		case "__doc__":
			f.Doc = text
		case "__defaults__":
			f.Defaults, _ = items(e.Value)
		case "__closure__":
			f.setClosure(e.Value)
		case "__globals__":
			f.setGlobals(e.Value)
		case "__kwdefaults__":
			if dict != nil {
				f.KwDefaults = *dict
			}
		case "__annotations__":
			if dict != nil {
				f.Annotations = *dict
			}
		}
	}
}

// setClosure sets Closure from a tuple of cells.
func (f *Function) setClosure(v any) {
	cells, _ := items(v)
	f.Closure = slices.Grow([]any(nil), len(cells))
	contents := map[*pickle.Object]any{} // A cell with many calls may be in the tuple many times.
	for _, c := range cells {
		o, ok := c.(*pickle.Object)
		if !ok {
			f.Closure = append(f.Closure, nil)
			continue
		}
		value, known := contents[o]
		if !known {
			value = cellContents(o)
			contents[o] = value
		}
		f.Closure = append(f.Closure, value)
	}
}

// cellContents returns the value in a cell, or nil if it is empty.
func cellContents(cell *pickle.Object) (value any) {
	if (isCloudpickle(cell, "_make_cell") || isDill(cell, "_create_cell")) && len(cell.Args) == 1 {
		value = cell.Args[0]
	}
	if value != nil {
		return value
	}
	for _, call := range cell.Calls { // dill fills cells by calls
		if len(call.Args) == 3 && call.Args[1] == any("cell_contents") {
			value = call.Args[2]
		}
	}
	return value
}

// codeArgs has the indices of some arguments of types.CodeType, which depend on the Python version.
type codeArgs struct{ file, name, qualName, line, free int }

// readCode reads the arguments of types.CodeType. All versions start with counts, the bytecode,
// constants, names, variables, file and name. Since 3.11 a qualified name follows; free variables
// come later.
func (f *Function) readCode(code *pickle.Object) bool {
	args := code.Args
	if isDill(code, "_create_code") && len(args) > 0 {
		if _, ok := asBytes(args[0]); ok {
			args = args[1:] // since 0.3.6 dill puts the line table first
		}
	}
	at := slices.IndexFunc(args, func(v any) bool { _, ok := asBytes(v); return ok })
	if at < 4 || at > 6 || len(args) < at+7 {
		return false
	}
	f.Code, _ = asBytes(args[at])
	f.Constants, _ = items(args[at+1])
	f.Names = textItems(args[at+2])
	variables := textItems(args[at+3])
	f.FileName, _ = asText(args[at+4])
	rest := codeArgs{file: at + 4, name: at + 5, line: at + 6, free: at + 8}
	if _, ok := asText(args[at+6]); ok && len(args) > at+7 {
		if _, isLine := asInt(args[at+7]); isLine {
			rest = codeArgs{file: at + 4, name: at + 5, qualName: at + 6, line: at + 7,
				free: at + 10}
		}
	}
	if f.Name == "" {
		f.Name, _ = asText(args[rest.name])
	}
	if f.QualName == "" && rest.qualName > 0 {
		f.QualName, _ = asText(args[rest.qualName])
	}
	f.FirstLine, _ = asInt(args[rest.line])
	if doc, ok := firstText(f.Constants); ok && f.Doc == "" && rest.qualName == 0 {
		f.Doc = doc // as Python before 3.11 does
	}
	if rest.free < len(args) {
		f.FreeVars = textItems(args[rest.free])
	}
	counts := make([]int, at)
	for i := range counts {
		counts[i], _ = asInt(args[i])
	}
	f.setParams(counts, variables)
	return true
}

// asBytes returns bytes, or the bytes of a str of Python 2.
func asBytes(v any) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case pickle.Py2String:
		return []byte(v), true
	}
	return nil, false
}

// firstText returns the first of values if it is text.
func firstText(values []any) (string, bool) {
	if len(values) == 0 {
		return "", false
	}
	return asText(values[0])
}

// textItems returns the items of a sequence of text.
func textItems(v any) []string {
	list, _ := items(v)
	out := make([]string, 0, len(list))
	for _, x := range list {
		s, _ := asText(x)
		out = append(out, s)
	}
	return out
}

// Flags of code objects.
const (
	codeVarArgs  = 0x04
	codeKeywords = 0x08
)

// setParams sets Params. counts are the numbers of positional parameters, (since 3.8) of
// positional-only and (since 3.0) of keyword-only parameters, the number of variables, the stack
// size and the flags.
func (f *Function) setParams(counts []int, variables []string) {
	positional, kwOnly, flags := counts[0], 0, counts[len(counts)-1]
	switch len(counts) {
	case 5:
		kwOnly = counts[1]
	case 6:
		kwOnly = counts[2]
	}
	if positional < 0 || kwOnly < 0 || positional > len(variables) ||
		kwOnly > len(variables)-positional {
		return
	}
	f.Params = append(f.Params, variables[:positional]...)
	next := positional + kwOnly
	if flags&codeVarArgs != 0 && next < len(variables) {
		f.Params = append(f.Params, "*"+variables[next])
		next++
	} else if kwOnly > 0 {
		f.Params = append(f.Params, "*")
	}
	f.Params = append(f.Params, variables[positional:positional+kwOnly]...)
	if flags&codeKeywords != 0 && next < len(variables) {
		f.Params = append(f.Params, "**"+variables[next])
	}
}

// String returns the name with the parameters: "f(a, b, *args)".
func (f *Function) String() string {
	name := f.QualName
	if name == "" {
		name = f.Name
	}
	return name + "(" + strings.Join(f.Params, ", ") + ")"
}

// ReadClass returns the view of a class that cloudpickle or dill pickled with its attributes. ok is
// false for any other value, such as a class that is pickled by name.
//
// Reference: cloudpickle/cloudpickle.py, _make_skeleton_class, _make_skeleton_enum and
// _class_setstate; dill/_dill.py, _create_type.
func ReadClass(v any) (c *MadeClass, ok bool) {
	o, isObject := v.(*pickle.Object)
	if !isObject || len(o.Args) < 4 {
		return nil, false
	}
	c = &MadeClass{}
	switch {
	case isCloudpickle(o, "_make_skeleton_class"):
		c.Name, _ = asText(o.Args[1])
		c.Bases, _ = items(o.Args[2])
		c.setAttrs(o.Args[3])
	case isCloudpickle(o, "_make_skeleton_enum"):
		c.Name, _ = asText(o.Args[1])
		c.Bases, _ = items(o.Args[0])
		c.setAttrs(o.Args[3])
	case isDill(o, "_create_type"):
		c.Name, _ = asText(o.Args[1])
		c.Bases, _ = items(o.Args[2])
		c.setAttrs(o.Args[3])
	default:
		return nil, false
	}
	for _, call := range o.Calls {
		switch {
		case isCloudpickle(call, "_class_setstate") && len(call.Args) == 2:
			for _, part := range slots(call.Args[1]) {
				c.setAttrs(part)
			}
		case len(call.Args) == 3 && call.Args[1] == any("__qualname__"): // from dill
			c.QualName, _ = asText(call.Args[2])
		}
	}
	return c, true
}

// setAttrs sets the fields from a dict of the class's attributes.
func (c *MadeClass) setAttrs(v any) {
	d, ok := v.(*types.Dict)
	if !ok || d == nil {
		return
	}
	for _, e := range *d {
		switch name, _ := asText(e.Key); name {
		case "__module__":
			c.Module, _ = asText(e.Value)
		case "__qualname__":
			c.QualName, _ = asText(e.Value)
		default:
			c.Attrs = append(c.Attrs, e)
		}
	}
}

// String returns the name of the class.
func (c *MadeClass) String() string {
	if c.QualName != "" {
		return c.QualName
	}
	return c.Name
}
