package unpkl_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says for each package of the module which others of it may be imported there, tests
// aside. "." is the root. Imports go one way: leaves come first, and each package stands above all
// that it imports.
var mayImport = []struct{ pkg, imports string }{
	{"internal/errkind", ""},
	{"internal/magic", ""},
	{"internal/mmap", ""},
	{"internal/fields", ""},
	{"internal/jsonhook", ""},
	{"internal/pointer", ""},
	{"internal/opfuzz", ""},
	{"internal/payload", ""},
	{"internal/ballast", ""},
	{"internal/slab", ""},
	{"internal/texts", ""},
	{"internal/fixture", ""},
	{"internal/zipfile", "internal/errkind"},
	{"internal/opcode", "internal/errkind internal/slab internal/texts"},
	{"internal/window", "internal/errkind internal/opcode internal/payload internal/slab"},
	{"internal/tape",
		"internal/ballast internal/errkind internal/opcode internal/payload internal/slab " +
			"internal/window"},
	{"internal/arrayhook", "internal/texts"},
	{"internal/bulk", ""},
	{"ndarray",
		"internal/arrayhook internal/bulk internal/errkind internal/jsonhook internal/texts"},
	{"internal/pending", "internal/arrayhook internal/texts ndarray"},
	{"internal/known", "internal/pending internal/slab internal/tape internal/texts ndarray"},
	{"internal/bridge", "internal/known internal/tape"},
	{"internal/written", ""},
	{"pickle",
		"internal/bridge internal/errkind internal/jsonhook internal/known " +
			"internal/opcode internal/payload internal/slab internal/tape internal/window " +
			"internal/written"},
	{"ndarray/gonumarray", "ndarray"},
	{"internal/framehook", ""},
	{"frame", "internal/framehook internal/jsonhook internal/texts ndarray"},
	{"xr", "frame internal/jsonhook ndarray"},
	{"internal/filter", "internal/errkind"},
	{"internal/zarr", "internal/errkind internal/filter ndarray"},
	{"hdf5",
		"frame internal/bulk internal/errkind internal/filter internal/magic internal/mmap " +
			"internal/pending internal/texts ndarray"},
	{"hdf5/pytables", "frame hdf5 internal/texts ndarray"},
	{"npy", "internal/errkind internal/magic internal/payload internal/zipfile ndarray"},
	{"internal/arrowcheck", "internal/errkind internal/magic"},
	{"internal/delimited", "internal/errkind"},
	{"internal/safetensors", "internal/errkind ndarray"},
	{"internal/xdr", "internal/errkind ndarray"},
	{"internal/cases", "internal/fixture ndarray"},
	{"internal/compress", "internal/errkind internal/magic internal/zipfile pickle"},
	{"torch",
		"internal/bridge internal/errkind internal/jsonhook internal/magic internal/pending " +
			"internal/zipfile ndarray pickle"},
	{"reconstruct",
		"frame internal/bridge internal/compress internal/framehook internal/jsonhook " +
			"internal/known internal/pending internal/texts internal/written internal/zarr " +
			"ndarray npy pickle torch xr"},
	{"frame/arrowframe",
		"frame internal/arrowcheck internal/bridge internal/framehook ndarray pickle"},
	{"internal/fixture/compare", "internal/fixture ndarray pickle reconstruct"},
	{"internal/gotypes", "internal/bridge ndarray pickle reconstruct"},
	{"internal/pyvalue", "frame internal/fields ndarray pickle reconstruct torch xr"},
	{"internal/jsonval",
		"frame internal/jsonhook internal/pending internal/pointer internal/pyvalue " +
			"internal/texts internal/written ndarray pickle reconstruct torch xr"},
	{"internal/lookup",
		"frame internal/bridge internal/pointer internal/pyvalue internal/tape internal/texts " +
			"ndarray pickle reconstruct xr"},
	{"internal/describe",
		"frame internal/lookup internal/pointer internal/pyvalue ndarray pickle " +
			"reconstruct xr"},
	{"internal/input",
		"internal/bridge internal/compress internal/errkind internal/magic internal/mmap " +
			"internal/pyvalue internal/zipfile ndarray npy pickle torch"},
	{"internal/plain",
		"frame internal/bridge internal/known internal/opcode internal/pending " +
			"internal/pyvalue internal/slab internal/tape ndarray pickle reconstruct xr"},
	{"internal/unmarshal",
		"frame internal/bridge internal/fields internal/known internal/payload " +
			"internal/plain internal/pyvalue internal/slab internal/tape internal/window " +
			"ndarray pickle reconstruct xr"},
	{"internal/table",
		"frame internal/describe internal/framehook internal/jsonval internal/lookup " +
			"internal/pointer internal/pyvalue ndarray pickle reconstruct xr"},
	{"internal/chunk", "ndarray"},
	{"internal/checksum", "internal/chunk ndarray"},
	{"internal/stats",
		"frame internal/chunk internal/lookup internal/pending internal/pointer " +
			"internal/pyvalue internal/table internal/texts ndarray pickle reconstruct"},
	{"internal/diff",
		"frame internal/chunk internal/describe internal/lookup internal/pointer " +
			"internal/pyvalue internal/table internal/texts ndarray pickle reconstruct torch xr"},
	{"internal/plot",
		"frame internal/describe internal/lookup internal/pyvalue internal/table ndarray"},
	{"internal/edit", "frame internal/lookup internal/pointer internal/pyvalue ndarray pickle"},
	{"internal/spec",
		"frame internal/checksum internal/chunk internal/describe internal/lookup " +
			"internal/pointer internal/pyvalue internal/stats ndarray"},
	{"audit",
		"internal/bridge internal/compress internal/errkind internal/input internal/magic " +
			"internal/mmap internal/opcode internal/pyvalue internal/tape internal/window " +
			"internal/zipfile npy pickle reconstruct"},
	{"internal/serve",
		"audit frame internal/compress internal/describe internal/lookup internal/plot " +
			"internal/pointer internal/pyvalue internal/stats internal/table ndarray pickle"},
	{".",
		"frame internal/bridge internal/compress internal/errkind internal/gotypes " +
			"internal/input internal/jsonval internal/lookup internal/magic internal/mmap " +
			"internal/plain internal/pointer internal/pyvalue internal/tape " +
			"internal/unmarshal ndarray pickle reconstruct"},
	{"convert",
		". frame frame/arrowframe hdf5 hdf5/pytables internal/arrowcheck internal/bulk " +
			"internal/compress internal/delimited internal/errkind internal/jsonval " +
			"internal/lookup internal/magic internal/pending internal/plain internal/pointer " +
			"internal/pyvalue internal/safetensors internal/texts internal/written internal/xdr " +
			"internal/zipfile ndarray npy pickle reconstruct torch xr"},
	{"store", ""},
	{"internal/surface", ""},
	{"internal/batch", "convert internal/errkind pickle"},
	{"examples/service", ". ndarray"},
	{"examples/batch", ". ndarray ndarray/gonumarray"},
	{"examples/tables", ". frame frame/arrowframe"},
	{"examples/results", "."},
	{"cmd/unpkl",
		". audit convert frame internal/batch internal/checksum internal/compress " +
			"internal/describe internal/diff internal/edit internal/framehook internal/input " +
			"internal/jsonval internal/lookup internal/magic internal/plot internal/pointer " +
			"internal/pyvalue internal/serve internal/spec internal/stats internal/table " +
			"ndarray npy pickle store"},
}

