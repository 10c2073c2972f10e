package audit_test

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/compress"
)

// TestUses: the verdict depends on what the pickle does with a name, not on the name alone.
func TestUses(t *testing.T) {
	ns := stackGlobal("types", "SimpleNamespace")
	for _, tt := range []struct {
		name, in string
		want     audit.Verdict
	}{
		{"memmap as the class of an array", global("numpy.core.multiarray", "_reconstruct") +
			global("numpy", "memmap") + "(I0\ntS'b'\n\x87R.", "data"},
		{"memmap named", global("numpy", "memmap") + ".", "unknown"},
		{"tzfile as it is pickled", global("dateutil.tz.tz", "tzfile") +
			"(NS'/usr/share/zoneinfo/UTC'\ntR}b.", "data"},
		{"a zone that leads elsewhere", global("zoneinfo", "ZoneInfo") +
			"(S'../../etc/passwd'\ntR.", "dangerous"},
		{"a zone", global("pytz", "_p") + "(S'Europe/Paris'\ntR.", "data"},
		{"an estimator", global("sklearn.ensemble._forest", "RandomForestClassifier") +
			")\x81}S'n'\nI1\nsb.", "known"},
		{"an estimator with arguments", global("sklearn.ensemble._forest",
			"RandomForestClassifier") + "(I1\ntR.", "unknown"},
		{"an estimator by _reconstructor", global("copy_reg", "_reconstructor") + "(" +
			global("sklearn.svm.classes", "SVC") + global("__builtin__", "object") + "NtR.",
			"known"},
		{"a booster from a file", global("xgboost.core", "Booster") + "(NNS'x'\ntR.", "unknown"},
		{"a booster", global("xgboost.core", "Booster") + ")\x81}b.", "known"},
		{"a tensor", global("torch._utils", "_rebuild_tensor_v2") + "((S'storage'\n" +
			global("torch", "FloatStorage") + "S'0'\nS'cpu'\nI1\ntQI0\n(I1\nt(I1\ntI00\n" +
			global("collections", "OrderedDict") + ")RtR.", "known"},
		{"a persistent id", "S'x'\nQ.", "unknown"},
		{"a module of torch", "(S'module'\n" + global("torch.nn.modules.linear", "Linear") +
			"S'linear.py'\nS'class Linear'\ntQ)\x81}b.", "known"},
		{"a module of somebody", "(S'module'\n" + global("mine", "Net") +
			"S'mine.py'\nS'class Net'\ntQ)\x81}b.", "unknown"},
		{"a module that is none", "(S'module'\n" + global("os", "system") +
			"S'os.py'\nS'x'\ntQ(S'id'\ntR.", "dangerous"},
		{"a layout of torch", global("torch.serialization", "_get_layout") +
			"(S'torch.sparse_coo'\ntR.", "data"},
		{"torch's loader", global("torch.serialization", "_load") + ".", "dangerous"},
		{"a list of TorchScript", global("torch.jit._pickle", "build_intlist") + "(]tR.", "data"},
		{"an enum of ours", global("mine", "Color") + "(I1\ntR.", "unknown"},
		{"latin1", global("_codecs", "encode") + "(S'x'\nS'latin1'\ntR.", "data"},
		{"another codec", global("_codecs", "encode") + "(S'x'\nS'zlib'\ntR.", "unknown"},
		{"a ufunc", global("numpy.core", "_ufunc_reconstruct") + "(S'numpy'\nS'sin'\ntR.", "data"},
		{"a ufunc of os", global("numpy.core", "_ufunc_reconstruct") + "(S'os'\nS'getcwd'\ntR.",
			"dangerous"},
		{"defaultdict of memmap", global("collections", "defaultdict") + "(" +
			global("numpy", "memmap") + "tR.", "dangerous"},
		{"partial of list", global("functools", "partial") + "(" + global("builtins", "list") +
			"tR.", "data"},
		{"BUILD of a function", global("collections", "OrderedDict") + "(N}S'__code__'\nI1\nstb.",
			"dangerous"},
		{"BUILD of a module", global("enum", "types") + "}S'x'\nI1\nsb.", "dangerous"},
		{"SETITEM of a dict of a module, then an import",
			global("mine", "table") + "S'math'\n" + global("mine", "x") + "s" +
				global("math", "system") + ".", "dangerous"},
		{"APPEND to a list of a module", global("mine", "list") + "I1\na.", "dangerous"},
		{"ADDITEMS to a set of a module", global("mine", "set") + "(I1\n\x90.", "dangerous"},
		{"a method in a state", "\x80\x04" + ns + ")R}" + shortText("extend") +
			stackGlobal("numpy", "memmap") + "sb(K\x01K\x02e.", "dangerous"},
		{"slots and a dict", "\x80\x04" + ns + ")R(N}" + shortText("a") + "K\x01stb.", "data"},
		{"a class made", "\x80\x04" + stackGlobal("builtins", "type") + shortText("X") +
			stackGlobal("numpy", "memmap") + "\x85}\x87R.", "dangerous"},
		{"a name that a call makes", "\x80\x04" + stackGlobal("builtins", "str") + shortText("os") +
			"\x85R" + shortText("system") + "\x93.", "dangerous"},
		{"_new_Index of memmap", global("pandas.core.indexes.base", "_new_Index") + "(" +
			global("numpy", "memmap") + "}tR.", "dangerous"},
		{"_new_Index", global("pandas.core.indexes.base", "_new_Index") + "(" +
			global("pandas.core.indexes.base", "Index") + "}tR.", "data"},
		{"an error", "]]]", "unknown"},
		{"nothing", "", "unknown"},
		{"text", "hello", "unknown"},
		{"a frame that goes on behind STOP", "\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00N.NNN" +
			global("os", "system") + ".", "dangerous"},
		{"a frame past the end", "\x80\x04\x95\xff\x00\x00\x00\x00\x00\x00\x00" +
			global("os", "system") + ".", "dangerous"},
		{"a frame in a frame",
			"\x80\x04\x95\x40\x00\x00\x00\x00\x00\x00\x00\x95\x01\x00\x00\x00\x00\x00\x00\x00" +
				global("os", "system") + ".", "dangerous"},
		{"hidden in calls", "\x80\x04" + stackGlobal("builtins", "list") +
			strings.Repeat(stackGlobal("functools", "partial")+"\x94", 0) + ".", "data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := audit.Reader(strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if r.Worst() != tt.want {
				t.Errorf("%s, want %s: %v, error %v", r.Worst(), tt.want, found(r), r.Err)
			}
		})
	}
}

