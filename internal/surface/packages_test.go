package surface_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// packages returns the documentation of every package that users import, with its examples.
func packages(t *testing.T) []*doc.Package {
	t.Helper()
	files := map[string][]*ast.File{}
	set := token.NewFileSet()
	root := os.DirFS("../..")
	err := fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			switch d.Name() {
			case "internal", "cmd", "examples", "bench", "testdata", "beam":
				return fs.SkipDir
			}
			if strings.HasPrefix(d.Name(), ".") && path != "." {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		source, err := fs.ReadFile(root, path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(set, path, source, parser.ParseComments)
		if err != nil {
			return err
		}
		files[filepath.Dir(path)] = append(files[filepath.Dir(path)], f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var all []*doc.Package
	for dir, parsed := range files {
		p, err := doc.NewFromFiles(set, parsed, "github.com/unpkl/unpkl/"+dir, doc.AllDecls)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}
