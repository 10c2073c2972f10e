package hdf5

import (
	"cmp"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// OpenFile begins a new version of the file at the path, with its content and what the methods of
// the Writer add: objects in groups, attributes of objects (or new values of attributes), links to
// objects, and rows of datasets with [Writer.Extend]. The file is copied, without reading its data
// if the system can do that. As with Create, the old file stays until Close.
//
// Files of every libver, "earliest" to "latest", can be added to. New objects are written as Create
// writes them. If an object with a header of version 2 changes, its header is rewritten with all
// its attributes and links. Its old heap and B-tree become unused bytes; a group of more than 512
// links whose order is not kept gets a symbol table; and a dataset that gets rows has its chunks in
// a B-tree of version 1 afterwards, whatever index it had.
//
// It is an error of the kind ErrUnsupported if the file has a user block, a superblock of version
// 1, pages or a list of free space, if it is marked as being written by another process, or if an
// attribute is set on an object with other attributes of more than 64 KiB. Errors in the file are
// those of Open. Soft links are not followed. Dimension scales can be attached only to datasets
// that this Writer wrote.
func OpenFile(path string, opts *WriteOptions) (*Writer, error) {
	old, err := Open(path, nil)
	if err != nil {
		return nil, err
	}
	w, err := openOld(path, old, opts)
	if err != nil {
		_ = old.Close()
		return nil, err
	}
	return w, nil
}

// oldFile is the file that is added to.
type oldFile struct {
	f *File
	// nodes are the objects that were used so far, by the addresses of their headers.
	nodes map[uint64]*node
}

// oldNode is an object of the old file.
type oldNode struct {
	loaded bool // header, and the links of a group, were read
	header *header
	// group says that it is a group with a symbol table; changed says that links were added.
	group, changed bool
	// foreign says that a group has links that a symbol table cannot hold.
	foreign bool
	// added are the names of new links, in the order in which they were added.
	added []string
	// dense are the attributes from the heap; they are read if denseRead is set.
	dense     []message
	denseRead bool
	// rows is set by Extend.
	rows *oldRows
}

func (o *oldFile) close() {
	if o != nil {
		_ = o.f.Close()
	}
}

// extended returns the datasets that get rows.
func (o *oldFile) extended() []*node {
	if o == nil {
		return nil
	}
	var nodes []*node
	for _, n := range o.sorted() {
		if n.data != nil {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// sorted returns the objects that were used in the order of their addresses, so that the same
// additions give the same bytes.
func (o *oldFile) sorted() []*node {
	return slices.SortedFunc(maps.Values(o.nodes), func(a, b *node) int {
		return cmp.Compare(a.addr, b.addr)
	})
}

func openOld(path string, old *File, opts *WriteOptions) (*Writer, error) {
	k, err := checkAppendable(old)
	if err != nil {
		return nil, err
	}
	f, size, err := copyFile(path)
	if err != nil {
		return nil, err
	}
	w := newWriter(path, f, opts)
	w.k = k
	w.out.written = size
	w.old = &oldFile{f: old, nodes: map[uint64]*node{}}
	w.root = w.oldNode(old.sb.root)
	if err := w.load(w.root); err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, err
	}
	return w, nil
}

// copyFile copies the file to a temporary file in the same folder.
func copyFile(path string) (*os.File, int64, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer in.Close()
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(f, in)
	if err != nil {
		_ = f.Close()
		_ = os.Remove(f.Name())
		return nil, 0, err
	}
	return f, n, nil
}

// oldNode returns the node of the object at an address. All links to an object share one node.
func (w *Writer) oldNode(addr uint64) *node {
	n := w.old.nodes[addr]
	if n == nil {
		n = &node{addr: addr, old: &oldNode{}}
		w.old.nodes[addr] = n
	}
	return n
}

// load reads the header of an object of the old file, and the links of a group.
func (w *Writer) load(n *node) error {
	if n.old == nil || n.old.loaded {
		return nil
	}
	o, err := w.old.f.object(n.addr, "")
	if err != nil {
		return err
	}
	n.old.loaded = true
	g, ok := o.(*Group)
	if !ok {
		n.old.header, err = w.old.f.header(n.addr)
		return err
	}
	n.old.header = g.h
	links, err := g.all()
	if err != nil {
		return err
	}
	n.children = make(map[string]child, len(links))
	for _, l := range links {
		switch l.Kind {
		case LinkHard:
			n.children[l.Name] = child{node: w.oldNode(l.addr)}
		case LinkSoft:
			n.children[l.Name] = child{soft: l.Target}
		default:
			n.children[l.Name] = child{soft: l.Target}
			n.old.foreign = true
		}
	}
	return w.loadTree(n)
}

// loadTree sets the addresses of a group's B-tree and local heap. They must not change, because
// other parts of the file refer to them.
func (w *Writer) loadTree(n *node) error {
	m := n.old.header.find(msgSymbolTable)
	if m == nil {
		return nil
	}
	if len(m.data) < 16 {
		return malformed(m.off, "a symbol table message of %d bytes", len(m.data))
	}
	n.tree, n.names = wire.Uint64(m.data), wire.Uint64(m.data[8:])
	tree := treeWriter{keySize: 8, maxChildren: 2 * w.k.inner}
	if err := w.old.f.src.check(n.tree, uint64(tree.nodeSize())); err != nil {
		return err
	}
	n.old.group = true
	return w.old.f.src.check(n.names, localHeapHeader)
}

// canAddLink returns an error unless a link with the given name can be added to a group.
func (w *Writer) canAddLink(n *node, name string) error {
	const most = 32 << 10
	if n.old == nil || n.old.header.version == 1 && n.old.group {
		return nil
	}
	if n.old.header.version == 1 {
		return errorf(ErrUnsupported, "a group of the newer kind with a header of the older one "+
			"cannot be added to")
	}
	if len(name) > most {
		return errorf(ErrUnsupported, "a name of %d bytes", len(name))
	}
	return w.canChangeHeader(n)
}

// canChangeHeader returns an error unless the header of an object can be changed.
func (w *Writer) canChangeHeader(n *node) error {
	if n.old == nil || n.old.header.version == 1 {
		return nil
	}
	_, err := w.readHeaderV2(n.old.header)
	return err
}

// addLink adds a link to a group.
func (n *node) addLink(name string, c child) {
	n.children[name] = c
	if n.old != nil {
		n.old.added = append(n.old.added, name)
	}
}

// markChanged marks a group whose links change.
func (w *Writer) markChanged(n *node) {
	if n.old != nil {
		n.old.changed = true
	}
}

// finishOld writes the changes of the objects of the old file.
func (w *Writer) finishOld() error {
	for _, n := range w.old.sorted() {
		if err := w.finishOldNode(n); err != nil {
			return err
		}
	}
	return w.out.err
}

func (w *Writer) finishOldNode(n *node) error {
	if n.old.changed && n.old.group {
		if err := w.writeGroup(n); err != nil {
			return err
		}
	}
	if n.old.loaded && n.old.header.version > 1 {
		if n.old.changed && !n.old.group || n.attrs != nil || n.links > 0 || n.old.rows != nil {
			return w.rewriteHeader(n)
		}
		return nil
	}
	if n.attrs != nil || n.links > 0 {
		if err := w.patchHeader(n); err != nil {
			return err
		}
	}
	if n.old.rows != nil {
		return w.finishRows(n)
	}
	return nil
}

// oldRows has the offsets in the file of a dataset's first dimension and of the address of its
// B-tree.
type oldRows struct {
	shapeAt, treeAt int64
}

// Extend returns an Appender that adds rows to a dataset of the file that [OpenFile] opened. The
// dataset must be chunked, may grow along its first axis, and has filters and a dtype that this
// package writes: such datasets are those of Appendable, of h5py with maxshape=(None, ...) and of
// PyTables' EArray. Other datasets are an error of the kind ErrUnsupported. If there is no dataset
// of the old file at the path, the error is of the kind ErrNotFound.
func (w *Writer) Extend(path string) (*Appender, error) {
	n, err := w.find(path)
	if err != nil {
		return nil, err
	}
	if n.old == nil || n.children != nil {
		return nil, withPath(errorf(ErrNotFound, "no dataset of the old file"), path)
	}
	o, err := w.old.f.object(n.addr, path)
	if err != nil {
		return nil, err
	}
	d, ok := o.(*Dataset)
	if !ok {
		return nil, withPath(errorf(ErrNotFound, "no dataset of the old file"), path)
	}
	if n.data != nil {
		return nil, withPath(errorf(ErrExists, "it is being extended already"), path)
	}
	p, err := w.extend(n, d)
	if err != nil {
		return nil, withPath(err, path)
	}
	p.path = path
	return p, nil
}

// extend checks whether rows can be added to the dataset, and takes over its chunks.
func (w *Writer) extend(n *node, d *Dataset) (*Appender, error) {
	l := d.layout
	shape, limit := d.Shape(), d.MaxShape()
	if l.class != layoutChunked || d.h.version == 1 && l.index != indexBTree1 ||
		len(d.plan.dims) > 0 || uint64(d.chunkSize) > MaxChunk {
		return nil, errorf(ErrUnsupported, "a dataset that is not stored in chunks")
	}
	if err := w.canChangeHeader(n); err != nil {
		return nil, err
	}
	if len(limit) == 0 || limit[0] != Unlimited && limit[0] <= shape[0] {
		return nil, errorf(ErrUnsupported, "a dataset that does not grow along its first axis")
	}
	t, err := newFileType(d.DType())
	if err != nil {
		return nil, err
	}
	if err := sameType(t, d); err != nil {
		return nil, err
	}
	rows := &oldRows{}
	if rows.shapeAt, rows.treeAt, err = w.growOffsets(d.h); err != nil {
		return nil, err
	}
	data := &outDataset{w: w, typ: t, shape: shape, limit: limit, filters: d.filters}
	chunk := make([]int, len(l.chunk))
	for i, c := range l.chunk {
		chunk[i] = int(c)
	}
	data.chunk = chunk
	if data.chunks, err = oldChunks(w, d, chunk, t.size); err != nil {
		return nil, err
	}
	p := &Appender{w: w, data: data, dtype: d.DType(), row: shape[1:]}
	p.rows = shape[0] / chunk[0] * chunk[0]
	if err := p.readLastBand(d, shape[0]-p.rows); err != nil {
		return nil, err
	}
	data.appender = p
	n.data, n.old.rows = data, rows
	return p, nil
}

// sameType returns an error unless elements of the file type have the same bytes as the dataset's.
func sameType(t *fileType, d *Dataset) error {
	c := &cursor{b: t.message, sizeOffset: 8, sizeLength: 8}
	typ, err := parseDatatype(c)
	if err != nil {
		return err
	}
	if !sameDatatype(typ, d.typ, 0) {
		return errorf(ErrUnsupported, "elements unlike those that %v is stored as", d.DType())
	}
	return nil
}

// sameDatatype compares the parts of datatypes that determine the bytes of elements.
func sameDatatype(a, b *Datatype, depth int) bool {
	if (a == nil) != (b == nil) || depth > maxTypeDepth {
		return false
	}
	if a == nil {
		return true
	}
	if a.Class != b.Class || a.Size != b.Size || a.Order != b.Order || a.Signed != b.Signed ||
		a.BitOffset != b.BitOffset || a.Precision != b.Precision || a.Float != b.Float ||
		a.Text != b.Text || len(a.Members) != len(b.Members) || len(a.Dims) != len(b.Dims) {
		return false
	}
	for i := range a.Dims {
		if a.Dims[i] != b.Dims[i] {
			return false
		}
	}
	for i := range a.Members {
		x, y := &a.Members[i], &b.Members[i]
		if x.Name != y.Name || x.Offset != y.Offset || string(x.Value) != string(y.Value) ||
			!sameDatatype(x.Type, y.Type, depth+1) {
			return false
		}
	}
	return sameDatatype(a.Base, b.Base, depth+1)
}

// growOffsets returns the offsets of the first dimension in the dataspace message and of the
// address of the B-tree in the layout message. treeAt is 0 for a header of version 2, whose layout
// is replaced.
func (w *Writer) growOffsets(h *header) (shapeAt, treeAt int64, err error) {
	space, layout := h.find(msgDataspace), h.find(msgLayout)
	if space == nil || layout == nil || (space.flags|layout.flags)&flagShared != 0 {
		return 0, 0, errorf(ErrUnsupported, "a shape that stands elsewhere")
	}
	head := int64(8)
	if space.data[0] == 2 {
		head = 4
	}
	if h.version > 1 {
		return space.off + head, 0, nil
	}
	if layout.data[0] != layoutVersion {
		return 0, 0, errorf(ErrUnsupported, "a layout of version %d", layout.data[0])
	}
	return space.off + head, layout.off + 3, nil
}

// oldChunks returns a chunkWriter whose B-tree has the chunks of the old file, without those of an
// incomplete last row of chunks, which are written again. The new root takes the place of an old
// one; an index of another kind is replaced by the B-tree.
func oldChunks(w *Writer, d *Dataset, chunk []int, element int) (*chunkWriter, error) {
	c := newChunkWriter(w, chunk, element, d.filters)
	if len(d.fill) == element {
		c.fill = d.fill
	}
	if d.layout.addr == undefined {
		return c, nil
	}
	if d.h.version == 1 {
		c.tree.rootAt = d.layout.addr
		if err := w.old.f.src.check(c.tree.rootAt, uint64(c.tree.nodeSize())); err != nil {
			return nil, err
		}
	}
	chunks, err := d.chunksInOrder(uint64(d.Shape()[0] / chunk[0]))
	if err != nil {
		return nil, err
	}
	origin := make([]int, len(chunk))
	for _, j := range chunks {
		if j.ref.size > MaxChunk {
			return nil, malformed(d.layout.off, "a chunk of %d bytes", j.ref.size)
		}
		for i, x := range j.origin {
			origin[i] = int(x)
		}
		c.lastOrigin = append(c.lastOrigin[:0], origin...)
		c.tree.add(c.key(origin, 0, int(j.ref.size), j.ref.mask), j.ref.addr)
	}
	return c, nil
}

// chunksInOrder returns the stored chunks of the first rows of chunks, in C order. Chunks at the
// edges that were not filtered get a mask that says so.
func (d *Dataset) chunksInOrder(rows uint64) ([]chunkJob, error) {
	whole := selectAll(d.space.dims)
	if whole.size() == 0 {
		return nil, nil
	}
	axes := whole.axes(d.layout.chunk)
	var jobs []chunkJob
	err := d.eachChunk(axes, func(coord []uint64, ref chunkRef) error {
		if coord[0] >= rows || ref.addr == undefined {
			return nil
		}
		j := chunkJob{slices.Clone(coord), ref}
		for i, x := range coord {
			j.origin[i] = x * d.layout.chunk[i]
		}
		if !d.isFiltered(j) {
			j.ref.size = uint64(d.chunkSize)
			j.ref.mask = 1<<len(d.filters) - 1
		}
		jobs = append(jobs, j)
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(jobs, func(a, b chunkJob) int { return slices.Compare(a.origin, b.origin) })
	return jobs, nil
}

// readLastBand reads the rows of an incomplete last row of chunks into the buffer.
func (p *Appender) readLastBand(d *Dataset, rows int) error {
	if rows == 0 {
		return nil
	}
	start := make([]int, len(d.Shape()))
	count := append([]int(nil), d.Shape()...)
	start[0], count[0] = p.rows, rows
	a, err := d.Slice(start, count, nil)
	if err != nil {
		return err
	}
	if p.buf, err = appendElements(&p.w.heap, nil, p.data.typ, a); err != nil {
		return err
	}
	p.bufRows = rows
	return nil
}

// finishRows writes the new first dimension, and the address of the B-tree.
func (w *Writer) finishRows(n *node) error {
	rows := n.old.rows
	w.out.set(uint64(rows.shapeAt), wire.AppendUint64(nil, uint64(n.data.shape[0])))
	w.out.set(uint64(rows.treeAt), wire.AppendUint64(nil, n.data.addr))
	return w.out.err
}
