package hdf5

import (
	"iter"
	"path"
	"strings"
)

// Object is a *[Group], a *[Dataset] or a *[NamedType].
type Object interface {
	// Path returns the path by which the object was found; it may have others.
	Path() string
	// File returns the file that holds the object.
	File() *File
	// Address returns the address of the object: two objects of a file with the same address are
	// the same object.
	Address() uint64
	// Attr returns the attribute with a name.
	Attr(name string) (*Attribute, error)
	// Attrs iterates over the attributes.
	Attrs() iter.Seq2[*Attribute, error]
}

// object is the part that all objects have in common.
type object struct {
	f    *File
	path string
	h    *header
}

// Path returns the path by which the object was found, from the root of its file.
func (o *object) Path() string { return o.path }

// File returns the file that holds the object.
func (o *object) File() *File { return o.f }

// Address returns the object's address in its file, relative to the superblock.
func (o *object) Address() uint64 {
	if o.h == nil {
		return undefined
	}
	return o.h.addr
}

// NamedType is a datatype that is an object by itself: a committed datatype.
type NamedType struct {
	object
	typ *Datatype
}

// Datatype returns the datatype.
func (t *NamedType) Datatype() *Datatype { return t.typ }

// object reads the object at an address.
func (f *File) object(addr uint64, path string) (Object, error) {
	h, err := f.header(addr)
	if err != nil {
		return nil, withPath(err, path)
	}
	o := object{f, path, h}
	switch {
	case h.find(msgSymbolTable) != nil || h.find(msgLinkInfo) != nil:
		links, err := f.links(h)
		if err != nil {
			return nil, withPath(err, path)
		}
		return &Group{o, links}, nil
	case h.find(msgLayout) != nil:
		d, err := f.dataset(o)
		if err != nil {
			return nil, withLocation(err, path, f.src.offset(addr))
		}
		return d, nil
	case h.find(msgDatatype) != nil:
		t, err := f.datatype(h.find(msgDatatype))
		if err != nil {
			return nil, withPath(err, path)
		}
		return &NamedType{o, t}, nil
	}
	return nil, &Error{Path: path, Offset: f.src.offset(addr), Kind: ErrUnsupported,
		Text: "an object that is neither a group nor a dataset nor a datatype"}
}

// datatype parses a datatype message, which may be stored elsewhere.
func (f *File) datatype(m *message) (*Datatype, error) {
	c, err := f.body(m)
	if err != nil {
		return nil, err
	}
	return parseDatatype(c)
}

// maxHops bounds the soft and external links on one path, as HDF5's library does by default for
// external links.
const maxHops = 16

// Object returns the object at a path from the root. A path is names with "/" between them; empty
// names and "." are ignored. Up to 16 soft links on the way are followed, and external links if
// Options.External is set.
//
// If there is no object at the path, the error is of the kind ErrNotFound.
func (f *File) Object(path string) (Object, error) {
	if err := f.enter(); err != nil {
		return nil, err
	}
	defer f.leave()
	hops := maxHops
	return f.lookup(f.sb.root, "/", path, &hops)
}

// lookup returns the object at a path from a group.
func (f *File) lookup(from uint64, base, name string, hops *int) (Object, error) {
	if strings.HasPrefix(name, "/") {
		from, base = f.sb.root, "/"
	}
	o, err := f.object(from, base)
	if err != nil {
		return nil, err
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." {
			continue
		}
		g, ok := o.(*Group)
		if !ok {
			return nil, &Error{Path: o.Path(), Offset: -1, Kind: ErrNotFound,
				Text: "not a group, so that it has no member " + part}
		}
		if o, err = g.member(part, hops); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Root returns the root group.
func (f *File) Root() (*Group, error) { return f.Group("/") }

// Group returns the group at a path; see [File.Object]. If the object there is not a group, the
// error is of the kind ErrNotFound.
func (f *File) Group(path string) (*Group, error) { return as[*Group](f.Object(path)) }

// Dataset returns the dataset at a path; see [File.Object]. If the object there is not a dataset,
// the error is of the kind ErrNotFound.
func (f *File) Dataset(path string) (*Dataset, error) { return as[*Dataset](f.Object(path)) }

// as converts an object to a type; another type is an error of the kind ErrNotFound.
func as[T Object](o Object, err error) (T, error) {
	var zero T
	if err != nil {
		return zero, err
	}
	t, ok := o.(T)
	if !ok {
		what := "a datatype"
		switch o.(type) {
		case *Group:
			what = "a group"
		case *Dataset:
			what = "a dataset"
		}
		return zero, &Error{Path: o.Path(), Offset: -1, Kind: ErrNotFound,
			Text: what + ", which is not asked for"}
	}
	return t, nil
}

// join returns the path of a member of a group.
func join(group, name string) string {
	if strings.HasPrefix(name, "/") {
		return path.Clean(name)
	}
	return path.Join(group, name)
}
