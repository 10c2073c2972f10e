package unpkl_test

import (
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/internal/cases"

	"bytes"
	"errors"
	"io"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// deepPickles are pickles of whatever can hold something, n levels deep, and of calls that are
// given it.
func deepPickles() map[string]string {
	n := 25_000
	if cases.Long() {
		n = 100_000
	}
	lists := strings.Repeat("]", n) + strings.Repeat("a", n-1)
	tuples := ")" + strings.Repeat("\x85", n)
	deep := map[string]string{
		"lists": lists + ".", "tuples": tuples + ".",
		"dicts":          strings.Repeat("}N", n) + "N" + strings.Repeat("s", n) + ".",
		"keys":           "}" + tuples + "Ns.",
		"frozensets":     strings.Repeat("(", n) + strings.Repeat("\x91", n) + ".",
		"a key of those": "}" + strings.Repeat("(", n) + strings.Repeat("\x91", n) + "Ns.",
		"states": "cm\nC\nq\x00)\x81" + strings.Repeat("h\x00)\x81", n/4) +
			strings.Repeat("b", n/4) + ".",
		"arguments": "cm\nC\nq\x000" + strings.Repeat("h\x00", n/4) + ")" +
			strings.Repeat("\x81\x85", n/4) + ".",
		"classes": "cm\nC\n" + strings.Repeat(")R", n/2) + ".",
		"ids":     "N" + strings.Repeat("Q", n) + ".",
		"OrderedDicts": "ccollections\nOrderedDict\nq\x000" + strings.Repeat("h\x00)RN", n/5) +
			"N" + strings.Repeat("s", n/5) + ".",
		"deques": "ccollections\ndeque\nq\x000" + strings.Repeat("h\x00)R", n/5) +
			strings.Repeat("a", n/5-1) + ".",
		"slices": "cbuiltins\nslice\nq\x000" + strings.Repeat("h\x00N", n/5) + "N" +
			strings.Repeat("N\x87R", n/5) + ".",
		"partials": "cfunctools\npartial\nq\x000N" +
			strings.Repeat("q\x010h\x00h\x01\x85R", n/10) + ".",
	}
	// What is given lists in lists where it wants a number or text.
	for name, call := range map[string]string{
		"Timedelta": "cpandas._libs.tslibs.timedeltas\n_timedelta_unpickle\n",
		"Decimal":   "cdecimal\nDecimal\n", "Fraction": "cfractions\nFraction\n",
		"datetime": "cdatetime\ndatetime\n", "timedelta": "cdatetime\ntimedelta\n",
		"dtype": "cnumpy\ndtype\n", "int": "cbuiltins\nint\n", "complex": "cbuiltins\ncomplex\n",
		"range": "cbuiltins\nrange\n", "slice": "cbuiltins\nslice\n", "UUID": "cuuid\nUUID\n",
		"Path": "cpathlib\nPosixPath\n", "bytearray": "cbuiltins\nbytearray\n",
		"Index":     "cpandas.core.indexes.base\n_new_Index\n",
		"Interval":  "cpandas._libs.interval\nInterval\n",
		"Timestamp": "cpandas._libs.tslibs.timestamps\n_unpickle_timestamp\n",
	} {
		deep[name+" of lists"] = call + lists + "\x85R."
		deep[name+" of tuples twice"] = call + tuples + "2\x86R."
	}
	sparse := "cscipy.sparse._coo\ncoo_matrix\n)\x81}\x8c\x06_shape" + lists + "\x85sb."
	deep["a sparse shape of lists"] = sparse
	deep["a block of lists"] = "cpandas._libs.internals\n_unpickle_block\n" + lists + lists +
		"K\x02\x87R."
	return deep
}

// atMost takes so many bytes: each MARK indents the text of a disassembly further, as in Python, so
// that it grows with the square of the depth.
type atMost int

func (w *atMost) Write(p []byte) (int, error) {
	if *w -= atMost(len(p)); *w < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// TestDeep takes values tens of thousands of levels deep by every way there is, with a stack that
// has room for the 10,000 levels of Limits.Depth: no stack overflows, from which Go does not
// recover, and no way refuses what it can do without recursion.
func TestDeep(t *testing.T) {
	defer debug.SetMaxStack(debug.SetMaxStack(32 << 20))
	hooks := []unpkl.Option{unpkl.WithPersistentLoad(func(pid any) (any, error) {
		return &pickle.PersistentRef{ID: pid}, nil
	})}
	type typed struct {
		A []float64
		B map[string]any
		C *typed
	}
	for name, in := range deepPickles() {
		t.Run(name, func(t *testing.T) {
			data := []byte(in)
			_, _ = unpkl.LoadBytes(data, hooks...)
			_ = unpkl.Unmarshal(data, new(typed), hooks...)
			_ = unpkl.Unmarshal(data, new([]any), hooks...)
			_ = unpkl.Unmarshal(data, new(recursive), hooks...)
			report, err := audit.Reader(bytes.NewReader(data))
			if err != nil || report.Err != nil && !errors.Is(report.Err, unpkl.ErrLimit) {
				t.Errorf("Audit: %v, %v", err, report.Err)
			}
			room := atMost(16 << 20)
			// whose memo it does not like, as in Python
			if err := pickle.Disassemble(&room, bytes.NewReader(data)); err != nil &&
				!errors.Is(err, io.ErrShortWrite) && name != "partials" {
				t.Errorf("Disassemble: %v", err)
			}
			v, err := unpkl.LoadBytes(data, append(hooks, unpkl.WithObjects())...)
			if err != nil {
				return // of what the call says to its arguments
			}
			_ = jsonval.NewEncoder(io.Discard, jsonval.Options{}).Encode(v)
			_ = jsonval.NewEncoder(io.Discard, jsonval.Options{Refs: true,
				Arrays: jsonval.ArraysValues}).Encode(v)
			if _, err := unpkl.Marshal(v); err != nil {
				t.Errorf("Marshal: %v", err)
			}
			_ = pickle.EqualKeys(v, v)
			objects, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{2}, 'C', []any{v, v})
			if err != nil {
				t.Fatal(err)
			}
			other, err := unpkl.LoadBytes(data, append(hooks, unpkl.WithObjects())...)
			if err != nil {
				t.Fatal(err)
			}
			twin, err := ndarray.NewObjects(ndarray.ObjectDType(), []int{2}, 'C', []any{other,
				other})
			if err != nil {
				t.Fatal(err)
			}
			objects.Equal(twin)
			_ = objects.String()
		})
	}
}
