package reconstruct

import (
	"fmt"
	"io"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// joblibModule is the module of joblib's array wrappers. Old versions of scikit-learn contain
// copies of it in sklearn.externals.joblib and sklearn.externals._joblib.
const joblibModule = "joblib.numpy_pickle"

// joblibName translates the module of a copy of joblib to joblibModule, and also
// numpy_pickle_compat, where joblib has kept its old wrappers since 0.10.
func joblibName(g pickle.Global) pickle.Global {
	rest, ok := strings.CutSuffix(strings.TrimSuffix(g.Module, "_compat"), joblibModule)
	if ok && (rest == "" || strings.HasSuffix(rest, ".") || strings.HasSuffix(rest, "._")) {
		g.Module = joblibModule
	}
	return g
}

// fillJoblib adds the wrapper classes of joblib. In joblib's files an instance of a wrapper stands
// for each array. Since 0.10 the array's bytes, or a pickle of it, follow the BUILD of the wrapper;
// before, they were in separate files.
//
// Reference: joblib/numpy_pickle.py (NumpyArrayWrapper), joblib/numpy_pickle_compat.py
// (NDArrayWrapper, ZNDArrayWrapper).
func fillJoblib(t table) {
	for name, build := range map[string]joblibBuild{
		"NumpyArrayWrapper": buildInline,
		"NDArrayWrapper":    buildSidecar,
		"ZNDArrayWrapper":   buildZSidecar,
	} {
		construct := func(c Class, _ []any) (any, error) {
			return &joblibArray{class: c, build: build}, nil
		}
		t.add(joblibModule, name, &entry{call: construct, construct: construct})
	}
}

// joblibArray is a wrapper. Its BUILD replaces it by the array.
type joblibArray struct {
	class Class
	build joblibBuild
}

// joblibBuild returns the array of a wrapper with a state.
type joblibBuild func(w *joblibArray, in bridge.Input, state joblibState) (any, error)

var (
	_ bridge.Builder        = (*joblibArray)(nil)
	_ pickle.Named          = (*joblibArray)(nil)
	_ types.PyStateSettable = (*joblibArray)(nil)
)

// PyBuild implements [bridge.Builder].
func (w *joblibArray) PyBuild(in bridge.Input, state any) (any, error) {
	a := w.class.args([]any{state})
	d, err := a.dict(0, "state")
	if err != nil {
		return nil, err
	}
	return w.build(w, in, joblibState{fn: a.fn, d: d})
}

// PySetState refuses the state: an unpickler that calls it, such as gopickle's, cannot read the
// bytes that follow the wrapper.
func (w *joblibArray) PySetState(any) error {
	return pickle.Unsupported("%s: this unpickler cannot read the array that follows",
		w.class.global)
}

// Global returns the name of the wrapper class. It names a wrapper that never gets its state.
func (w *joblibArray) Global() pickle.Global { return w.class.global }

// joblibState is the __dict__ of a wrapper.
type joblibState struct {
	fn string
	d  *types.Dict
}

// get returns the value of a key, or nil.
func (s joblibState) get(key string) any {
	for _, e := range *s.d {
		if k, ok := asText(e.Key); ok && k == key {
			return e.Value
		}
	}
	return nil
}

// arg returns a reader of the value of a key.
func (s joblibState) arg(key string) argReader {
	return argReader{fn: s.fn, vals: []any{s.get(key)}}
}

// buildInline reads the array that follows the BUILD of a NumpyArrayWrapper.
func buildInline(w *joblibArray, in bridge.Input, s joblibState) (any, error) {
	dt, err := s.arg("dtype").dtype(0, "dtype")
	if err != nil {
		return nil, err
	}
	subclass, err := w.subclass(s.get("subclass"))
	if err != nil {
		return nil, err
	}
	if dt.HasObject() {
		return nestedArray(in, s.fn, subclass)
	}
	state := arrayState{fn: s.fn, dtype: dt}
	if state.shape, err = s.arg("shape").shape(0, "shape", w.class.resolver); err != nil {
		return nil, err
	}
	if state.order, err = s.order(); err != nil {
		return nil, err
	}
	n := state.nbytes()
	if n < 0 {
		return nil, pickle.Malformed("%s: shape %v of dtype %s overflows", s.fn, state.shape, dt)
	}
	if err := s.skipPadding(in); err != nil {
		return nil, err
	}
	data, err := in.ReadPayload(int64(n))
	if err != nil {
		return nil, err
	}
	a, err := ndarray.New(dt, state.shape, state.order, data)
	if err != nil {
		return nil, refused(s.fn, err)
	}
	a.SetClass(subclass)
	if owner := w.class.resolver.owner; owner != nil {
		a.SetOwner(owner)
	}
	return a, nil
}

// order returns the order of the elements.
func (s joblibState) order() (ndarray.Order, error) {
	order, err := s.arg("order").text(0, "order")
	switch {
	case err != nil:
		return 0, err
	case order == "F":
		return ndarray.OrderF, nil
	case order == "C":
		return ndarray.OrderC, nil
	}
	return 0, pickle.Malformed("%s: order %q is neither 'C' nor 'F'", s.fn, order)
}

// skipPadding skips the bytes that align the data in an uncompressed file. Since joblib 1.2 one
// byte before them has their number.
func (s joblibState) skipPadding(in bridge.Input) error {
	if s.get("numpy_array_alignment_bytes") == nil {
		return nil
	}
	n, err := in.ReadByte()
	for ; err == nil && n > 0; n-- {
		_, err = in.ReadByte()
	}
	return err
}

// nestedArray reads an array with objects, which follows as a separate pickle.
func nestedArray(in bridge.Input, fn, subclass string) (any, error) {
	v, err := in.LoadNested()
	if err != nil {
		return nil, err
	}
	a, ok := v.(*ndarray.Array)
	if _, inert := v.(*pickle.Object); inert {
		return v, nil // for a FindClass hook that does not rebuild arrays, as in package audit
	}
	if !ok {
		return nil, pickle.Malformed("%s: the pickle behind it holds %s, want an array", fn,
			typeName(v))
	}
	if subclass != "" && a.Class() == "" {
		a.SetClass(subclass)
	}
	return a, nil
}

// subclass returns the class of the array, or "" for ndarray itself. A memmap becomes an ndarray
// because it is loaded into memory.
func (w *joblibArray) subclass(class any) (string, error) {
	named, ok := class.(pickle.Named)
	if !ok {
		return "", pickle.Malformed("%s: subclass is %s, want a class", w.class.global,
			typeName(class))
	}
	g := named.Global()
	if g.Name == "ndarray" || g.Name == "memmap" {
		return "", nil
	}
	return g.String(), nil
}

// buildSidecar reads the array of an NDArrayWrapper, an .npy file beside the pickle.
func buildSidecar(w *joblibArray, in bridge.Input, s joblibState) (any, error) {
	subclass, err := w.subclass(s.get("subclass"))
	if err != nil {
		return nil, err
	}
	file, err := w.open(s)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	a, err := readNPY(file, in, w.class.resolver)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.fn, err)
	}
	if subclass != "" {
		a.SetClass(subclass)
	}
	return a, nil
}

