package audit_test

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/cases"
	"github.com/unpkl/unpkl/pickle"
)

// found returns the findings in short: "offset opcode name verdict", with a ! if the name is
// called.
func found(r *audit.Report) []string {
	var out []string
	for _, f := range r.Findings {
		called := ""
		if f.Called {
			called = "!"
		}
		out = append(out, fmt.Sprintf("%d %s %s%s %s", f.Offset, f.Opcode, f.Name, called,
			f.Verdict))
	}
	return out
}

func TestAudit(t *testing.T) {
	tests := []struct {
		name, in string
		want     []string
		pickles  int
		trailing bool
		failed   bool
	}{
		{name: "plain data", in: "\x80\x04]\x94(K\x01K\x02e.", pickles: 1},
		{name: "GLOBAL", in: "cos\nsystem\n(S'id'\ntR.",
			want: []string{"0 GLOBAL os.system! dangerous"}, pickles: 1},
		{name: "INST", in: "(S'id'\nios\nsystem\n.", want: []string{"7 INST os.system! dangerous"},
			pickles: 1},
		{name: "OBJ", in: "(cposix\nsystem\nU\x02ido.",
			want: []string{"1 GLOBAL posix.system! dangerous"}, pickles: 1},
		{name: "not called", in: "cos\nsystem\n.", want: []string{"0 GLOBAL os.system dangerous"},
			pickles: 1},
		{
			name: "STACK_GLOBAL with names from the memo",
			in:   "\x80\x04\x8c\x06system\x94\x8c\x02os\x9400h\x01h\x00\x93\x8c\x02id\x85R.",
			want: []string{"22 STACK_GLOBAL os.system! dangerous"}, pickles: 1,
		},
		{
			name: "STACK_GLOBAL with Python 2 strings", in: "\x80\x04U\x02osU\x06system\x93.",
			want: []string{"14 STACK_GLOBAL os.system dangerous"}, pickles: 1,
		},
		{
			name: "getattr of anything", in: "cbuiltins\ngetattr\n(cfoo\nBar\nS'baz'\ntR.",
			want:    []string{"0 GLOBAL builtins.getattr! dangerous", "19 GLOBAL foo.Bar unknown"},
			pickles: 1,
		},
		{
			name: "getattr as zoneinfo pickles it",
			in:   "\x80\x04cbuiltins\ngetattr\nczoneinfo\nZoneInfo\nX\x09\x00\x00\x00_unpickle\x86R(X\x0c\x00\x00\x00Europe/ParisK\x01tR.",
			want: []string{"2 GLOBAL builtins.getattr! data",
				"20 GLOBAL zoneinfo.ZoneInfo data"},
			pickles: 1,
		},
		{
			name: "nested name", in: "\x80\x04\x8c\x05shlex\x8c\x09os.system\x93.",
			want: []string{"20 STACK_GLOBAL shlex.os.system dangerous"}, pickles: 1,
		},
		{
			name: "_reconstructor of an odd base",
			in:   "ccopy_reg\n_reconstructor\n(cevil\nC\ncsubprocess\nPopen\nNtR.",
			want: []string{"0 GLOBAL copy_reg._reconstructor! data", "26 GLOBAL evil.C! unknown",
				"34 GLOBAL subprocess.Popen! dangerous"}, pickles: 1,
		},
		{
			name: "several pickles", in: "K\x01.cos\nsystem\n.",
			want: []string{"3 GLOBAL os.system dangerous"}, pickles: 2,
		},
		{name: "data behind STOP", in: "K\x01.\xff\xff\xffgarbage", pickles: 1, trailing: true},
		{
			name: "damaged behind the call", in: "cos\nsystem\n(S'id'\ntR\xff",
			want: []string{"0 GLOBAL os.system! dangerous"}, failed: true,
		},
		{
			name: "behind a state that lies",
			in:   "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I-1\ntS'b'\ntRcos\nsystem\n(tR.",
			want: []string{
				"0 GLOBAL numpy.core.multiarray._reconstruct! data", "37 GLOBAL numpy.ndarray data",
				"65 GLOBAL os.system! dangerous",
			}, pickles: 1,
		},
		{
			name: "persistent id and extension", in: "\x80\x02PsomeID\n0\x82\x07.",
			want: []string{"2 PERSID someID unknown", "11 EXT1 7 unknown"}, pickles: 1,
		},
		{
			name: "control characters", in: "c\x1b[31m\nx\n.",
			want: []string{`0 GLOBAL \x1b[31m.x unknown`}, pickles: 1,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := audit.Reader(strings.NewReader(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, found(r)); diff != "" {
				t.Errorf("findings (-want +got)\n%s", diff)
			}
			if r.Pickles != tt.pickles || r.Trailing != tt.trailing || (r.Err != nil) != tt.failed {
				t.Errorf("pickles %d, trailing %v, error %v", r.Pickles, r.Trailing, r.Err)
			}
		})
	}
}

