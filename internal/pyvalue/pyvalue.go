// Package pyvalue knows the Go types of objects: which are containers and what they contain, which
// text, time or number an object represents, and how errors name its Python type. Packages plain
// and unmarshal build on it; no other place lists the types of containers.
package pyvalue

import (
	"encoding"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/fields"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/torch"
	"github.com/unpkl/unpkl/xr"
)

// goFields has the fields of Go structs, for reading and writing alike.
var goFields = fields.Cache{Leaf: IsLeafStruct}

// FieldsOf returns the fields of the struct type t that pickles are read into and written from.
func FieldsOf(t reflect.Type) *fields.Struct { return goFields.Of(t) }

// Unmarshaler is the root package's Unmarshaler.
type Unmarshaler interface {
	UnmarshalPickle(v any) error
}

// Go types with rules of their own.
var (
	AnyType             = reflect.TypeFor[any]()
	UnmarshalerType     = reflect.TypeFor[Unmarshaler]()
	TextUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
	TimeType            = reflect.TypeFor[time.Time]()
	DurationType        = reflect.TypeFor[time.Duration]()
	BigIntType          = reflect.TypeFor[big.Int]()
	BigRatType          = reflect.TypeFor[big.Rat]()
	TableType           = reflect.TypeFor[frame.Frame]()
	SeriesType          = reflect.TypeFor[frame.Series]()
	LabelsType          = reflect.TypeFor[frame.Index]()
	SparseType          = reflect.TypeFor[reconstruct.Sparse]()
	LibraryType         = reflect.TypeFor[reconstruct.LibraryValue]()
	VariableType        = reflect.TypeFor[xr.Variable]()
	DataArrayType       = reflect.TypeFor[xr.DataArray]()
	DatasetType         = reflect.TypeFor[xr.Dataset]()
	DataTreeType        = reflect.TypeFor[xr.DataTree]()
)

// IsContainer reports whether v contains other values and is converted part by part. All containers
// are pointers, so they can be compared by identity.
func IsContainer(v any) bool {
	switch v := v.(type) {
	case *types.List, *types.Tuple, *types.Dict, *pickle.Set, *pickle.FrozenSet, *pickle.Object,
		*reconstruct.OrderedDict, *reconstruct.DefaultDict, *reconstruct.Counter,
		*reconstruct.Deque:
		return true
	case *ndarray.Array:
		return v.HasObject()
	case *ndarray.Scalar:
		return v.DType().HasObject()
	case *ndarray.Masked:
		return v.Data.HasObject()
	}
	return false
}

// ItemsOf returns the elements of a sequence or set. The caller must not change them.
func ItemsOf(v any) ([]any, bool) {
	switch v := v.(type) {
	case *types.List:
		return *v, true
	case *types.Tuple:
		return *v, true
	case *reconstruct.Deque:
		return v.Items, true
	case *pickle.Object:
		// An instance of a subclass of list or set counts as its items.
		n := reconstruct.Normalize(v)
		return n.Items, len(n.Items) > 0
	}
	return SetItems(v)
}

// SetItems returns the members of a set. The caller must not change them.
func SetItems(v any) ([]any, bool) {
	switch v := v.(type) {
	case *pickle.Set:
		return v.Items, true
	case *pickle.FrozenSet:
		return v.Items, true
	}
	return nil, false
}

// EntriesOf returns the entries of a dict of any class. The caller must not change them.
func EntriesOf(v any) (types.Dict, bool) {
	switch v := v.(type) {
	case *types.Dict:
		return *v, true
	case *pickle.Object:
		if d, ok := reconstruct.ReadMapping(v); ok {
			return *d, true
		}
		// An instance of a subclass of dict counts as its items, any other object as its
		// attributes.
		n := reconstruct.Normalize(v)
		if len(n.DictItems) > 0 {
			return n.DictItems, true
		}
		return AttributesOf(&n)
	case pickle.DictHolder:
		return *v.PyDict(), true
	}
	return nil, false
}

