package ndarray

// Array is an n-dimensional array of elements of one dtype: NumPy's ndarray. Several
// Arrays may be views of the same memory. Reading is safe for concurrent use as long as
// nothing writes.
type Array struct {
	dt   *DType
	data []byte
	// of the first element, in bytes from the start of data (or of the virtual memory of elems)
	pos int
	// dims holds the shape (first two) and the strides (last two) of up to two
	// dimensions; those of more are in ext. Most arrays then take one allocation.
	dims  [4]int
	ext   *arrayExt
	set   func(a *Array, state any) error // not nil while pending
	ndim  uint8
	flags arrayFlags
}

type arrayFlags uint8

const (
	flagReadOnly arrayFlags = 1 << iota
	flagContiguousC
	flagContiguousF
)

// arrayExt is what most arrays do not have.
type arrayExt struct {
	dims []int // shape, then strides, of more than two dimensions
	// elems are the elements of a dtype with objects. The one at byte position p
	// is elems[p/itemsize].
	elems *elements
	class string
	owner Owner
	small [8]int // memory for dims of up to four dimensions
	extra any    // see Extra
}

// Owner is who lends an array its memory and may take it back, such as a mapped file
// that can be closed.
type Owner interface {
	// Closed returns nil as long as the memory may be used, afterwards an error.
	Closed() error
}

// New returns an array over data, which must hold exactly the elements of the
// shape in the given order, C or F, in dt's byte order. The array aliases data; it is
// writeable. It fails with ErrShape for a bad shape or number of bytes, with
// ErrDType for a dtype with objects, whose elements are not bytes. A subarray dtype
// adds its dimensions to the shape, as in NumPy.
func New(dt *DType, shape []int, order Order, data []byte) (*Array, error) {
	a := &Array{}
	if err := a.build(dt, shape, order, data); err != nil {
		return nil, err
	}
	return a, nil
}

// NewObjects returns an array of a dtype with objects: object, StringDType, or structured
// with such fields. elems are its elements in C order, whatever the order; the
// order only says how Order and Strides describe the array. The array keeps elems.
//
// An element of an object array may be anything. One of a StringDType is a
// string or the NA object. One of a structured dtype is a []any with one
// value for each field, structured fields again as []any, subarray fields as *Array of the
// field's shape or nested []any, and others as Python or Go values.
func NewObjects(dt *DType, shape []int, order Order, elems []any) (*Array, error) {
	a := &Array{}
	if err := a.buildObjects(dt, shape, order, elementsOf(elems), len(elems)); err != nil {
		return nil, err
	}
	return a, nil
}

// Zeros returns a new array of zeros (None for objects, "" for StringDType).
func Zeros(dt *DType, shape ...int) (*Array, error) {
	full, elem, err := mergeSubarray(dt, shape)
	if err != nil {
		return nil, err
	}
	size, nbytes, err := checkShape(full, elem.itemsize)
	if err != nil {
		return nil, err
	}
	if !elem.object {
		return New(elem, full, OrderC, make([]byte, nbytes))
	}
	elems := make([]any, size)
	for i := range elems {
		elems[i] = zeroElement(elem)
	}
	return NewObjects(elem, full, OrderC, elems)
}

// newPending is NewArray of package internal/pending.
func newPending(class string, set func(a *Array, state any) error) *Array {
	a := &Array{dt: int8DType, set: set, ndim: 1, flags: flagContiguousC | flagContiguousF}
	a.dims[2] = 1
	if class != "" {
		a.ext = &arrayExt{class: class}
	}
	return a
}

// PySetState gives an array that unpickling made its state; it is how gopickle's machine carries
// out BUILD. Afterwards, and for any other array, it is an error of the kind ErrState: others may
// already hold views of the array's memory.
func (a *Array) PySetState(state any) error {
	if a.set == nil {
		return errorf(ErrState, "an array that is already set cannot be given a state")
	}
	if err := a.set(a, state); err != nil {
		return err
	}
	a.set = nil
	return nil
}

// setData sets a pending array as New makes one.
func (a *Array) setData(dt *DType, shape []int, order Order, data []byte) error {
	if a.set == nil {
		return errorf(ErrState, "an array that is already set cannot be changed")
	}
	b := Array{ext: a.ext}
	if err := b.build(dt, shape, order, data); err != nil {
		return err
	}
	*a = b
	return nil
}