// TestAuditFollows: where CPython goes on after an operation on an object, an audit goes on too.
func TestAuditFollows(t *testing.T) {
	evil := global("os", "system") + "(S'id'\ntR."
	for _, before := range []string{
		// slot state of a function
		global("mine", "f") + "(N}S'x'\nI1\nstb0",
		global("mine", "C") + ")\x81(I1\nI2\ntb}b(I1\ne0",                // states twice, items
		global("mine", "C") + ")\x81(I1\nI2\nu0",                         // items of a dict
		global("mine", "C") + ")R(I1\n\x900",                             // items of a set
		global("mine", "C") + ")R)R)\x81)}\x920",                         // calls of results
		"}" + global("mine", "C") + ")RI1\ns0",                           // a key
		global("mine", "C") + ")RQ0",                                     // a persistent id
		"\x820" + global("mine", "C") + "\x970\x98" + "0",                // codes and buffers
		global("mine", "C") + "(" + global("mine", "D") + ")R\x91" + "0", // a frozenset of objects
	} {
		r, err := audit.Reader(strings.NewReader("\x80\x05" + before + evil))
		if err != nil {
			t.Fatal(err)
		}
		if r.Err != nil || r.Worst() != audit.VerdictDangerous || r.Pickles != 1 {
			t.Errorf("%q: %s, %d pickles: %v: %v", before, r.Worst(), r.Pickles, r.Err, found(r))
		}
	}
}

