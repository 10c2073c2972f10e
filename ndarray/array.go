package ndarray

// An Array is an n-dimensional array of elements of one dtype: NumPy's ndarray. Several Arrays may
// be views of the same memory. Concurrent reads are safe as long as nothing writes.
type Array struct {
	dt   *DType // nil means noDType
	data []byte
	// pos is the byte position of the first element: its offset in data, or for a dtype with
	// objects itemsize times its index in ext.elems.
	pos int
	// dims holds the shape in the first half and the strides in the second half, for up to two
	// dimensions, so that most arrays take one allocation. For more dimensions they are in ext.
	dims  [4]int
	ext   *arrayExt
	set   func(a *Array, state any) error // not nil while pending
	ndim  uint8
	flags arrayFlags
}

// arrayFlags are properties of an array that are derived once.
type arrayFlags uint8

const (
	flagReadOnly arrayFlags = 1 << iota
	flagContiguousC
	flagContiguousF
)

// arrayExt has the fields that most arrays do not need.
type arrayExt struct {
	dims []int // the shape, then the strides, of more than two dimensions
	// elems has the elements of a dtype with objects. The element at byte position p has the index
	// p/itemsize there.
	elems *elements
	class string
	owner Owner
	small [8]int // memory for dims of three or four dimensions
	extra any    // see Extra
}

// An Owner lends memory to arrays and may take it back, such as a mapped file that can be closed.
type Owner interface {
	// Closed returns nil while the memory may be used, and then an error.
	Closed() error
}

// New returns an array over data, which must hold exactly the elements of the shape in the given
// order, C or F, in dt's byte order. The array is writeable and shares the memory of data. The
// error is of the kind ErrShape for a bad shape or number of bytes, and of the kind ErrDType for a
// dtype with objects, whose elements are not bytes. A subarray dtype adds its dimensions to the
// shape, as in NumPy.
func New(dt *DType, shape []int, order Order, data []byte) (*Array, error) {
	a := &Array{}
	if err := a.build(dt, shape, order, data); err != nil {
		return nil, err
	}
	return a, nil
}

// NewObjects returns an array of a dtype with objects: object, StringDType, or a structured dtype
// with such fields. elems has the elements in C order; order only determines the strides of the
// array. The array keeps elems.
//
// An element of an object array may be any value. An element of a StringDType is a string or the NA
// object. An element of a structured dtype is a []any with one value for each field: a []any for a
// structured field, an *Array of the field's shape or nested []any for a subarray field, and a
// Python or Go value for any other field.
func NewObjects(dt *DType, shape []int, order Order, elems []any) (*Array, error) {
	a := &Array{}
	if err := a.buildObjects(dt, shape, order, elementsOf(elems), len(elems)); err != nil {
		return nil, err
	}
	return a, nil
}

// Zeros returns a new array of zeros. The zero of object is None, that of StringDType is "".
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

// newPending implements NewArray of package internal/pending.
func newPending(class string, set func(a *Array, state any) error) *Array {
	a := &Array{dt: int8DType, set: set, ndim: 1, flags: flagContiguousC | flagContiguousF}
	a.dims[2] = 1
	if class != "" {
		a.ext = &arrayExt{class: class}
	}
	return a
}

// PySetState sets the state of a pending array; gopickle's machine calls it for the opcode BUILD.
// For any other array the error is of the kind ErrState, because there may already be views of its
// memory.
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

// setData sets a pending array to the result of New.
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

// setObjects sets a pending array to the result of NewObjects for n elements.
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

// mergeSubarray returns the element dtype of a subarray dtype, and the shape with its dimensions
// appended. Any other dtype is returned unchanged.
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

// build sets a, which is empty, for New.
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

// buildObjects sets a, which is empty, for NewObjects.
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

// extra returns a.ext, which it allocates if it is nil.
func (a *Array) extra() *arrayExt {
	if a.ext == nil {
		a.ext = &arrayExt{}
	}
	return a.ext
}

// layOut sets the shape, strides and contiguity flags. The shape must have been checked.
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

// makeDims sets the number of dimensions, and returns the memory for the shape and strides.
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

// setFlags sets the contiguity flags.
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

// Shape returns the number of elements along each axis. The caller must not change the slice.
func (a *Array) Shape() []int {
	n := int(a.ndim)
	if n <= 2 {
		return a.dims[:n:n]
	}
	return a.ext.dims[:n:n]
}

// Strides returns the step, in bytes, from one element to the next along each axis. A stride may be
// zero or negative. The caller must not change the slice. The strides of an array of objects are
// those that NumPy would have, with 8 bytes for each object.
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

// NBytes returns Size times ItemSize, as NumPy's nbytes does. The memory that a view spans may be
// smaller or larger.
func (a *Array) NBytes() int { return a.Size() * a.DType().itemsize }

// Order returns OrderF if the array is F-contiguous and not C-contiguous, and OrderC otherwise.
// This is the order in which a pickle or an .npy file stores the array.
func (a *Array) Order() Order {
	if a.flags&(flagContiguousC|flagContiguousF) == flagContiguousF {
		return OrderF
	}
	return OrderC
}

// IsCContiguous reports whether the elements are adjacent in memory, in C order.
func (a *Array) IsCContiguous() bool { return a.flags&flagContiguousC != 0 }

// IsFContiguous reports whether the elements are adjacent in memory, in F order.
func (a *Array) IsFContiguous() bool { return a.flags&flagContiguousF != 0 }

// Writeable reports whether SetAt may change elements. After a load it has the value that NumPy
// would give it. The function Slice returns the memory of an array in any case.
func (a *Array) Writeable() bool { return a.flags&flagReadOnly == 0 }

// SetWriteable sets what Writeable returns. Existing views are not affected.
func (a *Array) SetWriteable(w bool) {
	if a.flags &^= flagReadOnly; !w {
		a.flags |= flagReadOnly
	}
}

// Class returns the Python class of the array, such as "numpy.matrix", or "" for numpy.ndarray
// itself. Views have no class.
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

// Extra returns what SetExtra has set: what a subclass has beside the elements. It is nil for most
// arrays.
func (a *Array) Extra() any {
	if a.ext == nil {
		return nil
	}
	return a.ext.extra
}

// SetExtra sets what a subclass has beside the elements, such as the whole state that was in a
// pickle. This package does not use it. Views do not have it.
func (a *Array) SetExtra(extra any) { a.extra().extra = extra }

// SetOwner sets the owner of the memory. From then on every operation that reads or writes
// elements, of this array and of later views, asks the owner first. It fails with the owner's
// error, except that At panics with it. Slices that were taken from the array are not protected.
func (a *Array) SetOwner(o Owner) { a.extra().owner = o }

// alive returns the owner's error if the memory is gone.
func (a *Array) alive() error {
	if a.ext == nil || a.ext.owner == nil {
		return nil
	}
	if err := a.ext.owner.Closed(); err != nil {
		return &Error{Kind: err, Text: err.Error()}
	}
	return nil
}

// HasObject reports whether the elements are Go values rather than bytes, as [DType.HasObject]
// does.
func (a *Array) HasObject() bool { return a.DType().object }

// Objects returns the elements of an array of a dtype with objects, in C order. For other dtypes
// the error is of the kind ErrDType. If the array is C-contiguous, the slice is the memory of the
// array itself; otherwise it is a copy.
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
