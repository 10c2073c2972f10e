package reconstruct_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// pandasPythons are the interpreters of UNPKL_PANDAS_PYTHONS, a list as PATH is one.
func pandasPythons(t *testing.T) []string {
	t.Helper()
	list := filepath.SplitList(os.Getenv("UNPKL_PANDAS_PYTHONS"))
	if len(list) == 0 {
		t.Skip("UNPKL_PANDAS_PYTHONS names no Python with pandas")
	}
	return list
}

// converted turns the objects of a fixture into values of package frame.
func converted(p *reconstruct.Pandas, v any) (any, error) {
	if list, ok := v.(*types.List); ok {
		out := make(types.List, len(*list))
		for i, e := range *list {
			c, err := converted(p, e)
			if err != nil {
				return nil, err
			}
			out[i] = c
		}
		return &out, nil
	}
	if g, ok := v.(*reconstruct.Geometry); ok {
		return g, nil
	}
	c, ok, err := p.Convert(v)
	if err != nil || !ok {
		return nil, fmt.Errorf("%T does not convert: %v", v, err)
	}
	return c, nil
}

func writePandas(path string, v any, protocol int) error {
	var b bytes.Buffer
	p := pickle.NewPickler(&b)
	p.Protocol, p.Reduce = pickle.ProtocolOf(protocol), reconstruct.Reduce
	if err := p.Dump(v); err != nil {
		return err
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// withoutArrow removes what the written form leaves to pandas: dtypes of text and of Arrow, classes
// of indexes of numbers.
func withoutArrow(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			v[k] = withoutArrow(e)
		}
		if d, ok := v["dtype"].(string); ok && (strings.Contains(d, "pyarrow") || d == "string" ||
			d == "str") {
			v["dtype"] = "object"
		}
		if c, ok := v["class"].(string); ok && strings.HasSuffix(c, "64Index") {
			v["class"] = "Index" // as since pandas 2.0
		}
	case []any:
		for i, e := range v {
			v[i] = withoutArrow(e)
		}
	}
	return v
}

// withoutDTypes removes all dtypes: those of Arrow become pandas' own.
func withoutDTypes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "dtype")
		for _, e := range v {
			withoutDTypes(e)
		}
	case []any:
		for _, e := range v {
			withoutDTypes(e)
		}
	}
	return v
}

// TestPandasWrittenReads writes every pandas fixture from package frame and reads that
// again: the values that pandas gave for the original.
func TestPandasWrittenReads(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "testdata", "pandas", "*", "*.pkl"))
	if err != nil || len(files) == 0 {
		t.Fatal("no pandas fixtures", err)
	}
	for _, path := range files {
		name := strings.TrimPrefix(path, filepath.Join("..", "testdata", "pandas"))
		t.Run(name, func(t *testing.T) {
			read := func(path string) any {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				u := pickle.NewUnpicklerBytes(data)
				u.FindClass = reconstruct.FindClass
				v, err := u.Load()
				if err != nil {
					t.Fatal(err)
				}
				return v
			}
			describe := func(v any) any {
				enc, err := json.Marshal(pandasDescribe(t, new(reconstruct.Pandas), v))
				if err != nil {
					t.Fatal(err)
				}
				var plain any
				if err := json.Unmarshal(enc, &plain); err != nil {
					t.Fatal(err)
				}
				if strings.Contains(name, "arrow") {
					plain = withoutDTypes(plain)
				}
				return withoutArrow(oldSparseDTypes(normalPandas(plain)))
			}
			original := read(path)
			v, err := converted(new(reconstruct.Pandas), original)
			if err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(t.TempDir(), "out.pkl")
			if err := writePandas(out, v, 4); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(describe(original), describe(read(out))); diff != "" {
				t.Errorf("(-read +written)\n%s", diff[:min(len(diff), 2000)])
			}
		})
	}
}

// TestInteropPandas reads every pandas fixture into package frame, writes that, and lets
// each pandas say, with warnings as errors, whether what it loads equals the original.
func TestInteropPandas(t *testing.T) {
	pythons := pandasPythons(t)
	files, err := filepath.Glob(filepath.Join("..", "testdata", "pandas", "*", "*.pkl"))
	if err != nil || len(files) == 0 {
		t.Fatal("no pandas fixtures", err)
	}
	dir := t.TempDir()
	var list bytes.Buffer
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		u := pickle.NewUnpicklerBytes(data)
		u.FindClass = reconstruct.FindClass
		v, err := u.Load()
		if err != nil {
			t.Fatal(path, err)
		}
		v, err = converted(new(reconstruct.Pandas), v)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		name := filepath.Base(filepath.Dir(path)) + "_" + filepath.Base(path)
		stem := path[:strings.LastIndex(strings.TrimSuffix(path, ".pkl"), ".")]
		protocols := []int{4}
		if strings.HasPrefix(name, "3.") {
			protocols = []int{0, 2, 4, 5}
		}
		for _, protocol := range protocols {
			out := filepath.Join(dir, fmt.Sprintf("%s.as%d", name, protocol))
			if err := writePandas(out, v, protocol); err != nil {
				t.Errorf("%s at protocol %d: %v", name, protocol, err)
				continue
			}
			fmt.Fprintf(&list, "%s\t%s\t%s.json\n", path, out, stem)
		}
	}
	for _, python := range pythons {
		comparePandas(t, python, list.Bytes())
	}
}

func comparePandas(t *testing.T, python string, list []byte) {
	cmd := exec.Command(python, filepath.Join("..", "scripts", "compare_pandas.py"))
	cmd.Stdin, cmd.Stderr = bytes.NewReader(list), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%s: %v", python, err)
	}
	verdicts, reasons := map[string]int{}, map[string]int{}
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		parts := strings.SplitN(lines.Text(), "\t", 3)
		verdicts[parts[0]]++
		switch parts[0] {
		case "differs":
			t.Errorf("%s: %s: %s", python, filepath.Base(parts[1]), parts[2])
		case "values":
			reasons[parts[2]]++
		}
	}
	t.Logf("%s: %v", python, verdicts)
	for why, n := range reasons {
		t.Logf("\t%d with %s", n, why)
	}
	if n := bytes.Count(list, []byte("\n")); verdicts["equal"] == 0 ||
		bytes.Count(out, []byte("\n")) != n {
		t.Errorf("%s: %d verdicts for %d files, %d equal", python, bytes.Count(out, []byte("\n")),
			n, verdicts["equal"])
	}
}