// setObjects sets a pending array as NewObjects makes one of n elements.
func (a *Array) setObjects(dt *DType, shape []int, order Order, elems *elements, n int) error {
	if a.set == nil {
		return errorf(ErrState, "an array that is already set cannot be changed")
	}
	b := Array{ext: a.ext}
	if err := b.buildObjects(dt, shape, order, elems, n); err != nil {
		return err
	}
	*a = b
	return nil
}

// mergeSubarray moves the dimensions of a subarray dtype to the shape.
func mergeSubarray(dt *DType, shape []int) ([]int, *DType, error) {
	if dt == nil {
		return nil, nil, errorf(ErrDType, "no dtype")
	}
	dt.freeze()
	base, sub := dt.Subarray()
	if base == nil {
		return shape, dt, nil
	}
	if len(shape)+len(sub) > MaxDims {
		return nil, nil, errorf(ErrShape, "%d dimensions, at most %d allowed", len(shape)+len(sub),
			MaxDims)
	}
	return append(append(make([]int, 0, len(shape)+len(sub)), shape...), sub...), base, nil
}

func (a *Array) build(dt *DType, shape []int, order Order, data []byte) error {
	shape, dt, err := mergeSubarray(dt, shape)
	if err != nil {
		return err
	}
	if dt.object {
		return errorf(ErrDType, "an array of dtype %s cannot be made from raw bytes", dt.brief())
	}
	_, nbytes, err := checkShape(shape, dt.itemsize)
	if err != nil {
		return err
	}
	if len(data) != nbytes {
		return errorf(ErrShape, "%d bytes of data, but shape %s of dtype %s (itemsize %d) needs %d",
			len(data), shapeText(shape), dt.brief(), dt.itemsize, nbytes)
	}
	a.dt, a.data = dt, data
	return a.layOut(shape, order)
}

func (a *Array) buildObjects(dt *DType, shape []int, order Order, elems *elements, n int) error {
	shape, dt, err := mergeSubarray(dt, shape)
	if err != nil {
		return err
	}
	if !dt.object {
		return errorf(ErrDType, "an array of dtype %s is made from bytes, not from a list",
			dt.brief())
	}
	size, _, err := checkShape(shape, dt.itemsize)
	if err != nil {
		return err
	}
	if n != size {
		return errorf(ErrShape, "%d elements, but shape %s has %d", n, shapeText(shape), size)
	}
	if dt.kind != KindObject {
		for i, e := range elems.all() {
			if err := checkElement(dt, e); err != nil {
				return errorf(err.(*Error).Kind, "element %d: %s", i, err.(*Error).Text)
			}
		}
	}
	if dt.itemsize == 0 {
		return errorf(ErrDType, "dtype %s has objects but no bytes", dt.brief())
	}
	a.dt = dt
	if err := a.layOut(shape, order); err != nil {
		return err
	}
	a.extra().elems = elems
	if order == OrderF && a.flags&flagContiguousC == 0 {
		elems.arrange(a.Shape(), a.Strides(), dt.itemsize)
	}
	return nil
}

func (a *Array) extra() *arrayExt {
	if a.ext == nil {
		a.ext = &arrayExt{}
	}
	return a.ext
}

// layOut sets shape, strides and the contiguity flags; the shape was checked.
func (a *Array) layOut(shape []int, order Order) error {
	if order != OrderC && order != OrderF {
		return errorf(ErrShape, "order %q is neither 'C' nor 'F'", rune(order))
	}
	sh, st := a.makeDims(len(shape))
	copy(sh, shape)
	fillStrides(st, sh, a.DType().itemsize, order)
	a.setFlags()
	return nil
}

// makeDims makes room for n dimensions.
func (a *Array) makeDims(n int) (shape, strides []int) {
	a.ndim = uint8(n)
	if n > 2 {
		ext := a.extra()
		if ext.dims = ext.small[:]; n > 4 {
			ext.dims = make([]int, 2*n)
		}
	}
	return a.Shape(), a.Strides()
}

func (a *Array) setFlags() {
	a.flags &^= flagContiguousC | flagContiguousF
	shape, strides := a.Shape(), a.Strides()
	if contiguous(shape, strides, a.DType().itemsize, OrderC) {
		a.flags |= flagContiguousC
	}
	if contiguous(shape, strides, a.DType().itemsize, OrderF) {
		a.flags |= flagContiguousF
	}
}

// DType returns the dtype of the elements.
//
// The zero Array has one element of dtype V0, which has no bytes: numpy.zeros((), "V0").
func (a *Array) DType() *DType {
	if a.dt == nil {
		return noDType
	}
	return a.dt
}

// NDim returns the number of dimensions; a 0-d array has one element.
func (a *Array) NDim() int { return int(a.ndim) }