// buildZSidecar reads the array of a ZNDArrayWrapper. The file beside the pickle has compressed
// data; all else is in the state.
func buildZSidecar(w *joblibArray, _ bridge.Input, s joblibState) (any, error) {
	r := w.class.resolver
	init, err := s.arg("init_args").tuple(0, "init_args")
	if err != nil {
		return nil, err
	}
	a := argReader{fn: s.fn, vals: init}
	if err := a.count(3, 3); err != nil {
		return nil, err
	}
	arr, err := reconstructAs(a, 0, 1, r)
	if err != nil {
		return nil, err
	}
	items, err := s.arg("state").tuple(0, "state")
	if err != nil {
		return nil, err
	}
	file, err := w.open(s)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	state, err := r.readArrayState(argReader{fn: s.fn,
		vals: append(items[:len(items):len(items)], nil)})
	if err != nil {
		return nil, err
	}
	n := state.nbytes()
	if n < 0 || state.dtype.HasObject() {
		return nil, pickle.Malformed("%s: no raw data has the shape %v of dtype %s", s.fn,
			state.shape, state.dtype)
	}
	data, err := readZFile(file, n, r.limits)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.fn, err)
	}
	pending, ok := arr.(*ndarray.Array)
	if !ok {
		return nil, a.wrong(0, "subtype", "numpy.ndarray or a subclass")
	}
	return pending, pending.PySetState(pickledState(items, data))
}

// pickledState appends the data to the other items of an array's state.
func pickledState(items []any, data []byte) *types.Tuple {
	t := append(append(make(types.Tuple, 0, len(items)+1), items...), data)
	return &t
}

// open opens the file that a wrapper names. The name must be a bare name in the pickle's folder.
func (w *joblibArray) open(s joblibState) (io.ReadCloser, error) {
	name, err := s.arg("filename").text(0, "filename")
	if err != nil {
		return nil, err
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\\\x00") {
		return nil, pickle.Malformed("%s: filename %q is not the bare name of a file", s.fn, name)
	}
	open := w.class.resolver.openSidecar
	if open == nil {
		return nil,
			pickle.Unsupported(
				"%s: the array is in the file %q beside the pickle, and no folder is given", s.fn,
				name)
	}
	file, err := open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.fn, err)
	}
	return file, nil
}
