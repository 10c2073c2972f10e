package hdf5

import (
	"cmp"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// OpenFile begins a new version of the file at the path: everything that is in it, and what is
// added by the methods of the Writer. Objects may be added to groups, attributes to objects and set
// anew, links to objects, and rows to datasets by [Writer.Extend]. The file is copied, without
// reading its data where the system can, and as with Create the old one stays until Close.
//
// Files of every libver are added to, "earliest" to "latest". What is new is written as Create
// writes it. Of an object with a header of version 2 that changes the header is written anew, with
// all its attributes and links, so that a group's or object's heap and B-tree are unused bytes
// afterwards, and a group of more than 512 links whose order is not kept has a symbol table; a
// dataset that gets rows has its chunks in a B-tree of version 1, whatever index it had.
//
// Files with a user block, a superblock of version 1, pages or a list of free space, and those that
// say that a process writes them, are an error of the kind ErrUnsupported, and so is setting
// an attribute of an object with others of more than 64 KiB; what is wrong with a file is the error
// that Open gives. A soft link is not followed. Dimension scales can be attached to datasets that
// this Writer wrote.
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
	// nodes are the objects that were met, by the addresses of their headers.
	nodes map[uint64]*node
}

// oldNode is what an object is in the file.
type oldNode struct {
	loaded bool
	header *header
	// group tells that it is a group of the kind that can be added to, changed that it was.
	group, changed bool
	// foreign tells that a group has links that a symbol table cannot hold.
	foreign bool
	// added are the names of links that are new, in the order in which they were made.
	added []string
	// dense are the attributes that were in a heap, once denseRead is set.
	dense     []message
	denseRead bool
	// rows is what Extend found, nil where it was not called.
	rows *oldRows
}

func (o *oldFile) close() {
	if o != nil {
		_ = o.f.Close()
	}
}

// extended are the datasets that get more rows.
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

// sorted are the objects that were met, in the order of the file, so that the same additions
// give the same bytes.
func (o *oldFile) sorted() []*node {
	return slices.SortedFunc(maps.Values(o.nodes), func(a, b *node) int {
		return cmp.Compare(a.addr, b.addr)
	})
}

