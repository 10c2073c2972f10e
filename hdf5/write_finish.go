package hdf5

import (
	"maps"
	"slices"
)

const (
	// superblockSize is the size of the superblock of version 0, with addresses of 8 bytes.
	superblockSize = 96
	// endOfFileAt is the offset in it of the end of the file.
	endOfFileAt = 40
	// localHeapHeader is the size of the header of a local heap, whose names are stored elsewhere.
	localHeapHeader = 32
)

// finish writes the object headers, the groups and the superblock.
func (w *Writer) finish() error {
	for _, n := range append(w.nodes, w.old.extended()...) {
		if n.data != nil {
			if err := n.data.finish(); err != nil {
				return err
			}
		}
	}
	// Groups and references hold the addresses of headers, so the addresses of all headers are
	// assigned before the first header is written.
	for _, n := range w.nodes {
		n.addr = w.out.reserve(w.header(n).size())
	}
	w.heap.finish()
	for _, n := range w.nodes {
		if n.children != nil {
			if err := w.writeGroup(n); err != nil {
				return err
			}
		}
	}
	for _, n := range w.nodes {
		h := w.header(n)
		w.out.set(n.addr, h.bytes(n.links))
	}
	if w.old != nil {
		if err := w.finishOld(); err != nil {
			return err
		}
	}
	w.heap.finish()
	w.out.align()
	if w.old == nil {
		w.out.set(0, w.superblock())
	} else {
		if err := w.setEndOfFile(); err != nil {
			return err
		}
	}
	return w.out.finish()
}

// header returns the messages of an object. Its size does not depend on the addresses in it, so it
// may be called before they are known.
func (w *Writer) header(n *node) *outHeader {
	h := &outHeader{}
	if n.children != nil {
		var b []byte
		b = wire.AppendUint64(b, n.tree)
		h.add(msgSymbolTable, 0, wire.AppendUint64(b, n.names))
	} else {
		n.data.messages(h)
	}
	for _, a := range n.attrs {
		h.add(msgAttribute, 0, a.message)
	}
	w.scaleMessages(h, n)
	return h
}

// superblock returns the superblock of version 0.
//
// Reference: HDF5 File Format Specification, II.A.
func (w *Writer) superblock() []byte {
	b := []byte(Signature)
	b = append(b, 0, 0, 0, 0, 0, 8, 8, 0)
	b = wire.AppendUint16(b, groupLeafK)
	b = wire.AppendUint16(b, groupInternalK)
	b = wire.AppendUint32(b, 0)         // flags
	b = wire.AppendUint64(b, 0)         // base address
	b = wire.AppendUint64(b, undefined) // free space
	b = wire.AppendUint64(b, w.out.end())
	b = wire.AppendUint64(b, undefined) // driver
	return w.appendSymbol(b, 0, child{node: w.root}, 0)
}

// appendSymbol appends a symbol table entry. name is the offset of the link's name in the local
// heap, and soft that of the target of a soft link.
//
// Reference: HDF5 File Format Specification, III.C.
func (w *Writer) appendSymbol(b []byte, name uint64, c child, soft uint32) []byte {
	const cachesGroup, cachesLink = 1, 2
	b = wire.AppendUint64(b, name)
	if c.node == nil {
		b = wire.AppendUint64(b, undefined)
		b = wire.AppendUint32(b, cachesLink)
		b = wire.AppendUint32(b, 0)
		b = wire.AppendUint32(b, soft)
		return appendZeros(b, 12)
	}
	b = wire.AppendUint64(b, c.node.addr)
	if c.node.children == nil || c.node.tree == 0 {
		return appendZeros(b, 24)
	}
	b = wire.AppendUint32(b, cachesGroup)
	b = wire.AppendUint32(b, 0)
	b = wire.AppendUint64(b, c.node.tree)
	return wire.AppendUint64(b, c.node.names)
}

// writeGroup writes a local heap with the names, symbol table nodes with the links in the order of
// the names, and the B-tree of the nodes.
//
// Reference: HDF5 File Format Specification, III.A.1, III.B, III.D.
func (w *Writer) writeGroup(n *node) error {
	names := slices.Sorted(maps.Keys(n.children))
	heap := make([]byte, 8) // the empty name, which is before all others
	places := make([]uint64, len(names))
	softs := make([]uint32, len(names))
	for i, name := range names {
		places[i] = uint64(len(heap))
		heap = appendPadded(heap, name)
	}
	for i, name := range names {
		if c := n.children[name]; c.node == nil {
			softs[i] = uint32(len(heap))
			heap = appendPadded(heap, c.soft)
			if int64(len(heap)) > 1<<32-1 {
				return errorf(ErrLimit, "a group with more than 4 GiB of names")
			}
		}
	}
	w.writeLocalHeap(n, heap)
	tree := treeWriter{
		out: &w.out, kind: treeGroups, keySize: 8, maxChildren: 2 * w.k.inner, rootAt: n.tree,
	}
	key := make([]byte, 8)
	for i := 0; i < len(names); i += 2 * w.k.leaf {
		count := min(2*w.k.leaf, len(names)-i)
		b := []byte{'S', 'N', 'O', 'D', symbolNodeVersion, 0}
		b = wire.AppendUint16(b, uint16(count))
		for j := i; j < i+count; j++ {
			b = w.appendSymbol(b, places[j], n.children[names[j]], softs[j])
		}
		b = appendZeros(b, symbolNodeHeader+2*w.k.leaf*symbolEntrySize-len(b))
		tree.add(key, w.out.add(b))
		// The key after a child is the child's last name.
		wire.PutUint64(key, places[i+count-1])
	}
	n.tree = tree.finish(key)
	return w.out.err
}

// writeLocalHeap writes the names of a group. The header of a group's heap in the old file stays in
// its place, and only the names move.
func (w *Writer) writeLocalHeap(n *node, data []byte) {
	const noFreeSpace = 1
	if n.names == 0 {
		n.names = w.out.reserve(localHeapHeader)
	}
	b := append([]byte("HEAP"), 0, 0, 0, 0)
	b = wire.AppendUint64(b, uint64(len(data)))
	b = wire.AppendUint64(b, noFreeSpace)
	b = wire.AppendUint64(b, w.out.add(data))
	w.out.set(n.names, b)
}
