package hdf5

import (
	"encoding/binary"
	"os"
)

// outBuffer is how much of the file's end is kept in memory before it is written.
const outBuffer = 1 << 20

// outFile is a file that grows at its end, from which places are given out that are filled later.
// An error stays: everything after it does nothing.
type outFile struct {
	f     *os.File
	buf   []byte // what comes at written
	patch []byte // what comes at patchAt, before written
	// written is how far the file reaches without buf.
	written, patchAt int64
	// noSync tells that nobody waits for the disk.
	noSync bool
	err    error
}

// end is the address behind all that was written.
func (o *outFile) end() uint64 { return uint64(o.written) + uint64(len(o.buf)) }

// Write appends p. It makes an outFile an io.Writer for the arrays' data.
func (o *outFile) Write(p []byte) (int, error) {
	if o.err != nil {
		return 0, o.err
	}
	if len(o.buf)+len(p) > outBuffer {
		o.flush()
		if len(p) >= outBuffer && o.err == nil {
			o.writeFile(p, o.written)
			o.written += int64(len(p))
			return len(p), o.err
		}
	}
	o.buf = append(o.buf, p...)
	return len(p), o.err
}

// align makes the end a multiple of 8, as the library does.
func (o *outFile) align() uint64 {
	for o.end()%8 != 0 {
		o.buf = append(o.buf, 0)
	}
	return o.end()
}

// add appends p at the next multiple of 8 and returns its address.
func (o *outFile) add(p []byte) uint64 {
	addr := o.align()
	_, _ = o.Write(p) // the error stays in o
	return addr
}

// reserve appends n zeros at the next multiple of 8, which set fills later.
func (o *outFile) reserve(n int) uint64 {
	var zeros [4096]byte
	addr := o.align()
	for n > 0 {
		k := min(n, len(zeros))
		_, _ = o.Write(zeros[:k])
		n -= k
	}
	return addr
}

// set writes p to a place that reserve gave. What is set in the order of the file reaches it in
// large pieces.
func (o *outFile) set(addr uint64, p []byte) {
	if o.err != nil {
		return
	}
	if int64(addr) >= o.written {
		copy(o.buf[int64(addr)-o.written:], p)
		return
	}
	if int64(addr)+int64(len(p)) > o.written {
		o.flush()
	}
	if int64(addr) != o.patchAt+int64(len(o.patch)) || len(o.patch) > outBuffer {
		o.flushPatch()
		o.patchAt = int64(addr)
	}
	o.patch = append(o.patch, p...)
}

func (o *outFile) flushPatch() {
	if len(o.patch) > 0 {
		o.writeFile(o.patch, o.patchAt)
		o.patch = o.patch[:0]
	}
}

func (o *outFile) flush() {
	if len(o.buf) > 0 {
		o.writeFile(o.buf, o.written)
		o.written += int64(len(o.buf))
		o.buf = o.buf[:0]
	}
}

func (o *outFile) writeFile(p []byte, at int64) {
	if o.err == nil {
		_, o.err = o.f.WriteAt(p, at)
	}
}

// finish writes all that is left and, if it is to, waits until the disk has it.
func (o *outFile) finish() error {
	o.flush()
	o.flushPatch()
	if o.err == nil && !o.noSync {
		o.err = syncFile(o.f)
	}
	return o.err
}

// syncFile waits until the disk has a file; tests of many small files do without.
var syncFile = (*os.File).Sync

// The file's numbers are little-endian.
var wire = binary.LittleEndian

// appendZeros appends n zeros.
func appendZeros(b []byte, n int) []byte {
	for range n {
		b = append(b, 0)
	}
	return b
}

// appendPadded appends a NUL-terminated name, padded to a multiple of 8.
func appendPadded(b []byte, name string) []byte {
	b = append(b, name...)
	return appendZeros(b, 8-len(name)%8)
}

// padTo8 pads what was appended since from to a multiple of 8.
func padTo8(b []byte, from int) []byte {
	return appendZeros(b, (8-(len(b)-from)%8)%8)
}
