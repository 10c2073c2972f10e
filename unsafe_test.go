package unpkl_test

import (
	"go/build"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestUnsafe: a package that imports unsafe does so in one small file, which has a twin without it
// for the build tag purego; and with that tag no package of the module imports unsafe, on any
// system.
func TestUnsafe(t *testing.T) {
	t.Parallel()
	const file, twin, most = "unsafe.go", "unsafe_purego.go", 150 // lines
	found := 0
	for _, dir := range moduleFolders(t) {
		for _, system := range []string{"linux", "darwin", "windows", "js"} {
			if files := unsafeFiles(t, dir, system, "purego"); len(files) > 0 {
				t.Errorf("%s: with purego on %s unsafe is in %q", dir, system, files)
			}
			files := unsafeFiles(t, dir, system)
			switch {
			case len(files) == 0:
				continue
			case len(files) > 1 || files[0] != file:
				t.Errorf("%s: on %s unsafe is in %q", dir, system, files)
			}
			found++
			text, err := os.ReadFile(filepath.Join(dir, file))
			if n := strings.Count(string(text), "\n"); err != nil || n > most {
				t.Errorf("%s has %d lines of unsafe, %v", dir, n, err)
			}
			if !strings.Contains(string(text), "// unsafe") {
				t.Errorf("%s does not say why it is unsafe", filepath.Join(dir, file))
			}
			if _, err := os.Stat(filepath.Join(dir, twin)); err != nil {
				t.Errorf("%s: %v", dir, err)
			}
		}
	}
	if found == 0 {
		t.Error("no package imports unsafe")
	}
}

// moduleFolders returns the folders of the module with Go files.
func moduleFolders(t *testing.T) []string {
	t.Helper()
	var dirs []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			_, other := os.Stat(filepath.Join(path, "go.mod"))
			if path != "." && (other == nil || d.Name() == "testdata" ||
				strings.HasPrefix(d.Name(), ".")) {
				return filepath.SkipDir
			}
		case filepath.Ext(path) == ".go" && !slices.Contains(dirs, filepath.Dir(path)):
			dirs = append(dirs, filepath.Dir(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return dirs
}

// unsafeFiles returns the files of a folder, tests among them, that import unsafe when built for a
// system with tags.
func unsafeFiles(t *testing.T, dir, system string, tags ...string) []string {
	t.Helper()
	c := build.Default
	c.GOOS, c.GOARCH, c.BuildTags, c.CgoEnabled = system, "amd64", tags, false
	if system == "js" {
		c.GOARCH = "wasm"
	}
	p, err := c.ImportDir(dir, 0)
	if _, none := err.(*build.NoGoError); none {
		return nil
	} else if err != nil {
		t.Fatal(err)
	}
	var files []string
	for _, imports := range []map[string][]token.Position{p.ImportPos, p.TestImportPos,
		p.XTestImportPos} {
		for _, at := range imports["unsafe"] {
			files = append(files, filepath.Base(at.Filename))
		}
	}
	return files
}