// tarOf returns a tar of members, given as name and content in turn.
func tarOf(t *testing.T, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		if err := w.WriteHeader(&tar.Header{Name: members[i], Size: int64(len(members[i+1])),
			Mode: 0o600}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestLyingContainers: an audit looks into nested containers and into zips whose headers lie, or
// calls them unknown.
func TestLyingContainers(t *testing.T) {
	evil := "\x80\x04cos\nsystem\n(S'id'\ntR."
	z := zipped(t, "archive/data.pkl", evil)
	changed := func(at string, offset int, value byte) string {
		b := []byte(z)
		i := bytes.Index(b, []byte(at))
		b[i+offset] = value
		return string(b)
	}
	crc := []byte(z)
	binary.LittleEndian.PutUint32(crc[bytes.Index(crc, []byte("PK\x01\x02"))+16:], 1)
	var gz, xz, zst bytes.Buffer
	for format, to := range map[compress.Format]*bytes.Buffer{compress.Gzip: &gz,
		compress.XZ: &xz, compress.Zstd: &zst} {
		w, err := compress.NewWriter(to, format)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, tarOf(t, "a", "x", "b.pkl", evil))
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// Made with python3 -c "import bz2, io, tarfile ..." of the same two members: Go has no
	// encoder.
	bz, err := os.ReadFile("testdata/two.tar.bz2")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, in string
		want     audit.Verdict
	}{
		{"zip in a zip", zipped(t, "a.txt", "x", "b.bin", z), "dangerous"},
		{"tar of two", tarOf(t, "a", "x", "b.pkl", evil), "dangerous"},
		{"tar.gz of two", gz.String(), "dangerous"},
		{"tar.xz of two", xz.String(), "dangerous"},
		{"tar.zst of two", zst.String(), "dangerous"},
		{"tar.bz2 of two", string(bz), "dangerous"},
		{"tar in a zip", zipped(t, "x", tarOf(t, "a", "x", "b.pkl", evil), "y", ""), "dangerous"},
		{"encrypted flag in the directory", changed("PK\x01\x02", 8, 9), "dangerous"},
		{"encrypted flag in the header", changed("PK\x03\x04", 6, 9), "dangerous"},
		{"another method in the directory", changed("PK\x01\x02", 10, 0), "dangerous"},
		{"an unknown method", changed("PK\x01\x02", 10, 99), "dangerous"},
		{"another size", changed("PK\x01\x02", 24, 1), "dangerous"},
		{"another name in the header", changed("archive/data.pkl", 0, 'b'), "dangerous"},
		{"another checksum", string(crc), "dangerous"},
		{"no directory", z[:len(z)-22], "dangerous"},
		{"two of a name", zipped(t, "a", "x", "a", evil), "dangerous"},
		{"7z", "7z\xbc\xaf\x27\x1c\x00\x04", "unknown"},
		{"7z behind a pickle", "N.7z\xbc\xaf\x27\x1c\x00\x04", "unknown"},
		{"7z in a zip", zipped(t, "a", "7z\xbc\xaf\x27\x1c\x00\x04", "b", "x"), "unknown"},
		{"rar", "Rar!\x1a\x07\x01\x00", "unknown"},
		{"HDF5", "\x89HDF\r\n\x1a\n\x00", "unknown"},
		{"a Lambda of Keras", zipped(t, "config.json", `{"class_name": "Lambda", "config": {}}`,
			"x", ""), "dangerous"},
		{"a function of Keras", zipped(t, "config.json",
			`{"a": [{"module": "builtins", "class_name": "function", "config": "exec"}]}`, "x", ""),
			"dangerous"},
		{"layers of Keras", zipped(t, "config.json",
			`{"module": "keras.layers", "class_name": "Dense"}`, "x", ""), "data"},
		{"a file of torch as bytes", "\x80\x04" + stackGlobal("torch.storage", "_load_from_bytes") +
			"B" + length4(z) + "\x85R.", "dangerous"},
		{"a harmless one", "\x80\x04" + stackGlobal("torch.storage", "_load_from_bytes") +
			"C\x04\x80\x02N.\x85R.", "known"},
		{"safetensors", "\x08\x00\x00\x00\x00\x00\x00\x00{\"a\":{}}", "data"},
		{"numbers in a zip", zipped(t, "a/data.pkl", "\x80\x02N.", "a/data/0", "\x00\x01\x02",
			"a/version", "3\n"), "data"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := audit.Reader(strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if r.Worst() != tt.want {
				t.Errorf("%s, want %s: %v, error %v", r.Worst(), tt.want, found(r), r.Err)
			}
		})
	}
}

// TestControls: harmless calls in the forms of the proofs are not dangerous, so that it is not the
// form that makes a proof dangerous.
func TestControls(t *testing.T) {
	for _, form := range forms {
		if form.name == "extension code" {
			continue
		}
		r, err := audit.Reader(strings.NewReader(form.make("collections", "OrderedDict", "x")))
		if err != nil {
			t.Fatal(err)
		}
		if r.Worst() == audit.VerdictDangerous && form.name != "_ufunc_reconstruct" {
			t.Errorf("%s: %v", form.name, found(r))
		}
	}
}
