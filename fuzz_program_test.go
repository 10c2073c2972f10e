package unpkl_test

import (
	"github.com/unpkl/unpkl/audit"

	"bytes"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/internal/jsonval"
	"github.com/unpkl/unpkl/internal/opfuzz"
	"github.com/unpkl/unpkl/pickle"
)

// programGlobals are the names in generated programs: of everything that is rebuilt with
// states and of things that are not.
var programGlobals = []string{
	"numpy ndarray", "numpy dtype", "numpy.core.multiarray _reconstruct",
	"numpy.core.multiarray scalar",
	"numpy._core.numeric _frombuffer", "numpy.ma.core _mareconstruct", "numpy.ma.core MaskedArray",
	"collections OrderedDict",
	"collections defaultdict", "collections deque", "collections Counter", "builtins set",
	"builtins frozenset", "builtins list", "builtins dict",
	"builtins bytearray", "builtins complex", "builtins range", "builtins slice",
	"builtins getattr", "datetime datetime", "datetime timedelta", "datetime date",
	"decimal Decimal", "fractions Fraction", "uuid UUID", "pathlib PurePosixPath",
	"array _array_reconstructor", "copyreg _reconstructor",
	"copy_reg _reconstructor", "builtins object", "_codecs encode", "m C", "os system",
	"joblib.numpy_pickle NumpyArrayWrapper",
	"pandas.core.frame DataFrame", "pandas._libs.internals _unpickle_block",
	"pandas.core.internals.managers BlockManager",
	"pandas.core.indexes.base _new_Index", "pandas.core.indexes.base Index",
	"scipy.sparse._csr csr_matrix",
}

// smallLimits keep what one input of a fuzzer may cost small.
var smallLimits = unpkl.Limits{Expansion: 100_000, DecompressedBytes: 1 << 20, Depth: 200,
	OutputBytes: 1 << 20}

// everyRoute takes data through all that reads pickles. Nothing panics; what is refused is refused
// with an error of a known kind; strict mode and audit agree on what is unknown.
func everyRoute(t *testing.T, data []byte) {
	t.Helper()
	limits := unpkl.WithLimits(smallLimits)
	_, err := unpkl.LoadBytes(data, limits)
	knownKind(t, data, err)
	_, strictErr := unpkl.LoadBytes(data, limits, unpkl.WithStrict())
	report, err := audit.Reader(bytes.NewReader(data), audit.WithLimits(smallLimits))
	if err != nil {
		knownKind(t, data, err)
	} else if errors.Is(strictErr, unpkl.ErrUnknownGlobal) && !lists(report, strictErr) {
		t.Errorf("%q: audit finds nothing, strict mode %v", data, strictErr)
	}
	_ = pickle.Disassemble(io.Discard, bytes.NewReader(data))
	var e everything
	knownKind(t, data, unpkl.Unmarshal(data, &e, limits))
	v, err := unpkl.LoadBytes(data, limits, unpkl.WithObjects())
	if err != nil {
		return
	}
	knownKind(t, data, jsonval.NewEncoder(io.Discard,
		jsonval.Options{Arrays: jsonval.ArraysValues, Stats: true, Limits: smallLimits}).Encode(v))
	written, err := unpkl.Marshal(v, limits)
	if err != nil {
		return // a value that the protocol cannot hold
	}
	again, err := unpkl.LoadBytes(written, limits, unpkl.WithObjects())
	if err != nil {
		t.Fatalf("%q: written as %q: %v", data, written, err)
	}
	if _, err := unpkl.Marshal(again); err != nil {
		t.Fatalf("%q: written as %q, which cannot be written: %v", data, written, err)
	}
}

// knownKind checks that an error is of a kind that a service can tell.
func knownKind(t *testing.T, data []byte, err error) {
	t.Helper()
	var target *unpkl.UnmarshalTypeError
	switch {
	case err == nil, err == io.EOF, errors.As(err, &target):
	case errors.Is(err, unpkl.ErrMalformed), errors.Is(err, unpkl.ErrTruncated),
		errors.Is(err, unpkl.ErrLimit),
		errors.Is(err, unpkl.ErrUnsupported), errors.Is(err, unpkl.ErrUnknownGlobal),
		errors.Is(err, unpkl.ErrCycle):
	default:
		t.Errorf("%q: %T of no known kind: %v", data, err, err)
	}
}

// FuzzProgram takes generated programs over numpy's, pandas' and other names through
// every route.
func FuzzProgram(f *testing.F) {
	for i := range 64 {
		seed := make([]byte, 16+i*3)
		for k := range seed {
			seed[k] = byte(i*43 + k*k*(i+7) + k*5)
		}
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, choices []byte) {
		if len(choices) < 4096 {
			everyRoute(t, opfuzz.Program(choices, programGlobals...))
		}
	})
}

// editable are the opcodes of small fixtures, without their frames.
var editable = sync.OnceValue(func() (programs [][][]byte) {
	all, err := fixture.All()
	if err != nil {
		panic(err)
	}
	for _, fx := range all {
		data, err := fx.Data()
		if err != nil || len(data) > 3000 {
			continue
		}
		var ops [][]byte
		for op, err := range pickle.OpsBytes(data) {
			if err != nil {
				ops = nil
				break
			}
			if op.Op != pickle.OpFrame {
				ops = append(ops, data[op.Offset:op.Offset+op.Size])
			}
		}
		if len(ops) > 0 {
			programs = append(programs, ops)
		}
	}
	return programs
})

// FuzzEdit changes the fixtures at the level of opcodes and takes them through every
// route.
func FuzzEdit(f *testing.F) {
	programs := editable()
	for i := range len(programs) {
		f.Add(uint16(i), uint16(i*7), []byte{byte(i), byte(i >> 3), byte(i * 5), byte(i * 11), 7,
			byte(i), byte(i), 3})
	}
	f.Fuzz(func(t *testing.T, which, other uint16, edits []byte) {
		ops, spare := programs[int(which)%len(programs)], programs[int(other)%len(programs)]
		if len(edits) <= 64 {
			everyRoute(t, opfuzz.Edit(ops, spare, edits))
		}
	})
}

// lists reports whether an audit lists the name that strict mode refuses.
func lists(r *audit.Report, refused error) bool {
	var e *unpkl.DecodeError
	if !errors.As(refused, &e) {
		return false
	}
	for _, f := range r.Findings {
		if f.Offset == e.Offset {
			return true
		}
	}
	return false
}
