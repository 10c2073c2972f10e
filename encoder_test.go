package unpkl

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/big"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

type level int

func (l level) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "level-%d", int(l)), nil }

type metres float64

type result struct {
	Name    string              `pickle:"name"`
	Scores  []float64           `pickle:"scores"`
	Ranks   []int               `pickle:"ranks,list"`
	Matrix  [][]float32         `pickle:"matrix,omitempty"`
	Nested  [][]int16           `pickle:"nested,list,omitempty"`
	Best    *result             `pickle:"best"`
	When    time.Time           `pickle:"when"`
	Tags    map[string][]string `pickle:"tags"`
	Skipped chan int            `pickle:"-"`
	Height  metres
	embeddedPart
}

type embeddedPart struct {
	Extra [2]bool `pickle:"extra"`
}

// goCases are Go values and the Python expressions that they must equal; np is numpy.
func goCases() []struct {
	v    any
	opts []Option
	want string
} {
	type c = struct {
		v    any
		opts []Option
		want string
	}
	matrix, _ := ndarray.FromSlice([]int32{1, 2, 3, 4, 5, 6}, 2, 3)
	when := time.Date(2024, 2, 29, 12, 30, 0, 123456789, time.FixedZone("", 3600))
	cut := []float64{0, 1, 2, 3, 4, 5}
	paris, _ := time.LoadLocation("Europe/Paris")
	strided, _ := ndarray.FromSlice(cut)
	strided, _ = strided.Slice(0, 4, 0, -2)
	big1, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	cases := []c{
		{[]float64{1, 2.5, math.Inf(1)}, nil, "np.array([1, 2.5, np.inf])"},
		{[]float64{}, nil, "np.array([], 'f8')"},
		{[]int{1, -2}, nil, "np.array([1, -2], 'i8')"},
		{[]uint16{1, 65535}, nil, "np.array([1, 65535], 'u2')"},
		{[]bool{true, false}, nil, "np.array([True, False])"},
		{[]complex64{1 + 2i}, nil, "np.array([1+2j], 'c8')"},
		{[]metres{1, 2}, nil, "np.array([1., 2.])"},
		{[]ndarray.Float16{0x3c00}, nil, "np.array([1], 'f2')"},
		{[]float64{1, 2}, []Option{WithLists()}, "[1.0, 2.0]"},
		{[][]float64{{1, 2, 3}, {4, 5, 6}}, nil, "np.array([[1., 2, 3], [4, 5, 6]])"},
		{[][]float64{{1, 2, 3}, {4}}, nil, "[np.array([1., 2, 3]), np.array([4.])]"},
		{[2][2]int8{{1, 2}, {3, 4}}, nil, "np.array([[1, 2], [3, 4]], 'i1')"},
		{[][][]uint8{{{1}, {2}}}, nil, "[[b'\\x01', b'\\x02']]"},
		{[][2]uint8{{1, 2}, {3, 4}}, nil, "np.array([[1, 2], [3, 4]], 'u1')"},
		{[]byte("ab"), nil, "b'ab'"},
		{matrix, nil, "np.arange(1, 7, dtype='i4').reshape(2, 3)"},
		{matrix.T(), nil, "np.arange(1, 7, dtype='i4').reshape(2, 3).T"},
		{strided, nil, "np.array([4., 2.])"},
		{[]level{3}, nil, "['level-3']"},
		{map[level]int{2: 1, 1: 2}, nil, "{'level-1': 2, 'level-2': 1}"},
		{netip.MustParseAddr("10.0.0.1"), nil, "'10.0.0.1'"},
		{when, nil,
			"datetime.datetime(2024, 2, 29, 12, 30, 0, 123456, datetime.timezone(datetime.timedelta(hours=1)))"},
		{when.UTC(), nil,
			"datetime.datetime(2024, 2, 29, 11, 30, 0, 123456, datetime.timezone.utc)"},
		{time.UTC, nil, "datetime.timezone.utc"},
		{time.FixedZone("", 3600), nil, "datetime.timezone(datetime.timedelta(hours=1))"},
		{time.FixedZone("X", -60), nil, "datetime.timezone(datetime.timedelta(minutes=-1), 'X')"},
		{paris, nil, "__import__('zoneinfo').ZoneInfo('Europe/Paris')"},
		{&when, nil,
			"datetime.datetime(2024, 2, 29, 12, 30, 0, 123456, datetime.timezone(datetime.timedelta(hours=1)))"},
		{-1500 * time.Millisecond, nil, "datetime.timedelta(seconds=-1.5)"},
		{big.NewRat(-3, 4), nil, "fractions.Fraction(-3, 4)"},
		{[]*big.Int{big1, nil}, nil, "[123456789012345678901234567890, None]"},
		{uuid.MustParse("12345678-1234-5678-1234-567812345678"), nil,
			"uuid.UUID('12345678-1234-5678-1234-567812345678')"},
		{ndarray.Datetime64{Value: 19000, Unit: ndarray.DatetimeUnit{Base: "D", Num: 1}}, nil,
			"np.datetime64(19000, 'D')"},
		{ndarray.Record{Names: []string{"a", "b"}, Values: []any{int32(1), "x"}}, nil,
			"{'a': 1, 'b': 'x'}"},
		{result{Name: "n", Scores: []float64{1}, Ranks: []int{1, 2}, Nested: [][]int16{{1}},
			When: when, Best: &result{When: when}}, nil,
			"dict(name='n', scores=np.array([1.]), ranks=[1, 2], nested=[[1]], best=dict(name='', scores=np.array([], 'f8'), ranks=[], best=None, when=W, tags={}, Height=0.0, extra=np.array([False, False])), when=W, tags={}, Height=0.0, extra=np.array([False, False]))"},
		{[]any{1, "a", nil, []any{2.5}, map[string]any{"k": true}}, nil,
			"[1, 'a', None, [2.5], {'k': True}]"},
		{[3]any{1, "a", nil}, nil, "(1, 'a', None)"},
		{map[string]struct{}{"b": {}, "a": {}}, nil, "{'a', 'b'}"},
		{map[string]struct{}{"b": {}}, []Option{WithProtocol(2)}, "{'b'}"},
		{map[int]struct{}(nil), nil, "set()"},
		{map[[2]any]struct{}{{1, "x"}: {}}, nil, "{(1, 'x')}"},
		{map[[2]int]struct{}{{1, 2}: {}, {0, 3}: {}}, nil, "{(1, 2), (0, 3)}"},
		{map[uuid.UUID]struct{}{uuid.MustParse("12345678-1234-5678-1234-567812345678"): {}}, nil,
			"{uuid.UUID('12345678-1234-5678-1234-567812345678')}"},
		{map[[2]int]string{{1, 2}: "v"}, nil, "{(1, 2): 'v'}"},
		{[]map[bool]struct{}{{true: {}}, {}}, nil, "[{True}, set()]"},
		{map[any]any{BigInt("123456789012345678901234567890"): 1, "k": 2}, nil,
			"{123456789012345678901234567890: 1, 'k': 2}"},
	}
	large := make([]float64, 100_000)
	for i := range large {
		large[i] = float64(i)
	}
	largeArray, _ := ndarray.FromSlice(large, 100, 1000)
	large2, _ := largeArray.Slice(1, 0, 1000, 2)
	for _, opts := range [][]Option{nil, {WithNumPy(1, 26)}} {
		cases = append(cases, c{map[string]any{"x": large, "y": large2, "z": largeArray.T()}, opts,
			"dict(x=np.arange(1e5), y=np.arange(1e5).reshape(100, 1000)[:, ::2], z=np.arange(1e5).reshape(100, 1000).T)"})
	}
	return cases
}

