package reconstruct

import (
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Flags in the state of a dtype.
//
// Reference: numpy/_core/include/numpy/ndarraytypes.h.
const (
	flagsUser       = 64   // NPY_USE_SETITEM, set for the dtypes of ml_dtypes
	flagsStr        = 8    // NPY_NEEDS_INIT
	flagsObject     = 63   // all flags that objects need
	flagsStruct     = 16   // NPY_NEEDS_PYAPI
	flagsFromFields = 27   // NPY_FROM_FIELDS, the flags that a structure inherits from its fields
	flagAligned     = 0x80 // NPY_ALIGNED_STRUCT
)

var dtypeClass = pyName("numpy", "dtype")

// numberKey identifies a dtype of numbers or objects, up to metadata and scalar class.
type numberKey struct {
	kind  ndarray.Kind
	size  int
	order ndarray.ByteOrder
}

// numberForms caches the written forms of dtypes of numbers and objects, of which there are few.
type numberForms struct {
	sync.Mutex
	forms map[numberKey]*written.Constructed
}

// dtype writes a dtype.
//
// Reference: descriptor.c, arraydescr_reduce.
func (r *Reducers) dtype(d *ndarray.DType) (any, error) {
	if o := r.alignedDType(d); o != nil {
		return o, nil
	}
	if !strings.ContainsRune("biufcO", rune(d.Kind())) || d.Metadata() != nil ||
		d.ScalarClass() != "" {
		return r.dtypeObject(d)
	}
	r.numbers.Lock()
	defer r.numbers.Unlock()
	key := numberKey{d.Kind(), d.ItemSize(), d.ByteOrder()}
	form := r.numbers.forms[key]
	if form == nil {
		o, err := r.dtypeObject(d)
		if err != nil {
			return nil, err
		}
		form = &written.Constructed{
			By:    &written.Constructor{Class: o.Class, Args: o.Args},
			State: o.State.(written.Tuple),
		}
		if r.numbers.forms == nil {
			r.numbers.forms = make(map[numberKey]*written.Constructed)
		}
		r.numbers.forms[key] = form
	}
	return form, nil
}

// dtypeObject returns the form of a dtype, which is a call and mostly a state.
func (r *Reducers) dtypeObject(d *ndarray.DType) (*pickle.Object, error) {
	if d.Kind() == ndarray.KindString {
		return r.variableString(d), nil
	}
	var spec any = written.Str(string(d.Kind()) + strconv.Itoa(specSize(d)))
	if d.Kind() == ndarray.KindObject {
		spec = written.Str("O8")
	}
	if class := d.ScalarClass(); class != "" {
		spec = r.classOf(class)
	}
	o := call(dtypeClass, spec, false, true)
	if r.opts.NumPy.before(1, 19) {
		o.Args = []any{spec, 0, 1}
	}
	state := written.Tuple{
		3, written.Interned(d.ByteOrder().String()), nil, nil, nil, -1, -1, r.flags(d),
	}
	if _, ok := d.SmallName(); ok {
		// NumPy has one instance of this dtype for the whole process, which any other state would
		// change.
		state[1], state[7] = written.Interned("<"), flagsUser
	}
	if base, shape := d.Subarray(); base != nil {
		state[2] = written.Tuple{base, shapeTuple(shape)}
	}
	if d.Names() != nil {
		state[3], state[4] = names(d), fields(d)
	}
	switch d.Kind() {
	case ndarray.KindBytes, ndarray.KindStr, ndarray.KindVoid:
		state[5], state[6] = d.ItemSize(), d.Alignment()
	}
	if m, ok := r.metadata(d); ok {
		state[0] = 4
		state = append(state, m)
	}
	o.State, o.HasState = state, true
	return o, nil
}

// specSize returns the size in a typespec: characters for U, bytes for other kinds.
func specSize(d *ndarray.DType) int {
	if d.Kind() == ndarray.KindStr {
		return d.ItemSize() / 4
	}
	return d.ItemSize()
}

// flags returns the flags of a dtype.
func (r *Reducers) flags(d *ndarray.DType) int {
	if base, _ := d.Subarray(); base != nil {
		return r.flags(base)
	}
	switch d.Kind() {
	case ndarray.KindStr:
		return flagsStr
	case ndarray.KindObject:
		return flagsObject
	case ndarray.KindVoid:
	default:
		return 0
	}
	flags := 0
	if d.Names() != nil && !r.opts.NumPy.before(1, 9) {
		flags = flagsStruct
	}
	for _, f := range d.Fields() {
		flags |= r.flags(f.DType) & flagsFromFields
	}
	if d.Aligned() {
		flags |= flagAligned
		if !r.opts.NumPy.atLeast(2, 0) {
			// NumPy 1 stores a signed char and refuses other numbers. NumPy 2 accepts negative
			// numbers but drops this flag.
			flags = int(int8(flags))
		}
	}
	return flags
}

// names returns the names of the fields as a tuple.
func names(d *ndarray.DType) written.Tuple {
	t := make(written.Tuple, 0, len(d.Fields()))
	for _, f := range d.Fields() {
		t = append(t, f.Name)
	}
	return t
}

// fields returns the dict of fields. A title that is text is a second key of its field.
func fields(d *ndarray.DType) *types.Dict {
	dict := make(types.Dict, 0, len(d.Fields()))
	for _, f := range d.Fields() {
		value := &types.Tuple{f.DType, f.Offset}
		if f.Title != nil {
			*value = append(*value, f.Title)
		}
		dict = append(dict, types.DictEntry{Key: f.Name, Value: value})
		if title, ok := f.Title.(string); ok && title != f.Name {
			dict = append(dict, types.DictEntry{Key: f.Title, Value: value})
		}
	}
	return &dict
}

// metadata returns the last item of a state and whether there is one: datetimes always have it,
// other dtypes only if they have metadata.
func (r *Reducers) metadata(d *ndarray.DType) (any, bool) {
	m := d.Metadata()
	if d.Kind() != ndarray.KindDatetime && d.Kind() != ndarray.KindTimedelta {
		return m, m != nil
	}
	if m == nil && !r.opts.NumPy.atLeast(2, 3) {
		m = &types.Dict{}
	}
	unit := d.Unit()
	if unit.Base == "" {
		unit.Base = "generic"
	}
	return written.Tuple{m, written.Tuple{written.Bytes(unit.Base), max(unit.Num, 1), 1, 1}}, true
}

// variableString writes a StringDType.
//
// Reference: numpy/_core/src/multiarray/stringdtype/dtype.c, stringdtype___reduce__.
func (r *Reducers) variableString(d *ndarray.DType) *pickle.Object {
	coerce := 0
	if d.Coerce() {
		coerce = 1
	}
	o := call(r.stringDType, coerce)
	if na, ok := d.NA(); ok {
		o.Args = append(o.Args, na)
	}
	return o
}

// longDouble writes v as a scalar of the dtype with a character code, in the given format.
func (r *Reducers) longDouble(code string, format ndarray.LongDoubleFormat, v any) (any, error) {
	dt, err := ndarray.ParseDType(code)
	if err != nil {
		return nil, err
	}
	return r.scalarValue(dt.WithLongDouble(format), v)
}

// elementReducers write, as numpy scalars, the Go types of elements that Python has no type for.
var elementReducers = map[reflect.Type]func(r *Reducers, v any) (any, error){
	reflect.TypeFor[ndarray.Float16](): func(r *Reducers, v any) (any, error) {
		h := v.(ndarray.Float16)
		return r.scalarBytes(ndarray.DTypeOf[ndarray.Float16](), []byte{byte(h), byte(h >> 8)})
	},
	reflect.TypeFor[ndarray.LongDouble](): func(r *Reducers, v any) (any, error) {
		return r.longDouble("g", v.(ndarray.LongDouble).Format(), v)
	},
	reflect.TypeFor[ndarray.BFloat16](): func(r *Reducers, v any) (any, error) {
		return r.smallScalar("bfloat16", v)
	},
	reflect.TypeFor[ndarray.Float8](): func(r *Reducers, v any) (any, error) {
		return r.smallScalar(v.(ndarray.Float8).Format.String(), v)
	},
	reflect.TypeFor[ndarray.CLongDouble](): func(r *Reducers, v any) (any, error) {
		return r.longDouble("G", v.(ndarray.CLongDouble).Real.Format(), v)
	},
	reflect.TypeFor[ndarray.Datetime64](): func(r *Reducers, v any) (any, error) {
		d := v.(ndarray.Datetime64)
		return r.ticks(ndarray.KindDatetime, d.Unit, d.Value)
	},
	reflect.TypeFor[ndarray.Timedelta64](): func(r *Reducers, v any) (any, error) {
		d := v.(ndarray.Timedelta64)
		return r.ticks(ndarray.KindTimedelta, d.Unit, d.Value)
	},
}

// scalarBytes writes a scalar whose data is little-endian.
func (r *Reducers) scalarBytes(dt *ndarray.DType, data []byte) (any, error) {
	if dt.ByteOrder() != ndarray.LittleEndian {
		dt = dt.NewByteOrder(ndarray.LittleEndian)
	}
	return call(r.scalar, dt, written.Bytes(data)), nil
}

// scalarValue writes a value that [ndarray.Array.At] returned as a numpy scalar.
func (r *Reducers) scalarValue(dt *ndarray.DType, v any) (any, error) {
	s, err := scalarOfDType(dt, v)
	if err != nil {
		return nil, err
	}
	return r.scalarOf(s)
}

// smallScalar writes a number in one of the formats of ml_dtypes.
func (r *Reducers) smallScalar(name string, v any) (any, error) {
	dt, err := ndarray.ParseDType(name)
	if err != nil {
		return nil, err
	}
	return r.scalarValue(dt, v)
}

// scalarOfDType returns a value as a numpy scalar of dtype dt, or of its little-endian form if dt
// is big-endian.
func scalarOfDType(dt *ndarray.DType, v any) (*ndarray.Scalar, error) {
	if dt.ByteOrder() == ndarray.BigEndian {
		dt = dt.NewByteOrder(ndarray.LittleEndian)
	}
	a, err := ndarray.Zeros(dt)
	if err != nil {
		return nil, err
	}
	if err := a.SetAt(v); err != nil {
		return nil, err
	}
	data, err := a.Bytes()
	if err != nil {
		return nil, err
	}
	return ndarray.NewScalar(dt, data)
}

// ticks writes a datetime64 or timedelta64 scalar.
func (r *Reducers) ticks(kind ndarray.Kind, unit ndarray.DatetimeUnit, value int64) (any, error) {
	dt, err := ndarray.NewDType(ndarray.DTypeSpec{Kind: kind, ItemSize: 8,
		ByteOrder: ndarray.LittleEndian, Unit: unit})
	if err != nil {
		return nil, err
	}
	data := make([]byte, 8)
	for i := range data {
		data[i] = byte(value >> (8 * i))
	}
	return r.scalarBytes(dt, data)
}
