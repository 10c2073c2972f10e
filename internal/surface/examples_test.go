package surface_test

import (
	"go/ast"
	"go/doc"
	"slices"
	"strings"
	"testing"
)

// TestExamples checks that every exported function, and every method of the types of the root
// package and of frame.Frame, has an example of its own or is called in one. go test runs the
// examples.
func TestExamples(t *testing.T) {
	for _, p := range packages(t) {
		called := calledInExamples(p)
		check := func(typ string, f *doc.Func) {
			name := p.Name + "." + f.Name
			if typ != "" {
				name = p.Name + "." + typ + "." + f.Name
			}
			if ast.IsExported(f.Name) && !called[f.Name] {
				t.Errorf("no example of %s", name)
			}
		}
		for _, f := range p.Funcs {
			check("", f)
		}
		for _, typ := range p.Types {
			for _, f := range typ.Funcs {
				check("", f)
			}
			if !ast.IsExported(typ.Name) || p.Name != "unpkl" && typ.Name != "Frame" {
				continue
			}
			for _, m := range typ.Methods {
				switch m.Name {
				case "Error", "Unwrap", "Is", "PickleReduce": // called by other packages
				default:
					check(typ.Name, m)
				}
			}
		}
	}
}

// calledInExamples returns the names that examples select, and those that the examples are named
// after.
func calledInExamples(p *doc.Package) map[string]bool {
	called := map[string]bool{}
	for _, e := range allExamples(p) {
		name, _, _ := strings.Cut(e.Name, "_")
		called[name] = true
		if _, method, ok := strings.Cut(e.Name, "_"); ok {
			called[method] = true
		}
		ast.Inspect(e.Code, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				called[s.Sel.Name] = true
			}
			return true
		})
	}
	return called
}

func allExamples(p *doc.Package) []*doc.Example {
	all := slices.Clone(p.Examples)
	for _, f := range p.Funcs {
		all = append(all, f.Examples...)
	}
	for _, typ := range p.Types {
		all = append(all, typ.Examples...)
		for _, f := range slices.Concat(typ.Funcs, typ.Methods) {
			all = append(all, f.Examples...)
		}
	}
	return all
}