// BytesOf returns the content of a str, bytes, bytearray or Python 2 str.
func BytesOf(v any) ([]byte, bool) {
	switch v := v.(type) {
	case []byte:
		return v, true
	case *types.ByteArray:
		return *v, true
	case string:
		return []byte(v), true
	case pickle.Py2String:
		return []byte(v), true
	}
	return nil, false
}

// BytesKey returns a key that is bytes or a Python 2 str as the name of a field.
func BytesKey(v any) (string, bool) {
	switch v := v.(type) {
	case []byte:
		return string(v), true
	case pickle.Py2String:
		return string(v), true
	}
	return "", false
}

// ArrayOf returns the array that v is or represents: an ndarray, array.array of numbers, tensor,
// storage of a tensor, or variable of xarray.
func ArrayOf(v any) (*ndarray.Array, bool) {
	switch t := v.(type) {
	case *reconstruct.TypedArray:
		return typedArray(t)
	case *torch.Tensor:
		return t.PlainArray()
	case *torch.Storage:
		return t.PlainArray()
	case *xr.Variable:
		return variableArray(t)
	case *xr.DataArray:
		return variableArray(&t.Variable)
	}
	a, ok := v.(*ndarray.Array)
	return a, ok
}

// variableArray returns the elements of a variable. ok is false if another library holds them.
func variableArray(v *xr.Variable) (*ndarray.Array, bool) {
	a, err := v.Array()
	return a, err == nil
}

// OwnElements returns the elements of an array of objects, in the array's own memory. Arrays from a
// pickle are contiguous in C or F order.
func OwnElements(a *ndarray.Array) []any {
	if !a.IsCContiguous() && a.IsFContiguous() {
		a = a.T()
	}
	elems, err := a.Objects()
	if err != nil {
		return nil
	}
	return elems
}

// Bare returns the Go value of a numpy scalar, of a 0-d array or of a scalar of pandas, and any
// other object unchanged. NaT and NA of pandas become nil.
func Bare(v any) any {
	switch s := v.(type) {
	case Missing:
		return nil
	case *pickle.Object, pickle.Global:
		if c, ok, err := reconstruct.ReadPandasScalar(v); ok && err == nil {
			if _, null := c.(reconstruct.PandasNull); null {
				return nil
			}
			return c
		}
	case *ndarray.Scalar:
		return s.Value()
	case *ndarray.Array:
		if s.NDim() == 0 {
			return s.At()
		}
	}
	return v
}

// PlainLeaf returns the plain value of an object that is not a container.
func PlainLeaf(v any) any {
	switch v := v.(type) {
	case *types.ByteArray:
		return []byte(*v)
	case interface{ Plain() any }:
		return v.Plain()
	}
	return v
}

// TextOf returns the text of an object that represents one: what Python's str returns for a
// Decimal, Fraction, UUID or path, and ISO 8601 for dates and times.
func TextOf(v any) (string, bool) {
	switch v := v.(type) {
	case interface{ ISOFormat() string }:
		return v.ISOFormat(), true
	case reconstruct.Decimal:
		return v.String(), true
	case reconstruct.Fraction:
		return v.String(), true
	case *reconstruct.UUID:
		return v.String(), true
	case *reconstruct.Path:
		return v.String(), true
	case *pickle.Object:
		return reconstruct.AddressText(v)
	}
	return "", false
}

var errNaT = errors.New("NaT is not a time")

// ErrOverflow is the cause of a mismatch if a number or time is out of range for the Go type.
var ErrOverflow = errors.New("out of range")

// TimeOf returns a datetime, date or datetime64 as a time.Time. ok is false for other objects.
func TimeOf(v any) (t time.Time, ok bool, err error) {
	switch v := v.(type) {
	case time.Time:
		return v, true, nil
	case *reconstruct.Datetime:
		t, err = v.Time()
		return t, true, err
	case reconstruct.Timestamp:
		t, err = v.Time()
		return t, true, err
	case *reconstruct.Date:
		return time.Date(v.Year, time.Month(v.Month), v.Day, 0, 0, 0, 0, time.UTC), true, nil
	case ndarray.Datetime64:
		if v.IsNaT() {
			return t, true, errNaT
		}
		t, err = v.Time()
		return t, true, err
	}
	return t, false, nil
}