func openOld(path string, old *File, opts *WriteOptions) (*Writer, error) {
	k, err := addable(old)
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

// copyFile copies the file to a temporary one beside it.
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

// oldNode is the object whose header is at an address: one node, however many links there are.
func (w *Writer) oldNode(addr uint64) *node {
	n := w.old.nodes[addr]
	if n == nil {
		n = &node{addr: addr, old: &oldNode{}}
		w.old.nodes[addr] = n
	}
	return n
}

// load reads what an object of the old file is, and of a group the links.
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

// loadTree finds the places of a group's B-tree and local heap, which stay what they are: other
// parts of the file know them too.
func (w *Writer) loadTree(n *node) error {
	m := n.old.header.find(msgSymbolTable)
	if m == nil {
		return nil
	}
	if len(m.data) < 16 {
		return malformed(m.off, "a symbol table message of %d bytes", len(m.data))
	}
	n.tree, n.names = wire.Uint64(m.data), wire.Uint64(m.data[8:])
	tree := treeWriter{keySize: 8, most: 2 * w.k.inner}
	if err := w.old.f.src.check(n.tree, uint64(tree.nodeSize())); err != nil {
		return err
	}
	n.old.group = true
	return w.old.f.src.check(n.names, localHeapHeader)
}

// canGrow tells whether a link of that name can be added to a group.
func (w *Writer) canGrow(n *node, name string) error {
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
	return w.canPatch(n)
}

// canPatch tells whether the header of an object can be changed.
func (w *Writer) canPatch(n *node) error {
	if n.old == nil || n.old.header.version == 1 {
		return nil
	}
	_, err := w.newHeader(n.old.header)
	return err
}

// put gives a group a link.
func (n *node) put(name string, c child) {
	n.children[name] = c
	if n.old != nil {
		n.old.added = append(n.old.added, name)
	}
}

// change marks a group whose links change.
func (w *Writer) change(n *node) {
	if n.old != nil {
		n.old.changed = true
	}
}

// finishOld writes what changed of the objects that were there.
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

// oldRows is where a dataset's shape and the place of its chunks stand in the file.
type oldRows struct {
	shapeAt, treeAt int64
}

// Extend returns an Appender that adds rows to a dataset of a file of [OpenFile]. The dataset
// is chunked and may grow along its first axis, has filters that this package applies, and elements
// of a dtype that it writes as they are in the file: what Appendable, h5py with maxshape=(None,
// ...) and PyTables' EArray write. Others are an error of the kind ErrUnsupported; a path where
// there is no dataset of the old file is one of the kind ErrNotFound.
func (w *Writer) Extend(path string) (*Appender, error) {
	n, err := w.find(path)
	if err != nil {
		return nil, err
	}
	if n.old == nil || n.children != nil {
		return nil, inPath(errorf(ErrNotFound, "no dataset of the old file"), path)
	}
	o, err := w.old.f.object(n.addr, path)
	if err != nil {
		return nil, err
	}
	d, ok := o.(*Dataset)
	if !ok {
		return nil, inPath(errorf(ErrNotFound, "no dataset of the old file"), path)
	}
	if n.data != nil {
		return nil, inPath(errorf(ErrExists, "it is being extended already"), path)
	}
	p, err := w.extend(n, d)
	if err != nil {
		return nil, inPath(err, path)
	}
	p.path = path
	return p, nil
}

// extend checks what the dataset is and takes over its chunks.
func (w *Writer) extend(n *node, d *Dataset) (*Appender, error) {
	l := d.layout
	shape, limit := d.Shape(), d.MaxShape()
	if l.class != layoutChunked || d.h.version == 1 && l.index != indexBTree1 ||
		len(d.plan.dims) > 0 || uint64(d.chunkSize) > MaxChunk {
		return nil, errorf(ErrUnsupported, "a dataset that is not stored in chunks")
	}
	if err := w.canPatch(n); err != nil {
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
	if rows.shapeAt, rows.treeAt, err = w.placesOf(d.h); err != nil {
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
	if err := p.takeOver(d, shape[0]-p.rows); err != nil {
		return nil, err
	}
	data.appender = p
	n.data, n.old.rows = data, rows
	return p, nil
}

// sameType tells whether the bytes of a dtype are those of the file.
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

// sameDatatype compares what matters to the bytes of elements.
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

// placesOf are the offsets of the first axis's size and of the address of the chunks' B-tree.
// A header of version 2 is written anew, with another layout.
func (w *Writer) placesOf(h *header) (shapeAt, treeAt int64, err error) {
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

// oldChunks begins a B-tree with the chunks that are in the file, but those of a last row of chunks
// that is not full, which come anew. Its root takes the old one's place where there is one; other
// indexes give way to the B-tree.
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
	place := make([]int, len(chunk))
	for _, j := range chunks {
		if j.ref.size > MaxChunk {
			return nil, malformed(d.layout.off, "a chunk of %d bytes", j.ref.size)
		}
		for i, x := range j.origin {
			place[i] = int(x)
		}
		c.last = append(c.last[:0], place...)
		c.tree.add(c.key(place, 0, int(j.ref.size), j.ref.mask), j.ref.addr)
	}
	return c, nil
}

// chunksInOrder lists the stored chunks of the first rows of chunks in C order. Those at the edges
// that did not go through the filters have a mask that says so of each filter.
func (d *Dataset) chunksInOrder(rows uint64) ([]job, error) {
	whole := everything(d.space.dims)
	if whole.size() == 0 {
		return nil, nil
	}
	axes := whole.axes(d.layout.chunk)
	var jobs []job
	err := d.eachChunk(axes, func(coord []uint64, ref chunkRef) error {
		if coord[0] >= rows || ref.addr == undefined {
			return nil
		}
		j := job{slices.Clone(coord), ref}
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
	slices.SortFunc(jobs, func(a, b job) int { return slices.Compare(a.origin, b.origin) })
	return jobs, nil
}

// takeOver reads the rows of a last row of chunks that is not full.
func (p *Appender) takeOver(d *Dataset, rows int) error {
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
	p.inBuf = rows
	return nil
}

// finishRows writes the dataset's new shape, and the place of its chunks where it had none.
func (w *Writer) finishRows(n *node) error {
	rows := n.old.rows
	w.out.set(uint64(rows.shapeAt), wire.AppendUint64(nil, uint64(n.data.shape[0])))
	w.out.set(uint64(rows.treeAt), wire.AppendUint64(nil, n.data.addr))
	return w.out.err
}
