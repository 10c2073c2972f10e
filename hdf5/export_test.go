package hdf5

import (
	"bytes"
	"encoding/binary"
)

// DatatypeMessages returns the datatype messages of a file's datasets.
func DatatypeMessages(data []byte) (list [][]byte) {
	f, err := NewBytes(data, nil)
	if err != nil {
		return nil
	}
	for o, err := range f.Walk() {
		if d, ok := o.(*Dataset); ok && err == nil {
			if c, err := f.body(d.h.find(msgDatatype)); err == nil {
				list = append(list, c.b)
			}
		}
	}
	return list
}

// ParseDatatypeMessage parses a message, plans its dtype, and converts an element of zero bytes.
func ParseDatatypeMessage(b []byte) error {
	t, err := parseDatatype(&cursor{b: b, sizeOffset: 8, sizeLength: 8})
	if err != nil || t.Size > 1<<20 {
		return err
	}
	p, err := newPlan(t)
	if err != nil {
		return withPath(err, "/")
	}
	f := &File{sb: &superblock{sizeOffset: 8, sizeLength: 8}, opts: (*Options)(nil).withDefaults()}
	_, err = p.array(f, []int{1}, make([]byte, t.Size))
	return withPath(err, "/")
}

// FixChecksums corrects the checksums of the structures that it recognises, so that a fuzzer gets
// past the checks. It knows the lengths of structures that state them, and does not correct all.
func FixChecksums(data []byte) []byte {
	data = bytes.Clone(data)
	fix := func(from, to int) {
		if from >= 0 && from < to && to+4 <= len(data) {
			binary.LittleEndian.PutUint32(data[to:], checksum(data[from:to]))
		}
	}
	if len(data) > 48 && data[8] > 1 {
		fix(0, 44)
	}
	sizes := map[string]int{"FAHD": 24, "EAHD": 68, "BTHD": 34}
	for i := 0; i+16 < len(data); i++ {
		sig := string(data[i : i+4])
		if n, ok := sizes[sig]; ok {
			fix(i, i+n)
		}
		if sig == "OHDR" {
			flags := data[i+5]
			at := i + 6
			if flags&(1<<5) != 0 {
				at += 16
			}
			if flags&(1<<4) != 0 {
				at += 4
			}
			width := 1 << (flags & 3)
			if at+width > len(data) {
				continue
			}
			size := (&cursor{b: data, i: at}).uint(width)
			if size < uint64(len(data)) {
				fix(i, at+width+int(size))
			}
		}
	}
	return data
}

// ChunkIndexes returns the addresses and kinds of the indexes of a file's chunked datasets.
func ChunkIndexes(data []byte) (addrs []uint32, kinds []uint8) {
	f, err := NewBytes(data, nil)
	if err != nil {
		return nil, nil
	}
	for o, err := range f.Walk() {
		if d, ok := o.(*Dataset); ok && err == nil && d.layout.class == layoutChunked {
			addrs = append(addrs, uint32(d.layout.addr))
			kinds = append(kinds, uint8(d.layout.index))
		}
	}
	return addrs, kinds
}

// WalkChunkIndex walks the index at an address as that of datasets of several shapes.
func WalkChunkIndex(data []byte, addr uint32, kind uint8) (chunks int, err error) {
	f := &File{
		src: source{data: data, size: int64(len(data))},
		sb:  &superblock{sizeOffset: 8, sizeLength: 8}, opts: small(),
	}
	for _, filtered := range []bool{false, true} {
		d := &Dataset{
			object: object{f: f, path: "/", h: &header{}}, chunkSize: 24, typ: &Datatype{Size: 4},
			space: &dataspace{dims: []uint64{70, 50}, max: []uint64{undefined, 50}},
			layout: &layout{class: layoutChunked, addr: uint64(addr), index: indexKind(kind % 6),
				chunk: []uint64{3, 2}},
		}
		if filtered {
			d.space.max[0] = 70
		}
		e := d.eachChunk(selectAll(d.space.dims).axes(d.layout.chunk),
			func([]uint64, chunkRef) error {
				chunks++
				return nil
			})
		if e != nil {
			err = e
		}
	}
	return chunks, err
}

func small() options { return (&Options{Bytes: 1 << 20, Workers: 1}).withDefaults() }