// listedPackage is what go list -json says of a package.
type listedPackage struct {
	ImportPath string
	GoFiles    []string
	// IgnoredGoFiles are for other systems.
	IgnoredGoFiles []string
	Imports        []string
}

// listPackages returns the packages of the module by their folders.
func listPackages(t *testing.T) map[string]listedPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,GoFiles,IgnoredGoFiles,Imports",
		"./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]listedPackage{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listedPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		if folder, ok := folderOf(p.ImportPath); ok {
			all[folder] = p
		}
	}
}

// folderOf returns the folder of a package of this module.
func folderOf(importPath string) (folder string, ok bool) {
	rest, ok := strings.CutPrefix(importPath, "github.com/unpkl/unpkl")
	switch {
	case !ok || rest != "" && rest[0] != '/':
		return "", false
	case rest == "":
		return ".", true
	}
	return rest[1:], true
}

// TestImports holds the table, and that it is one way.
func TestImports(t *testing.T) {
	t.Parallel()
	all := listPackages(t)
	stated := map[string]bool{}
	for _, row := range mayImport {
		allowed := strings.Fields(row.imports)
		for _, name := range allowed {
			if !stated[name] {
				t.Errorf("the table lets %s import %s, which does not stand above it", row.pkg,
					name)
			}
		}
		stated[row.pkg] = true
		for _, path := range all[row.pkg].Imports {
			if name, ok := folderOf(path); ok && !slices.Contains(allowed, name) {
				t.Errorf("%s may not import %s", row.pkg, name)
			}
		}
	}
	for name := range all {
		if !stated[name] {
			t.Errorf("the table does not say what %s may import", name)
		}
	}
	if len(all) != len(stated) {
		t.Errorf("%d packages, %d in the table", len(all), len(stated))
	}
}

// TestFoldersHaveNoCircle: neither do folders with all that is below them import each other, each
// folder of internal being one of its own.
func TestFoldersHaveNoCircle(t *testing.T) {
	t.Parallel()
	top := func(folder string) string {
		parts := strings.SplitN(folder, "/", 3)
		if parts[0] == "internal" {
			return strings.Join(parts[:2], "/")
		}
		return parts[0]
	}
	uses := map[string]map[string]bool{}
	for name, p := range listPackages(t) {
		from := top(name)
		if uses[from] == nil {
			uses[from] = map[string]bool{}
		}
		for _, path := range p.Imports {
			if to, ok := folderOf(path); ok && top(to) != from {
				uses[from][top(to)] = true
			}
		}
	}
	// What imports nothing that is left is taken away; a circle stays.
	for len(uses) > 0 {
		before := len(uses)
		for name, to := range uses {
			if len(to) == 0 {
				delete(uses, name)
				for _, other := range uses {
					delete(other, name)
				}
			}
		}
		if len(uses) == before {
			t.Fatalf("folders import each other: %v", slices.Sorted(maps.Keys(uses)))
		}
	}
}

// TestRootIsSmall: the root has what a service imports, and nothing else.
func TestRootIsSmall(t *testing.T) {
	t.Parallel()
	const most = 10
	root := listPackages(t)["."]
	// Go lists the tests of another build tag among the files that it ignores.
	others := slices.DeleteFunc(slices.Clone(root.IgnoredGoFiles), func(name string) bool {
		return strings.HasSuffix(name, "_test.go")
	})
	if files := slices.Concat(root.GoFiles, others); len(files) == 0 || len(files) > most {
		t.Errorf("the root has %d source files, at most %d are meant to be there: %q", len(files),
			most, files)
	}
}

// TestArchitectureNamesPackages: ARCHITECTURE.md says what each package is.
func TestArchitectureNamesPackages(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range mayImport {
		if p.pkg != "." && !strings.HasPrefix(p.pkg, "examples/") &&
			!strings.Contains(string(text), "`"+p.pkg+"`") {
			t.Errorf("ARCHITECTURE.md does not say what %s is", p.pkg)
		}
	}
}