// DurationOf returns a timedelta or timedelta64 as a time.Duration. ok is false for other objects.
func DurationOf(v any) (d time.Duration, ok bool, err error) {
	switch v := v.(type) {
	case time.Duration:
		return v, true, nil
	case reconstruct.PandasTimedelta:
		if d, ok = v.Plain().(time.Duration); !ok {
			err = ErrOverflow
		}
		return d, true, err
	case reconstruct.Timedelta:
		if d, ok = v.Duration(); !ok {
			err = ErrOverflow
		}
		return d, true, err
	case ndarray.Timedelta64:
		if v.IsNaT() {
			return 0, true, errNaT
		}
		d, err = v.Duration()
		return d, true, err
	}
	return 0, false, nil
}

// objectTypes are the struct types of objects. A variable of such a type, or a pointer to one, can
// only be set to an object of that type.
var objectTypes = map[reflect.Type]bool{
	reflect.TypeFor[ndarray.Array]():               true,
	reflect.TypeFor[ndarray.Scalar]():              true,
	reflect.TypeFor[ndarray.Masked]():              true,
	reflect.TypeFor[ndarray.DType]():               true,
	reflect.TypeFor[ndarray.Record]():              true,
	reflect.TypeFor[ndarray.Datetime64]():          true,
	reflect.TypeFor[ndarray.Timedelta64]():         true,
	reflect.TypeFor[ndarray.LongDouble]():          true,
	reflect.TypeFor[pickle.Object]():               true,
	reflect.TypeFor[pickle.Global]():               true,
	reflect.TypeFor[pickle.Set]():                  true,
	reflect.TypeFor[pickle.FrozenSet]():            true,
	reflect.TypeFor[reconstruct.OrderedDict]():     true,
	reflect.TypeFor[reconstruct.DefaultDict]():     true,
	reflect.TypeFor[reconstruct.Counter]():         true,
	reflect.TypeFor[reconstruct.Deque]():           true,
	reflect.TypeFor[reconstruct.Date]():            true,
	reflect.TypeFor[reconstruct.Time]():            true,
	reflect.TypeFor[reconstruct.Datetime]():        true,
	reflect.TypeFor[reconstruct.Timedelta]():       true,
	reflect.TypeFor[reconstruct.Timezone]():        true,
	reflect.TypeFor[reconstruct.ZoneInfo]():        true,
	reflect.TypeFor[reconstruct.Fraction]():        true,
	reflect.TypeFor[reconstruct.Range]():           true,
	reflect.TypeFor[reconstruct.Slice]():           true,
	TableType:                                      true,
	SeriesType:                                     true,
	LabelsType:                                     true,
	SparseType:                                     true,
	VariableType:                                   true,
	DataArrayType:                                  true,
	DatasetType:                                    true,
	DataTreeType:                                   true,
	reflect.TypeFor[reconstruct.Timestamp]():       true,
	reflect.TypeFor[reconstruct.PandasTimedelta](): true,
	reflect.TypeFor[frame.PeriodValue]():           true,
	reflect.TypeFor[frame.IntervalValue]():         true,
}

// IsObjectType reports whether t is the struct type of an object.
func IsObjectType(t reflect.Type) bool {
	return objectTypes[t] || t.Kind() == reflect.Struct &&
		reflect.PointerTo(t).Implements(LibraryType)
}

// IsLeafStruct reports whether a struct type is a single value rather than a set of fields.
func IsLeafStruct(t reflect.Type) bool {
	return IsObjectType(t) || t == TimeType || t == BigIntType || t == BigRatType
}