// Shape returns the number of elements along each axis. The caller must not change it.
func (a *Array) Shape() []int {
	n := int(a.ndim)
	if n <= 2 {
		return a.dims[:n:n]
	}
	return a.ext.dims[:n:n]
}

// Strides returns the step, in bytes, between neighbouring elements along each axis. An
// entry may be zero or negative. The caller must not change it. Arrays of objects have the
// strides that NumPy's would have, with 8 bytes for each object.
//
// Reference: NumPy glossary, "stride"; numpy/_core/src/multiarray/ctors.c.
func (a *Array) Strides() []int {
	n := int(a.ndim)
	if n <= 2 {
		return a.dims[2 : 2+n : 2+n]
	}
	return a.ext.dims[n : 2*n : 2*n]
}

// Size returns the number of elements.
func (a *Array) Size() int {
	size := 1
	for _, n := range a.Shape() {
		size *= n
	}
	return size
}

// NBytes returns Size times ItemSize, as NumPy's nbytes; a view may span less memory
// or more.
func (a *Array) NBytes() int { return a.Size() * a.DType().itemsize }

// Order returns OrderF if the array is F-contiguous and not C-contiguous, else OrderC: what
// a pickle of it or an .npy file says.
func (a *Array) Order() Order {
	if a.flags&(flagContiguousC|flagContiguousF) == flagContiguousF {
		return OrderF
	}
	return OrderC
}

// IsCContiguous reports whether the elements lie side by side in C order.
func (a *Array) IsCContiguous() bool { return a.flags&flagContiguousC != 0 }

// IsFContiguous reports whether the elements lie side by side in F order.
func (a *Array) IsFContiguous() bool { return a.flags&flagContiguousF != 0 }

// Writeable reports whether SetAt may change elements. It says what NumPy would say
// after loading; Slice gives the same memory either way.
func (a *Array) Writeable() bool { return a.flags&flagReadOnly == 0 }

// SetWriteable sets what Writeable reports. Views made before keep theirs.
func (a *Array) SetWriteable(w bool) {
	if a.flags &^= flagReadOnly; !w {
		a.flags |= flagReadOnly
	}
}

// Class returns the Python class if it is not numpy.ndarray itself, such as
// "numpy.matrix", else "". Views are plain.
func (a *Array) Class() string {
	if a.ext == nil {
		return ""
	}
	return a.ext.class
}

// SetClass sets what Class returns.
func (a *Array) SetClass(class string) {
	if class != "" || a.ext != nil {
		a.extra().class = class
	}
}

// Extra returns what a subclass keeps beside the elements, as SetExtra got it; nil
// for nearly every array.
func (a *Array) Extra() any {
	if a.ext == nil {
		return nil
	}
	return a.ext.extra
}

// SetExtra sets what a subclass keeps beside the elements: the whole state that the reader of
// a pickle found, for instance. This package only carries it; views do not have it.
func (a *Array) SetExtra(extra any) { a.extra().extra = extra }

// SetOwner says who may take the memory back. From then on everything that reads or
// writes elements, here and in views made later, first asks the owner, and
// fails with its error (At panics with it). Slices given out are not guarded.
func (a *Array) SetOwner(o Owner) { a.extra().owner = o }

// alive returns the owner's error once the memory is gone.
func (a *Array) alive() error {
	if a.ext == nil || a.ext.owner == nil {
		return nil
	}
	if err := a.ext.owner.Closed(); err != nil {
		return &Error{Kind: err, Text: err.Error()}
	}
	return nil
}

// HasObject reports whether the elements are Go values rather than bytes, as DType does.
func (a *Array) HasObject() bool { return a.DType().object }

// Objects returns the elements of an array of a dtype with objects in C order, or
// an error of the kind ErrDType. If the array is C-contiguous the slice is the array's
// own memory, else a new one.
func (a *Array) Objects() ([]any, error) {
	if !a.DType().object {
		return nil, errorf(ErrDType, "dtype %s has no objects", a.DType().brief())
	}
	size := a.Size()
	if size == 0 {
		return []any{}, nil
	}
	if a.IsCContiguous() {
		first := a.pos / a.DType().itemsize
		return a.ext.elems.all()[first : first+size : first+size], nil
	}
	out := make([]any, 0, size)
	elems := a.ext.elems.all()
	var s stepper
	for s.reset(a.Shape(), a.Strides(), a.pos, size); len(out) < size; s.next() {
		out = append(out, elems[s.pos/a.DType().itemsize])
	}
	return out, nil
}