const checkPython = `
import datetime, fractions, io, pickle, pickletools, sys, uuid, warnings
import numpy as np
W = datetime.datetime(2024, 2, 29, 12, 30, 0, 123456, datetime.timezone(datetime.timedelta(hours=1)))
def same(a, b):
    if type(a) is not type(b): return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes() and a.flags.writeable
    if isinstance(a, dict): return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)): return len(a) == len(b) and all(map(same, a, b))
    return a == b
bad = 0
for line in open(sys.argv[1]):
    name, want = line.rstrip('\n').split('\t')
    with open(name, 'rb') as f: data = f.read()
    with warnings.catch_warnings():
        if not name.endswith('.warns'): warnings.simplefilter('error')
        got = pickle.loads(data)
    pickletools.dis(data, io.StringIO())
    if not same(got, eval(want)):
        print(name, repr(got)[:200], 'want', want[:200]); bad = 1
sys.exit(bad)
`

// TestInteropMarshal writes Go values at every protocol and lets Python with NumPy
// say whether they are what they should be.
func TestInteropMarshal(t *testing.T) {
	python := os.Getenv("UNPKL_PYTHON")
	if python == "" {
		t.Skip("UNPKL_PYTHON names no Python")
	}
	dir := t.TempDir()
	var list bytes.Buffer
	for i, c := range goCases() {
		for protocol := range 6 {
			data, err := Marshal(c.v, append([]Option{WithProtocol(protocol)}, c.opts...)...)
			if err != nil {
				t.Errorf("%s at protocol %d: %v", c.want, protocol, err)
				continue
			}
			name := filepath.Join(dir, fmt.Sprintf("%d.p%d", i, protocol))
			if protocol == 5 && len(c.opts) > 0 {
				name += ".warns" // NumPy 1's name of _frombuffer
			}
			if err := os.WriteFile(name, data, 0o600); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "%s\t%s\n", name, c.want)
		}
	}
	names := filepath.Join(dir, "list")
	if err := os.WriteFile(names, list.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, "-c", checkPython, names).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestMarshalUnmarshal reads what was written back into the same type.
