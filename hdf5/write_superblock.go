package hdf5

// Types of messages in a superblock's extension that concern additions to the file.
//
// Reference: HDF5 File Format Specification, II.D ("Superblock Extension").
const (
	msgTreeK      = 0x13
	msgDriver     = 0x14
	msgSpace      = 0x17
	msgCacheImage = 0x18
)

const (
	// newSuperblockSize is the size of the superblock of versions 2 and 3, with addresses of 8
	// bytes and the checksum.
	newSuperblockSize = 48
	// newFlagsAt and newEndOfFileAt are the offsets in it of the flags and of the end of the file.
	newFlagsAt     = 11
	newEndOfFileAt = 28
)

// checkAppendable returns an error unless the file can be added to, and the sizes of its B-trees'
// nodes.
func checkAppendable(old *File) (treeK, error) {
	sb := old.sb
	if sb.sizeOffset != 8 || sb.sizeLength != 8 || old.src.base != 0 {
		return treeK{}, errorf(ErrUnsupported, "a file with a user block, or addresses of %d "+
			"bytes, cannot be added to", sb.sizeOffset)
	}
	switch sb.version {
	case 0:
		b, err := old.src.bytes(16, 4)
		if err != nil {
			return treeK{}, err
		}
		k := treeK{sb.leafK, int(wire.Uint16(b[2:])), chunkInternalK}
		return k, k.check()
	case 1:
		// Its fields have other offsets; the library has not written this version for a long time.
		return treeK{}, errorf(ErrUnsupported, "a superblock of version 1 cannot be added to")
	}
	b, err := old.src.bytes(0, newSuperblockSize)
	if err != nil {
		return treeK{}, err
	}
	if b[newFlagsAt] != 0 {
		return treeK{}, errorf(ErrUnsupported, "a file that another process writes, or did not "+
			"close, cannot be added to")
	}
	return extensionK(old)
}

func (k treeK) check() error {
	if k.leaf == 0 || k.inner == 0 || k.chunk == 0 {
		return malformed(0, "nodes of no members")
	}
	return nil
}

// extensionK reads the superblock's extension. It refuses what additions would make wrong: a list
// of free space, pages that metadata must not cross, an image of the library's cache.
func extensionK(old *File) (treeK, error) {
	k := treeK{groupLeafK, groupInternalK, chunkInternalK}
	if old.sb.extension == undefined {
		return k, nil
	}
	h, err := old.header(old.sb.extension)
	if err != nil {
		return k, err
	}
	for i := range h.messages {
		m := &h.messages[i]
		c := old.cursorOver(m.data, m.off)
		switch m.kind {
		case msgTreeK:
			c.version("message about B-trees", 0)
			k.chunk, k.inner, k.leaf = int(c.u16()), int(c.u16()), int(c.u16())
		case msgSpace:
			const pages = 1 // the strategy of version 1; in version 0 it is a list of free space
			version, strategy := c.u8(), c.u8()
			if strategy == pages || version > 0 && c.u8() != 0 {
				return k, errorf(ErrUnsupported, "a file of pages, or with a list of its free "+
					"space, cannot be added to")
			}
		case msgDriver, msgCacheImage:
			return k, errorf(ErrUnsupported, "a file with a message of the type %d in its "+
				"superblock's extension cannot be added to", m.kind)
		}
		if c.err != nil {
			return k, c.err
		}
	}
	return k, k.check()
}

// setEndOfFile writes the new end of the file to the superblock.
func (w *Writer) setEndOfFile() error {
	end := wire.AppendUint64(nil, w.out.end())
	if w.old.f.sb.version < 2 {
		w.out.set(endOfFileAt, end)
		return nil
	}
	old, err := w.old.f.src.bytes(0, newSuperblockSize-4)
	if err != nil {
		return err
	}
	b := append([]byte(nil), old...)
	copy(b[newEndOfFileAt:], end)
	w.out.set(0, wire.AppendUint32(b, checksum(b)))
	return nil
}
