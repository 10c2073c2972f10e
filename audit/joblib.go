package audit

import (
	"math"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/tape"
)

// joblib writes the bytes of an array, or a pickle of it, into the stream behind the BUILD of the
// array's wrapper. An audit skips them to find the opcodes that follow. It computes their length
// from the shape and the itemsize, which it reads from the cells.
//
// Reference: joblib/numpy_pickle.py, NumpyArrayWrapper.read_array.

// isWrapper reports whether a Call makes joblib's wrapper of an array.
func (h *host) isWrapper(target tape.ID) bool {
	return h.classOf(h.t.Call(target)) == "joblib.numpy_pickle.NumpyArrayWrapper"
}

// classOf returns the name of the class of an instance, or "" if the cells do not tell it.
func (h *host) classOf(info tape.CallInfo) string {
	g, ok := h.isClass(info.Fn)
	if !ok {
		return ""
	}
	full := canonical(g.Module, g.Name)
	if full != "copyreg._reconstructor" && full != "copyreg.__newobj__" {
		return full
	}
	args := h.argsOf(info) // protocols 0 and 1 pass the class as an argument
	if len(args) == 0 {
		return ""
	}
	if g, ok = h.isClass(args[0]); !ok {
		return ""
	}
	return canonical(g.Module, g.Name)
}

// isArrayWrapper recognises the class of joblib's array wrappers.
func isArrayWrapper(module, name string) bool {
	return name == "NumpyArrayWrapper" && strings.HasSuffix(module, "joblib.numpy_pickle")
}

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, "joblib: "+format, args...)
}

// passArray skips the array that follows the BUILD of a wrapper.
func (h *host) passArray(state tape.ID) error {
	if h.t.Kind(state) == tape.Dict && h.t.Size(state) > maxState {
		return malformed("the state of an array has %d items", h.t.Size(state))
	}
	dtype, ok := h.item(state, "dtype")
	if !ok {
		return malformed("an array without a dtype")
	}
	size, objects, ok := h.elementSize(dtype, 0)
	if !ok {
		return malformed("a dtype that an audit cannot read")
	}
	if objects {
		return h.nestedPickle()
	}
	shape, ok := h.item(state, "shape")
	if !ok || h.t.Kind(shape) != tape.Tuple || h.t.Size(shape) > 64 {
		return malformed("an array without a shape")
	}
	n := size
	for _, id := range h.t.Items(shape) {
		if h.t.Kind(id) != tape.Int || h.t.Int(id) < 0 {
			return malformed("a shape that is not of numbers")
		}
		if d := h.t.Int(id); d != 0 && n > math.MaxInt64/d {
			return malformed("the shape overflows")
		}
		n *= h.t.Int(id)
	}
	w := h.t.Window()
	if id, ok := h.item(state, "numpy_array_alignment_bytes"); ok && h.t.Kind(id) != tape.None {
		b, err := w.Take(1)
		if err != nil {
			return err
		}
		if _, err := w.Take(int(b[0])); err != nil {
			return err
		}
	}
	_, err := w.Payload(uint64(n), nil)
	return err
}

// elementSize returns the itemsize in bytes of a dtype, which is a call of numpy.dtype, and whether
// the dtype holds objects. ok is false for a dtype that it cannot read.
func (h *host) elementSize(id tape.ID, depth int) (size int64, objects, ok bool) {
	if h.t.Kind(id) != tape.Call || depth > 16 {
		return 0, false, false
	}
	info := h.t.Call(id)
	g, isClass := h.isClass(info.Fn)
	args := h.argsOf(info)
	if !isClass || g.Module != "numpy" || g.Name != "dtype" || len(args) == 0 {
		return 0, false, false
	}
	text, isText := h.Text(args[0])
	if !isText || text == "" || text == computed {
		return 0, false, false
	}
	n, err := strconv.ParseInt(text[1:], 10, 32)
	switch {
	case text[0] == 'O':
		return 8, true, true
	case text == "?":
		return 1, false, true
	case err != nil || n < 0:
		return 0, false, false
	case text[0] == 'V':
		return h.structSize(info, n, depth)
	case text[0] == 'U':
		return 4 * n, false, true
	}
	return n, false, true
}

// structSize is elementSize of a dtype with fields or a subarray. The state of such a dtype is
// (version, byte order, subarray, names, fields, size, alignment, flags).
func (h *host) structSize(info tape.CallInfo, size int64, depth int) (int64, bool, bool) {
	if !info.HasState || h.t.Kind(info.State) != tape.Tuple || h.t.Size(info.State) < 7 {
		return size, false, true
	}
	state := h.t.Items(info.State)
	if h.t.Kind(state[5]) == tape.Int && h.t.Int(state[5]) >= 0 {
		size = h.t.Int(state[5])
	}
	objects := false
	if h.t.Kind(state[4]) == tape.Dict {
		fields := h.t.Items(state[4])
		for i := 1; i < len(fields) && i < 1<<12; i += 2 {
			if h.t.Kind(fields[i]) != tape.Tuple || h.t.Size(fields[i]) == 0 {
				continue
			}
			_, inside, ok := h.elementSize(h.t.Items(fields[i])[0], depth+1)
			if !ok {
				return 0, false, false
			}
			objects = objects || inside
		}
	}
	if h.t.Kind(state[2]) == tape.Tuple && h.t.Size(state[2]) > 0 {
		_, inside, ok := h.elementSize(h.t.Items(state[2])[0], depth+1)
		if !ok {
			return 0, false, false
		}
		objects = objects || inside
	}
	return size, objects, true
}

// maxNested bounds pickles inside pickles, because each level takes a call on Go's stack.
const maxNested = 100

// nestedPickle audits the pickle of an array of objects, which begins here, and goes on behind it.
func (h *host) nestedPickle() error {
	if h.nested == maxNested {
		return &errkind.LimitError{Limit: "Depth", Max: maxNested, Want: maxNested + 1}
	}
	inner := &host{auditor: h.auditor, t: new(tape.Tape), nested: h.nested + 1, joblib: true}
	return inner.t.Read(h.t.Window(), h.options(inner))
}
