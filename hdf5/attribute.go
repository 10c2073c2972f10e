package hdf5

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"github.com/unpkl/unpkl/ndarray"
)

// Attribute is a small named array that belongs to an object. It is safe for concurrent use. The
// zero value has no value, and its methods behave as those of a closed file.
type Attribute struct {
	o     *object
	name  string
	order int64 // of creation, or -1
	typ   *Datatype
	space *dataspace
	plan  *plan
	data  []byte // the elements in the file's form; aliases the file
	off   int64  // offset of the message in the file, for errors
}

// Name returns the attribute's name.
func (a *Attribute) Name() string { return a.name }

// Datatype returns the datatype of the elements in the file.
func (a *Attribute) Datatype() *Datatype { return a.typ }

// Shape returns the shape: empty for a scalar, and (0,) if there is no value at all. The dimensions
// of an array datatype are the last ones.
func (a *Attribute) Shape() []int {
	if a.o == nil {
		return []int{0}
	}
	shape, err := a.space.shape()
	if err != nil {
		return nil
	}
	return slices.Concat(shape, a.plan.subShape())
}

// DType returns the dtype of the elements; see [Dataset.DType].
func (a *Attribute) DType() *ndarray.DType {
	if a.o == nil {
		return nil
	}
	return a.plan.element()
}

// IsNull reports whether the attribute has a type and no value: h5py's Empty.
func (a *Attribute) IsNull() bool { return a.o == nil || a.space.null }

// Read returns the value as an array in memory of its own.
func (a *Attribute) Read() (*ndarray.Array, error) {
	if a.o == nil {
		return nil, (*File)(nil).enter()
	}
	if err := a.o.f.enter(); err != nil {
		return nil, err
	}
	defer a.o.f.leave()
	v, err := a.read()
	return v, withLocation(err, a.path(), a.off)
}

func (a *Attribute) path() string { return a.o.path + "@" + a.name }

func (a *Attribute) read() (*ndarray.Array, error) {
	shape, err := a.space.shape()
	if err != nil {
		return nil, err
	}
	n, _ := a.space.size()
	need := n * uint64(a.typ.Size)
	if n > maxInt/uint64(a.typ.Size) || need > uint64(len(a.data)) {
		return nil, malformed(a.off, "%d elements of %d bytes in %d bytes", n, a.typ.Size,
			len(a.data))
	}
	return a.plan.array(a.o.f, shape, bytes.Clone(a.data[:need]))
}

// Value returns the value of a scalar as a Go value of one of the types that ndarray.Array.At
// returns, the value of an array as an *ndarray.Array, and nil if there is no value.
func (a *Attribute) Value() (any, error) {
	if a.IsNull() {
		return nil, nil
	}
	v, err := a.Read()
	if err != nil {
		return nil, err
	}
	if v.NDim() == 0 {
		return v.At(), nil
	}
	return v, nil
}

// parseAttribute parses an attribute message.
//
// Reference: HDF5 File Format Specification, IV.A.2.m ("The Attribute Message").
func (o *object) parseAttribute(c *cursor) (*Attribute, error) {
	v := c.version("attribute", 1, 2, 3)
	flags := c.u8()
	if v == 1 {
		flags = 0
	}
	nameSize, typeSize, spaceSize := int(c.u16()), int(c.u16()), int(c.u16())
	if v == 3 {
		c.skip(1) // the character set, ASCII or UTF-8: a name is used as its bytes
	}
	part := func(n int) *cursor {
		start, pos := c.i, c.pos()
		b := c.take(n)
		if v == 1 {
			c.align(start, 8)
		}
		return o.f.cursorOver(b, pos)
	}
	name := part(nameSize)
	typ, space := part(typeSize), part(spaceSize)
	a := &Attribute{o: o, name: untilNUL(name.b), order: -1, off: c.off}
	if c.err != nil {
		return nil, c.err
	}
	var err error
	if flags&1 != 0 {
		if typ, err = o.f.sharedBody(typ, msgDatatype); err != nil {
			return nil, err
		}
	}
	if flags&2 != 0 {
		if space, err = o.f.sharedBody(space, msgDataspace); err != nil {
			return nil, err
		}
	}
	if a.typ, err = parseDatatype(typ); err != nil {
		return nil, err
	}
	if a.space, err = parseDataspace(space); err != nil {
		return nil, err
	}
	if a.plan, err = newPlan(a.typ); err != nil {
		return nil, withLocation(err, o.path+"@"+a.name, typ.off)
	}
	a.data = c.take(c.left())
	return a, c.err
}

// Attrs iterates over the attributes in the order of creation if the object keeps it, else in the
// order of their names. All attributes are read before the first is yielded. An error comes with
// a nil attribute, after the attributes that can be read.
func (o *object) Attrs() iter.Seq2[*Attribute, error] {
	return func(yield func(*Attribute, error) bool) {
		attrs, err := o.attributes()
		for _, a := range attrs {
			if !yield(a, nil) {
				return
			}
		}
		if err != nil {
			yield(nil, err)
		}
	}
}