func TestMarshalUnmarshal(t *testing.T) {
	when := time.Date(2024, 2, 29, 12, 30, 0, 123456000, time.UTC)
	v := result{
		Name: "n", Scores: []float64{1, math.Inf(-1)}, Ranks: []int{3, 1},
		Matrix: [][]float32{{1, 2}, {3, 4}},
		Nested: [][]int16{{1}, {2, 3}}, When: when, Tags: map[string][]string{"a": {"x"}, "b": {}},
		Height: 1.5, embeddedPart: embeddedPart{[2]bool{true, false}},
	}
	for protocol := range 6 {
		for _, opts := range [][]Option{{}, {WithLists()}, {WithNumPy(2, 3)},
			{WithStrings(pickle.StringsByValue)}} {
			data, err := Marshal(v, append(opts, WithProtocol(protocol))...)
			if err != nil {
				t.Fatal(err)
			}
			var got result
			if err := Unmarshal(data, &got); err != nil {
				t.Fatalf("protocol %d: %v", protocol, err)
			}
			if diff := cmp.Diff(v, got, cmp.AllowUnexported(result{}),
				cmp.Comparer(time.Time.Equal)); diff != "" {
				t.Errorf("protocol %d: (-written +read)\n%s", protocol, diff)
			}
		}
	}
}

// TestMarshalObjects writes every fixture that WithObjects reads at every protocol,
// reads that and writes it again: the same bytes.
func TestMarshalObjects(t *testing.T) {
	t.Parallel()
	all, err := fixture.All()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		data, err := name.Data()
		if err != nil {
			t.Fatal(err)
		}
		v, err := LoadBytes(data, WithObjects(), WithEncoding(pickle.EncodingKeep))
		if err != nil {
			continue
		}
		for protocol := range 6 {
			first, err := Marshal(v, WithProtocol(protocol))
			if err != nil {
				t.Fatalf("%v: %v", name, err)
			}
			again, err := LoadBytes(first, WithObjects(), WithEncoding(pickle.EncodingKeep))
			if err != nil {
				t.Fatalf("%v: %v", name, err)
			}
			second, err := Marshal(again, WithProtocol(protocol))
			if err != nil || !bytes.Equal(first, second) {
				t.Errorf("%v at protocol %d: %d bytes, then %d: %v", name, protocol, len(first),
					len(second), err)
			}
		}
	}
}

