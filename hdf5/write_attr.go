package hdf5

import (
	"slices"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// outAttr is an attribute that is set when the file is closed.
type outAttr struct {
	name string
	// message is the whole message. Texts of variable length are in the global heap already, and
	// the message has references to them.
	message []byte
}

// SetAttr sets an attribute of the object at the path, or of the root group at "/". It replaces an
// attribute of the same name. The value is one of
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
// A value of another type is an error of the kind ErrUnsupported. So is an empty name or one with a
// NUL, and a value that takes more than 64 KiB with its name and dtype, because headers of HDF5 1.8
// cannot hold it; each text of variable length counts 16 bytes. If there is no object at the path,
// the error is of the kind ErrNotFound.
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
		return withPath(errorf(ErrUnsupported, "attribute name %q", name), path)
	}
	message, err := w.attribute(name, value)
	if err != nil {
		return withPath(err, path+"@"+name)
	}
	return withPath(w.setAttr(n, name, message), path)
}

func (w *Writer) setAttr(n *node, name string, message []byte) error {
	if n.old != nil && n.old.header.version > 1 {
		if err := w.canChangeHeader(n); err != nil {
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
	// A header has fewer than 8 other messages.
	if len(n.attrs) >= maxMessages-8 {
		return errorf(ErrLimit, "more than %d attributes", len(n.attrs))
	}
	if n.attrIndex != nil {
		n.attrIndex[name] = len(n.attrs)
	}
	n.attrs = append(n.attrs, outAttr{name, message})
	return nil
}

// manyAttrs is the number of attributes from which an object has an index of them.
const manyAttrs = 32

// findAttr returns the index of the attribute with a name, or -1.
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

// FixedText is an attribute value that is stored as a text of fixed length, as the C library's
// high-level interfaces and PyTables do. See [Writer.SetAttr].
type FixedText string

// attribute returns the message of an attribute.
func (w *Writer) attribute(name string, value any) ([]byte, error) {
	if text, ok := value.(FixedText); ok {
		t := fixedText(string(text))
		return attributeOf(name, t, nil, append([]byte(text), 0))
	}
	a, err := attributeArray(value)
	if err != nil {
		return nil, err
	}
	if a.NDim() > maxRank {
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

// attributeArray returns the value of an attribute as an array.
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

// bytes1 is the dtype of a text of one byte: HDF5 has no shorter text of fixed length.
var bytes1 = func() *ndarray.DType {
	dt, err := ndarray.ParseDType("S1")
	if err != nil {
		panic(err)
	}
	return dt
}()

// numberArray returns a number, or a slice of numbers, as an array.
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
