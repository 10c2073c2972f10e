package hdf5

import (
	"math/bits"
	"slices"

	"github.com/unpkl/unpkl/internal/filter"
	"github.com/unpkl/unpkl/ndarray"
)

// Dataset is an array in the file. Its description is read when it is opened; [Dataset.Read],
// [Dataset.Slice] and [Dataset.Chunks] read the elements. It is safe for concurrent use. The zero
// value has no elements, and its methods behave as those of a closed file.
type Dataset struct {
	object
	typ       *Datatype
	space     *dataspace
	plan      *plan
	layout    *layout
	filters   []filter.Filter
	fill      []byte // the fill value in the file's form; nil: zeros
	external  []externalSlot
	chunkSize int // size of a decoded chunk in bytes
}

// Filter is a step of the pipeline through which chunks are written.
type Filter struct {
	// ID is the registered number of the filter: 1 is deflate, 2 shuffle, 3 Fletcher-32, 32001
	// Blosc.
	ID uint16
	// Name is the name in the file, often "".
	Name string
	// Optional says that chunks may have skipped the filter.
	Optional bool
	// Params are the parameters of the filter, such as the level of deflate.
	Params []uint32
}

// dataset parses the messages of a dataset's object header.
func (f *File) dataset(o object) (*Dataset, error) {
	d := &Dataset{object: o}
	space, typ := o.h.find(msgDataspace), o.h.find(msgDatatype)
	if space == nil || typ == nil {
		return nil, errorf(ErrMalformed, "a dataset without a dataspace or a datatype")
	}
	c, err := f.body(space)
	if err != nil {
		return nil, err
	}
	if d.space, err = parseDataspace(c); err != nil {
		return nil, err
	}
	if d.typ, err = f.datatype(typ); err != nil {
		return nil, err
	}
	if d.plan, err = newPlan(d.typ); err != nil {
		return nil, withLocation(err, o.path, typ.off)
	}
	if c, err = f.body(o.h.find(msgLayout)); err != nil {
		return nil, err
	}
	if d.layout, err = parseLayout(c); err != nil {
		return nil, err
	}
	if err := d.readOptional(); err != nil {
		return nil, err
	}
	return d, d.check()
}

// readOptional parses the messages that a dataset may lack.
func (d *Dataset) readOptional() error {
	m := d.h.find(msgFill)
	if m == nil {
		m = d.h.find(msgFillOld)
	}
	if m != nil {
		c, err := d.f.body(m)
		if err != nil {
			return err
		}
		if d.fill, err = parseFill(c, m.kind); err != nil {
			return err
		}
		if len(d.fill) != 0 && len(d.fill) != d.typ.Size {
			return malformed(m.off, "a fill value of %d bytes for elements of %d", len(d.fill),
				d.typ.Size)
		}
	}
	if m := d.h.find(msgFilters); m != nil {
		c, err := d.f.body(m)
		if err != nil {
			return err
		}
		if d.filters, err = parseFilters(c); err != nil {
			return err
		}
	}
	if m := d.h.find(msgExternal); m != nil {
		c, err := d.f.body(m)
		if err != nil {
			return err
		}
		if d.external, err = d.f.parseExternal(c); err != nil {
			return err
		}
	}
	return nil
}

// check returns an error if the layout does not fit the shape, and sets chunkSize.
func (d *Dataset) check() error {
	l := d.layout
	if l.class != layoutChunked {
		return nil
	}
	if len(l.chunk) != len(d.space.dims) {
		return malformed(l.off, "chunks of %d dimensions of a dataset of %d", len(l.chunk),
			len(d.space.dims))
	}
	size := uint64(d.typ.Size)
	for _, n := range l.chunk {
		hi, lo := bits.Mul64(size, n)
		if hi != 0 || lo > uint64(d.f.opts.chunkBytes) {
			return errorAt(l.off, ErrLimit,
				"chunks of %v elements of %d bytes, at most %d bytes allowed",
				l.chunk, d.typ.Size, d.f.opts.chunkBytes)
		}
		size = lo
	}
	d.chunkSize = int(size)
	return nil
}

// NDim returns the number of dimensions, which is the length of Shape.
func (d *Dataset) NDim() int {
	if d.space == nil {
		return 1
	}
	return len(d.space.dims) + len(d.plan.dims)
}

// Shape returns the number of elements in each dimension. It is empty for a scalar, and (0,) for a
// dataset without elements or shape; see [Dataset.IsNull]. The dimensions of an array datatype are
// the last ones. A dimension that does not fit an int of this machine is returned as the largest
// int.
func (d *Dataset) Shape() []int {
	if d.IsNull() {
		return []int{0}
	}
	return slices.Concat(clamp(d.space.dims), d.plan.dims)
}

// MaxShape returns the size to which each dimension may grow, or [Unlimited]. It has the dimensions
// of Shape.
func (d *Dataset) MaxShape() []int {
	if d.IsNull() {
		return []int{0}
	}
	most := d.space.max
	if most == nil {
		most = d.space.dims
	}
	shape := clamp(most)
	for i, n := range most {
		if n == undefined {
			shape[i] = Unlimited
		}
	}
	return slices.Concat(shape, d.plan.dims)
}

// clamp converts dimensions to ints, with the largest int for those that do not fit.
func clamp(dims []uint64) []int {
	shape := make([]int, len(dims))
	for i, n := range dims {
		shape[i] = int(min(n, maxInt))
	}
	return shape
}

// IsNull reports whether the dataset has a type and no value: h5py's Empty.
func (d *Dataset) IsNull() bool { return d.space == nil || d.space.null }

// DType returns the dtype of the arrays that [Dataset.Read] returns. It has the byte order of the
// file.
func (d *Dataset) DType() *ndarray.DType {
	if d.plan == nil {
		return nil
	}
	return d.plan.dt
}

// Datatype returns the datatype of the elements in the file.
func (d *Dataset) Datatype() *Datatype { return d.typ }

// ChunkShape returns the shape of the chunks, or nil if the dataset is not stored in chunks. It
// does not include the dimensions of an array datatype.
func (d *Dataset) ChunkShape() []int {
	if d.layout == nil || d.layout.class != layoutChunked {
		return nil
	}
	return clamp(d.layout.chunk)
}

// IsVirtual reports whether the dataset is virtual: its elements are stored in other datasets.
func (d *Dataset) IsVirtual() bool { return d.layout != nil && d.layout.class == layoutVirtual }

// ExternalFiles returns the names of the files that hold the data, as this file has them.
func (d *Dataset) ExternalFiles() []string {
	var names []string
	for _, s := range d.external {
		names = append(names, s.name)
	}
	return names
}

// Filters returns the pipeline of the chunks, in the order in which filters are applied on writing.
func (d *Dataset) Filters() []Filter {
	var list []Filter
	for _, x := range d.filters {
		list = append(list, Filter{x.ID, x.Name, x.Optional, slices.Clone(x.Params)})
	}
	return list
}

// FillValue returns the value of elements that were never written, as a 0-d array. It is zero
// unless the file has another.
func (d *Dataset) FillValue() (*ndarray.Array, error) {
	if err := d.f.enter(); err != nil {
		return nil, err
	}
	defer d.f.leave()
	b := make([]byte, d.typ.Size)
	copy(b, d.fill)
	a, err := d.plan.array(d.f, []int{}, b)
	return a, withPath(err, d.path)
}