func TestAuditCompressed(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte("cos\nsystem\n.")); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.pkl.gz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := audit.File(path)
	if err != nil {
		t.Fatal(err)
	}
	if r.Compression != "gzip" || r.Worst() != audit.VerdictDangerous {
		t.Errorf("compression %q, worst %s", r.Compression, r.Worst())
	}
}

// hasCode reports whether a fixture holds functions with their code, which is dangerous.
func hasCode(path string) bool {
	return strings.Contains(path, "cloudpickle") || strings.Contains(path, "dropped/dill")
}

// TestAuditFixtures: no file that data scientists' libraries write is called dangerous.
func TestAuditFixtures(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../testdata/*/*.pkl", "../testdata/*/*/*.pkl",
		"../reconstruct/testdata/joblib/*.pkl"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatal("no fixtures", pattern, err)
		}
		files = append(files, found...)
	}
	for _, path := range files {
		if hasCode(path) {
			continue
		}
		r, err := audit.File(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		if r.Err != nil && !errors.Is(r.Err, pickle.ErrUnsupported) {
			t.Errorf("%s: %v", path, r.Err)
		}
		for _, f := range r.Findings {
			if f.Verdict == audit.VerdictDangerous && !reachesAttributes[f.Name] {
				t.Errorf("%s: %s at %d is called dangerous", path, f.Name, f.Offset)
			}
		}
	}
}

func ExampleReader() {
	report, err := audit.Reader(strings.NewReader("cos\nsystem\n(S'rm -rf /'\ntR."))
	if err != nil {
		panic(err)
	}
	for f, err := range report.All() {
		fmt.Println(f.Offset, f.Opcode, f.Name, f.Verdict, err)
	}
	// Output: 0 GLOBAL os.system dangerous <nil>
}

func ExampleReaderSeq() {
	n := 0
	var report audit.Report
	for _, err := range audit.ReaderSeq(strings.NewReader("(cos\nsystem\ncposix\nsystem\nt."),
		&report) {
		if err != nil {
			panic(err)
		}
		n++
	}
	fmt.Println(n, report.Worst(), len(report.Findings))
	// Output: 2 dangerous 0
}

func ExampleFile() {
	_, err := audit.File("absent.pkl")
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output: true
}

func ExampleFileSeq() {
	var report audit.Report
	for f, err := range audit.FileSeq("absent.pkl", &report) {
		fmt.Printf("%q %v\n", f.Name, errors.Is(err, os.ErrNotExist))
	}
	// Output: "" true
}

// reachesAttributes are the names in the fixtures that reach any attribute of any object: they are
// dangerous although data scientists' libraries write them.
var reachesAttributes = map[string]bool{
	"builtins.getattr": true, "__builtin__.getattr": true, "operator.attrgetter": true,
	"operator.methodcaller": true,
}

// zipped returns a zip of the members, given as name and content in turn.
func zipped(t *testing.T, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		w, err := z.Create(members[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, members[i+1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// TestAuditContainers: pickles hide in .npy files, in .npz archives, in the zips that torch
// writes, and in a zip behind a pickle.
func TestAuditContainers(t *testing.T) {
	npyOf := func(descr, data string) string {
		h := "{'descr': '" + descr + "', 'fortran_order': False, 'shape': (1,), }\n"
		return "\x93NUMPY\x01\x00" + string([]byte{byte(len(h)), 0}) + h + data
	}
	evil := "\x80\x04cos\nsystem\n(S'id'\ntR."
	objects, numbers := npyOf("|O", evil), npyOf("<f8", "\x00\x00\x00\x00\x00\x00\xf0\x3f")
	head := len(objects) - len(evil) + 2
	for _, tt := range []struct {
		name, in string
		want     []string
		pickles  int
		failed   bool
	}{
		{name: ".npy of objects", in: objects, want: []string{fmt.Sprint(head,
			" GLOBAL os.system! dangerous")}, pickles: 1},
		{name: ".npy of numbers", in: numbers},
		{name: ".npy behind .npy", in: numbers + objects,
			want:    []string{fmt.Sprint(len(numbers)+head, " GLOBAL os.system! dangerous")},
			pickles: 1},
		{name: ".npz", in: zipped(t, "a.npy", numbers, "b.npy", objects),
			want:    []string{fmt.Sprint("b.npy: ", head, " GLOBAL os.system! dangerous")},
			pickles: 1},
		{
			name: "torch", in: zipped(t, "m/data.pkl", evil, "m/version", "3\n", "m/data/0",
				"\x80\x04raw", "m/data/1", "cos\nsystem\n."),
			want: []string{"m/data.pkl: 2 GLOBAL os.system! dangerous",
				"m/data/1: 0 GLOBAL os.system dangerous"}, pickles: 2, failed: true,
		},
		{name: "text protocol in a zip", in: zipped(t, "x.PKL", "cos\nsystem\n."),
			want: []string{"x.PKL: 0 GLOBAL os.system dangerous"}, pickles: 1},
		{name: "source in a zip",
			in: zipped(t, "version", "3\n", "linear.py", "class Linear(Module):\n  x = 1\n")},
		{name: "a pickle that is called source",
			in:   zipped(t, "version", "3\n", "code/x.py", "cos\nsystem\n "),
			want: []string{"code/x.py: 0 GLOBAL os.system dangerous"}, failed: true},
		{name: "a zip behind a pickle", in: "N." + zipped(t, "data.pkl", evil),
			want: []string{"data.pkl: 2 GLOBAL os.system! dangerous"}, pickles: 2},
		{name: "a broken zip", in: zipped(t, "a.npy", objects)[:100], failed: true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for route, audit := range map[string]func() (*audit.Report, error){
				"reader": func() (*audit.Report, error) {
					return audit.Reader(strings.NewReader(tt.in))
				},
				"file": func() (*audit.Report, error) {
					return audit.File(cases.WriteTemp(t, []byte(tt.in)))
				},
			} {
				r, err := audit()
				if err != nil {
					t.Fatal(route, err)
				}
				got := found(r)
				for i, f := range r.Findings {
					if f.Member != "" {
						got[i] = f.Member + ": " + got[i]
					}
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("%s: findings (-want +got)\n%s", route, diff)
				}
				if r.Pickles != tt.pickles || (r.Err != nil) != tt.failed {
					t.Errorf("%s: pickles %d, error %v", route, r.Pickles, r.Err)
				}
			}
		})
	}
}

// TestAuditMany audits two pickles with more findings than fit a chunk; the second is damaged.
func TestAuditMany(t *testing.T) {
	const n = 100_000
	r, err := audit.Reader(strings.NewReader("(" + strings.Repeat("ca\nb\n", n) + "t.(" +
		strings.Repeat("(ic\nd\n", n) + "\xff"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 2*n || r.Pickles != 1 || r.Err == nil {
		t.Fatalf("%d findings in %d pickles, error %v", len(r.Findings), r.Pickles, r.Err)
	}
	for i, f := range r.Findings {
		want := audit.Finding{Offset: 1 + 5*int64(i), Opcode: "GLOBAL", Kind: "global", Name: "a.b",
			Verdict: audit.VerdictUnknown, Reason: f.Reason}
		if i >= n {
			want = audit.Finding{Pickle: 1, Offset: 5*n + 5 + 6*int64(i-n), Opcode: "INST",
				Kind: "global", Name: "c.d", Verdict: audit.VerdictUnknown, Called: true,
				Reason: f.Reason}
		}
		if f != want || f.Reason == "" {
			t.Fatalf("finding %d: got %+v want %+v", i, f, want)
		}
	}
}

func ExampleWithLimits() {
	report, err := audit.Reader(strings.NewReader("\x80\x04K\x01K\x02\x86."),
		audit.WithLimits(unpkl.Limits{Objects: 1}))
	if err != nil {
		panic(err)
	}
	fmt.Println(errors.Is(report.Err, unpkl.ErrLimit), report.Worst())
	// Output: true unknown
}

func ExampleVerdict_Worse() {
	fmt.Println(audit.VerdictDangerous.Worse(audit.VerdictUnknown))
	// Output: true
}