// Describe returns the name of the Python type of an object, for errors.
func Describe(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int, *big.Int:
		return "int"
	case float64:
		return "float"
	case complex128:
		return "complex"
	case string, pickle.Py2String:
		return "str"
	case []byte:
		return "bytes"
	case *types.ByteArray:
		return "bytearray"
	case *types.List:
		return "list"
	case *types.Tuple:
		return "tuple"
	case *types.Dict:
		return "dict"
	case *pickle.Set:
		return "set"
	case *pickle.FrozenSet:
		return "frozenset"
	case *ndarray.Array:
		return fmt.Sprintf("ndarray of dtype %v, shape %s", v.DType(), shapeText(v.Shape()))
	case *ndarray.Scalar:
		return fmt.Sprintf("scalar of dtype %v", v.DType())
	case *ndarray.Masked:
		return fmt.Sprintf("masked array of dtype %v, shape %s", v.Data.DType(),
			shapeText(v.Data.Shape()))
	case *frame.Frame:
		return "DataFrame"
	case *pickle.Object:
		if name := v.ClassName(); name != "" {
			return name
		}
		return "object"
	}
	t := reflect.TypeOf(v)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Name() != "":
	case t.Kind() == reflect.Map:
		return "dict"
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		return "list"
	}
	return t.Name()
}

// shapeText formats a shape as Python does.
func shapeText(shape []int) string {
	if len(shape) == 1 {
		return fmt.Sprintf("(%d,)", shape[0])
	}
	text := "("
	for i, n := range shape {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprint(n)
	}
	return text + ")"
}

// AttributesOf returns the attributes of an object, which Python keeps in its __dict__ and slots,
// followed by its items if it is an instance of a subclass of dict. ok is false if there are none.
func AttributesOf(o *reconstruct.Instance) (attrs types.Dict, ok bool) {
	add := func(v any) {
		if d, isDict := v.(*types.Dict); isDict {
			ok = true
			if attrs == nil {
				attrs = (*d)[:len(*d):len(*d)]
			} else {
				attrs = append(attrs, *d...)
			}
		}
	}
	if t, ok := o.State.(*types.Tuple); ok && len(*t) == 2 {
		add((*t)[0])
		add((*t)[1])
	} else {
		add(o.State)
	}
	if len(o.DictItems) > 0 {
		add(&o.DictItems)
	}
	return attrs, ok
}

// Positional returns the values by position of an object that consists of arguments alone, such as
// a namedtuple, or whose state is the list of the values of its fields, as of a frozen dataclass
// with slots.
func Positional(o *reconstruct.Instance) ([]any, bool) {
	if l, ok := o.State.(*types.List); ok && len(o.Args) == 0 {
		return *l, true
	}
	if o.HasState || len(o.Items) > 0 || len(o.DictItems) > 0 || o.Kwargs != nil {
		return nil, false
	}
	if t, ok := BaseTuple(o); ok {
		return t, true
	}
	return o.Args, len(o.Args) > 0
}

// BaseTuple returns the items of an instance of a subclass of tuple that protocol 0 or 1 wrote:
// there the object is created from a tuple of its items.
func BaseTuple(n *reconstruct.Instance) ([]any, bool) {
	if n.Base.Name != "tuple" || len(n.Args) != 1 {
		return nil, false
	}
	t, ok := n.Args[0].(*types.Tuple)
	if !ok {
		return nil, false
	}
	return *t, true
}

// typedArray returns an array that shares the memory of an array.array.
func typedArray(t *reconstruct.TypedArray) (*ndarray.Array, bool) {
	var a *ndarray.Array
	var err error
	switch v := t.Values.(type) {
	case []int8:
		a, err = ndarray.FromSlice(v)
	case []uint8:
		a, err = ndarray.FromSlice(v)
	case []int16:
		a, err = ndarray.FromSlice(v)
	case []uint16:
		a, err = ndarray.FromSlice(v)
	case []int32:
		a, err = ndarray.FromSlice(v)
	case []uint32:
		a, err = ndarray.FromSlice(v)
	case []int64:
		a, err = ndarray.FromSlice(v)
	case []uint64:
		a, err = ndarray.FromSlice(v)
	case []float32:
		a, err = ndarray.FromSlice(v)
	case []float64:
		a, err = ndarray.FromSlice(v)
	default:
		return nil, false
	}
	return a, err == nil
}

// Missing represents a missing element of a Series: nil, or NaN in a float.
type Missing struct{}

// Plain returns nil.
func (Missing) Plain() any { return nil }
