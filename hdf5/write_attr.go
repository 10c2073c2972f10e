package hdf5

import (
	"slices"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// outAttr is an attribute of an object that is not written yet.
type outAttr struct {
	name string
	// message is the whole message; it holds places in the global heap, where the texts are
	// already.
	message []byte
}

// SetAttr gives the object at the path, or the file's root at "/", an attribute, or another value
// to one that it was given before. It may be called until Close. The value is one of
//
//	string                a text of variable length, UTF-8
//	[]string              an array of them
//	[]byte                a text of fixed length, NumPy's bytes_
//	FixedText             a text of fixed length, UTF-8, with a NUL at its end
//	bool, int, int8 ...   a number; int is stored as int64, uint as uint64
//	[]int, []float64 ...  an array of numbers
//	*ndarray.Array        an array, as [Writer.Dataset] stores it
//	*ndarray.Scalar       a scalar of its dtype
//
// Another type is an error of the kind ErrUnsupported. So is an empty name, one with a NUL, and a
// value that with its name and dtype takes more than 64 KiB, which headers that HDF5 1.8 reads
// with its defaults cannot hold; texts of variable length count 16 bytes each. A path
// where nothing is is an error of the kind ErrNotFound.
//
// Reference: HDF5 File Format Specification, IV.A.2.m.
func (w *Writer) SetAttr(path, name string, value any) error {
	if err := w.ready(); err != nil {
		return err
	}
	n, err := w.find(path)
	if err != nil {
		return err
	}
	if name == "" || strings.IndexByte(name, 0) >= 0 || len(name) > 1<<15 {
		return inPath(errorf(ErrUnsupported, "attribute name %q", name), path)
	}
	message, err := w.attribute(name, value)
	if err != nil {
		return inPath(err, path+"@"+name)
	}
	return inPath(w.setAttr(n, name, message), path)
}

func (w *Writer) setAttr(n *node, name string, message []byte) error {
	if n.old != nil && n.old.header.version > 1 {
		if err := w.canPatch(n); err != nil {
			return err
		}
		if err := w.readDense(n); err != nil {
			return err
		}
	}
	if i := n.findAttr(name); i >= 0 {
		n.attrs[i].message = message
		return nil
	}
	// Other messages of a header are fewer than 8.
	if len(n.attrs) >= maxMessages-8 {
		return errorf(ErrLimit, "more than %d attributes", len(n.attrs))
	}
	if n.attrIndex != nil {
		n.attrIndex[name] = len(n.attrs)
	}
	n.attrs = append(n.attrs, outAttr{name, message})
	return nil
}

// manyAttrs is from how many attributes on an object has an index of them.
const manyAttrs = 32

// findAttr returns which of the attributes has a name, or -1.
func (n *node) findAttr(name string) int {
	if len(n.attrs) < manyAttrs {
		return slices.IndexFunc(n.attrs, func(a outAttr) bool { return a.name == name })
	}
	if n.attrIndex == nil {
		n.attrIndex = make(map[string]int, 2*len(n.attrs))
		for i, a := range n.attrs {
			n.attrIndex[a.name] = i
		}
	}
	if i, ok := n.attrIndex[name]; ok {
		return i
	}
	return -1
}

// FixedText is a text attribute of a fixed number of bytes, as the C library's own high-level
// interfaces and PyTables write it. See [Writer.SetAttr].
type FixedText string

// attribute makes the message of an attribute.
func (w *Writer) attribute(name string, value any) ([]byte, error) {
	if text, ok := value.(FixedText); ok {
		t := fixedText(string(text))
		return attributeOf(name, t, nil, append([]byte(text), 0))
	}
	a, err := attributeArray(value)
	if err != nil {
		return nil, err
	}
	if a.NDim() > maxFileDims {
		return nil, errorf(ErrUnsupported, "%d dimensions", a.NDim())
	}
	t, err := fileTypeOf(a)
	if err != nil {
		return nil, err
	}
	if size := int64(a.Size()) * int64(t.size); size > maxMessage {
		return nil, errorf(ErrUnsupported, "an attribute of %d bytes", size)
	}
	data, err := appendElements(&w.heap, nil, t, a)
	if err != nil {
		return nil, err
	}
	return attributeOf(name, t, a.Shape(), data)
}

func attributeOf(name string, t *fileType, shape []int, data []byte) ([]byte, error) {
	space := dataspaceMessage(shape, nil)
	if !fitsMessage([]byte(name), t.message, space, data) {
		return nil, errorf(ErrUnsupported, "an attribute of %d bytes", len(t.message)+len(data))
	}
	return attributeMessage(name, t.message, space, data), nil
}

// attributeArray makes an array of the value of an attribute.
func attributeArray(value any) (*ndarray.Array, error) {
	switch v := value.(type) {
	case *ndarray.Array:
		return v, nil
	case *ndarray.Scalar:
		return v.Array(), nil
	case string:
		return ndarray.NewObjects(ndarray.ObjectDType(), nil, ndarray.OrderC, []any{v})
	case []string:
		elems := make([]any, len(v))
		for i, s := range v {
			elems[i] = s
		}
		return ndarray.NewObjects(ndarray.ObjectDType(), []int{len(v)}, ndarray.OrderC, elems)
	case []byte:
		dt, err := ndarray.NewDType(ndarray.DTypeSpec{Kind: ndarray.KindBytes, ItemSize: len(v)})
		if err != nil || len(v) == 0 {
			dt, v = bytes1, []byte{0}
		}
		return ndarray.New(dt, nil, ndarray.OrderC, append([]byte(nil), v...))
	}
	return numberArray(value)
}

// bytes1 is the dtype of one byte of text, HDF5's shortest.
var bytes1 = func() *ndarray.DType {
	dt, err := ndarray.ParseDType("S1")
	if err != nil {
		panic(err)
	}
	return dt
}()

// numberArray makes an array of a number, or of a slice of them.
func numberArray(value any) (*ndarray.Array, error) {
	switch v := value.(type) {
	case int:
		return scalar(int64(v))
	case uint:
		return scalar(uint64(v))
	case []int:
		wide := make([]int64, len(v))
		for i, x := range v {
			wide[i] = int64(x)
		}
		return ndarray.FromSlice(wide)
	case bool:
		return scalar(v)
	case int8:
		return scalar(v)
	case int16:
		return scalar(v)
	case int32:
		return scalar(v)
	case int64:
		return scalar(v)
	case uint8:
		return scalar(v)
	case uint16:
		return scalar(v)
	case uint32:
		return scalar(v)
	case uint64:
		return scalar(v)
	case ndarray.Float16:
		return scalar(v)
	case float32:
		return scalar(v)
	case float64:
		return scalar(v)
	case complex64:
		return scalar(v)
	case complex128:
		return scalar(v)
	}
	return sliceArray(value)
}

func scalar[T ndarray.Element](v T) (*ndarray.Array, error) {
	a, err := ndarray.FromSlice([]T{v})
	if err != nil {
		return nil, err
	}
	return a.Reshape()
}

func sliceArray(value any) (*ndarray.Array, error) {
	switch v := value.(type) {
	case []bool:
		return ndarray.FromSlice(v)
	case []int8:
		return ndarray.FromSlice(v)
	case []int16:
		return ndarray.FromSlice(v)
	case []int32:
		return ndarray.FromSlice(v)
	case []int64:
		return ndarray.FromSlice(v)
	case []uint16:
		return ndarray.FromSlice(v)
	case []uint32:
		return ndarray.FromSlice(v)
	case []uint64:
		return ndarray.FromSlice(v)
	case []ndarray.Float16:
		return ndarray.FromSlice(v)
	case []float32:
		return ndarray.FromSlice(v)
	case []float64:
		return ndarray.FromSlice(v)
	case []complex64:
		return ndarray.FromSlice(v)
	case []complex128:
		return ndarray.FromSlice(v)
	}
	return nil, errorf(ErrUnsupported, "a %T as an attribute", value)
}