// attributes returns the attributes that can be read, and the first error.
func (o *object) attributes() ([]*Attribute, error) {
	if err := o.f.enter(); err != nil {
		return nil, err
	}
	defer o.f.leave()
	var attrs []*Attribute
	var first error
	ordered := true
	err := o.eachAttribute(func(a *Attribute, err error) error {
		if err != nil {
			first = cmp.Or(first, err)
			return nil
		}
		if int64(len(attrs)) == o.f.opts.members {
			return errorf(ErrLimit, "more than %d attributes", o.f.opts.members)
		}
		ordered = ordered && a.order >= 0
		attrs = append(attrs, a)
		return nil
	})
	slices.SortFunc(attrs, func(a, b *Attribute) int {
		if ordered {
			return cmp.Compare(a.order, b.order)
		}
		return cmp.Compare(a.name, b.name)
	})
	return attrs, withPath(cmp.Or(err, first), o.path)
}

// Attr returns the attribute with a name, or an error of the kind ErrNotFound.
func (o *object) Attr(name string) (*Attribute, error) {
	if err := o.f.enter(); err != nil {
		return nil, err
	}
	defer o.f.leave()
	a, err := o.attr(name)
	if err != nil {
		return nil, withPath(err, o.path)
	}
	if a == nil {
		return nil, &Error{Path: o.path, Offset: -1, Kind: ErrNotFound,
			Text: "no attribute " + name}
	}
	return a, nil
}

// attr returns the attribute with a name, or nil if there is none.
func (o *object) attr(name string) (found *Attribute, err error) {
	for i := range o.h.messages {
		m := &o.h.messages[i]
		if m.kind != msgAttribute {
			continue
		}
		// Other attributes that cannot be read are no error here.
		c, err := o.f.body(m)
		if err != nil {
			return nil, err
		}
		if attributeName(*c) != name {
			continue
		}
		return o.parseAttribute(c)
	}
	d, err := o.denseAttributes()
	if d == nil || err != nil {
		return nil, err
	}
	hash := checksum([]byte(name))
	err = d.tree.search(func(record []byte) (int, error) {
		c := &cursor{b: record, i: 8 + 1 + 4}
		if got := c.u32(); got != hash {
			return compare(got, hash), nil
		}
		c, err := d.body(record)
		if err != nil {
			return 0, err
		}
		order := cmp.Compare(attributeName(*c), name)
		if order == 0 {
			found, err = o.parseAttribute(c)
		}
		return order, err
	})
	return found, err
}

// attributeName returns the name in an attribute message.
func attributeName(c cursor) string {
	v := c.u8()
	c.skip(1)
	n := int(c.u16())
	c.skip(4)
	if v == 3 {
		c.skip(1)
	}
	return untilNUL(c.take(n))
}

// eachAttribute calls visit with every attribute, or with the error of reading it.
func (o *object) eachAttribute(visit func(*Attribute, error) error) error {
	for i := range o.h.messages {
		m := &o.h.messages[i]
		if m.kind != msgAttribute {
			continue
		}
		c, err := o.f.body(m)
		var a *Attribute
		if err == nil {
			a, err = o.parseAttribute(c)
		}
		if err == nil && o.h.version > 1 {
			a.order = int64(m.order)
		}
		if err := visit(a, err); err != nil {
			return err
		}
	}
	d, err := o.denseAttributes()
	if d == nil || err != nil {
		return err
	}
	return d.tree.each(nil, func(record []byte) error {
		c, err := d.body(record)
		var a *Attribute
		if err == nil {
			a, err = o.parseAttribute(c)
		}
		if err == nil && d.ordered {
			a.order = int64((&cursor{b: record, i: 8 + 1}).u32())
		}
		return visit(a, err)
	})
}

// denseAttributes is the storage of an object that keeps its attributes in a heap.
//
// Reference: HDF5 File Format Specification, IV.A.2.v ("The Attribute Info Message").
type denseAttributes struct {
	f       *File
	heap    *fractalHeap
	tree    *btree2
	ordered bool
}

// denseAttributes returns the dense storage, or nil if the object has none.
func (o *object) denseAttributes() (*denseAttributes, error) {
	m := o.h.find(msgAttributeInfo)
	if m == nil {
		return nil, nil
	}
	c := o.f.cursorOver(m.data, m.off)
	c.version("attribute info", 0)
	d := &denseAttributes{f: o.f, ordered: c.u8()&1 != 0}
	if d.ordered {
		c.skip(2)
	}
	heap, tree := c.addr(), c.addr()
	if c.err != nil || heap == undefined {
		return nil, c.err
	}
	var err error
	if d.heap, err = o.f.fractalHeap(heap); err != nil {
		return nil, err
	}
	d.tree, err = o.f.btree2(tree)
	if err == nil && (d.tree.kind != 8 || d.tree.recordSize < 8+1+4+4) {
		err = malformed(d.tree.off, "a B-tree of the type %d for attributes", d.tree.kind)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// body returns the message of a record, which holds an ID in the object's heap or in the heap of
// shared messages.
func (d *denseAttributes) body(record []byte) (*cursor, error) {
	if record[8]&flagShared != 0 {
		return d.f.fromTable(record[:8], msgAttribute, d.tree.off)
	}
	b, off, err := d.heap.object(record[:8])
	if err != nil {
		return nil, err
	}
	return d.f.cursorOver(b, off), nil
}
