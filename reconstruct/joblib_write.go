package reconstruct

import (
	"bytes"
	"io"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// joblibAlign is joblib's NUMPY_ARRAY_ALIGNMENT_BYTES. joblib 1.2 inserts padding after the
// wrapper, which older versions do not skip. The padding written here is before the wrapper: every
// version loads that, and maps it without a warning.
const joblibAlign = 16

// joblibWrapper is the class that stands for an array.
var joblibWrapper = pyName(joblibModule, "NumpyArrayWrapper")

// joblibTrailer writes an array as joblib does: a wrapper followed by the elements, or by a pickle
// of the array if it has objects. It returns nil for subclasses that joblib does not wrap.
//
// Reference: joblib/numpy_pickle.py, NumpyArrayWrapper.write_array and NumpyPickler.save.
func (r *Reducers) joblibTrailer(a *ndarray.Array, protocol int) (any, error) {
	class := ndarrayClass
	switch g := className(a.Class()); {
	case a.Class() == "":
	case g.Name == "matrix":
		class = r.classOf(a.Class())
	case g.Name != "memmap":
		return nil, nil
	}
	order := ndarray.OrderC
	if a.Order() == ndarray.OrderF {
		order = ndarray.OrderF
	}
	mappable := !a.HasObject()
	t := &written.Trailer{Size: int64(a.NBytes()), Align: joblibAlign,
		Write: func(w io.Writer) error {
			_, err := a.WriteTo(w, order)
			return err
		}}
	if !mappable {
		nested, err := r.joblibNested(a, protocol)
		if err != nil {
			return nil, err
		}
		t.Size, t.Align = int64(len(nested)), 0
		t.Write = func(w io.Writer) error {
			_, err := w.Write(nested)
			return err
		}
	}
	t.Object = newInstance(joblibWrapper, dictOf(
		"subclass", class, "shape", shapeTuple(a.Shape()), "order",
		written.Interned(string(rune(order))),
		"dtype", a.DType(), "allow_mmap", mappable,
	))
	return t, nil
}

// joblibNested returns the pickle of an array with objects. Arrays in it are not wrapped.
func (r *Reducers) joblibNested(a *ndarray.Array, protocol int) ([]byte, error) {
	plain := r.opts
	plain.Joblib = false
	var b bytes.Buffer
	p := pickle.NewPickler(&b)
	p.Protocol, p.Reduce = pickle.ProtocolOf(protocol), NewReducers(plain).Reduce
	err := p.Dump(a)
	return b.Bytes(), err
}