func TestMarshalErrors(t *testing.T) {
	loop := &struct{ Next any }{}
	loop.Next = loop
	if _, err := Marshal(loop); err != nil {
		t.Errorf("a cycle: %v", err)
	}
	type holder struct {
		F func() `pickle:"f"`
	}
	for _, c := range []struct {
		v    any
		opts []Option
		want string
	}{
		{map[string]any{"a": []any{holder{}}}, nil,
			`pickle: cannot write a func() (at ["a"][0].f)`},
		{1, []Option{WithProtocol(9)}, "pickle: no such protocol: 9"},
	} {
		_, err := Marshal(c.v, c.opts...)
		var e *pickle.EncodeError
		if !errors.As(err, &e) || err.Error() != c.want || !errors.Is(err, ErrUnsupported) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestEncoderStream(t *testing.T) {
	var b bytes.Buffer
	e := NewEncoder(&b)
	for i := range 3 {
		if err := e.Encode(map[string]int{"i": i}); err != nil {
			t.Fatal(err)
		}
	}
	size := b.Len()
	if err := e.Encode([]any{1, make(chan int)}); err == nil || b.Len() != size {
		t.Errorf("a channel: %v, %d bytes more", err, b.Len()-size)
	}
	d := NewDecoder(&b)
	for i := range 3 {
		var m map[string]int
		if err := d.Decode(&m); err != nil || m["i"] != i {
			t.Errorf("%v, %v", m, err)
		}
	}
	if err := d.Decode(new(any)); err != io.EOF {
		t.Errorf("%v at the end", err)
	}
}

func TestBufferCallback(t *testing.T) {
	x := []float64{1, 2, 3}
	var buffers [][]byte
	data, err := Marshal(map[string]any{"x": x, "m": [][]int8{{1}, {2}}}, WithProtocol(5),
		WithBufferCallback(func(b *pickle.Buffer) (bool, error) {
			buffers = append(buffers, b.Data)
			return false, nil
		}))
	if err != nil || len(buffers) != 2 {
		t.Fatal(err, len(buffers))
	}
	if reflect.ValueOf(&buffers[1][0]).UnsafePointer() != reflect.ValueOf(x).UnsafePointer() &&
		!CopiesSlices {
		t.Error("the buffer is not the slice's memory")
	}
	var got struct {
		X []float64 `pickle:"x"`
		M [][]int8  `pickle:"m"`
	}
	if err := Unmarshal(data, &got, WithBuffers(buffers...)); err != nil ||
		!reflect.DeepEqual(got.X, x) || got.M[1][0] != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

func TestWriteFile(t *testing.T) {
	dir := t.TempDir()
	v := map[string]any{"x": strings.Repeat("text ", 1000)}
	for _, name := range []string{"a.pkl", "a.pkl.gz", "a.z", "a.pkl.xz", "a.lzma", "a.PKL.ZST",
		"a.lz4"} {
		path := filepath.Join(dir, name)
		if err := WriteFile(path, v); err != nil {
			t.Fatal(err)
		}
		got, err := LoadFile(path)
		if err != nil || !reflect.DeepEqual(got, any(v)) {
			t.Errorf("%s: %v", name, err)
		}
		if info, _ := os.Stat(path); name != "a.pkl" && info.Size() > 1000 {
			t.Errorf("%s has %d bytes", name, info.Size())
		}
	}
	path := filepath.Join(dir, "a.pkl")
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, make(chan int)); err == nil {
		t.Error("a channel was written")
	}
	if got, err := LoadFile(path); err != nil || !reflect.DeepEqual(got, any(v)) {
		t.Errorf("the file that was there: %v", err)
	}
	if err := WriteFile(path, 1); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := WriteFile(filepath.Join(dir, "a.bz2"), 1); !errors.Is(err, ErrUnsupported) {
		t.Errorf("bz2: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
