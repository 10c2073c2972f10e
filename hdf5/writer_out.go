package hdf5

import (
	"encoding/binary"
	"os"
)

// outBuffer is the size of the buffer for the end of the file, in bytes.
const outBuffer = 1 << 20

// outFile is a file that grows at its end. Space can be reserved in it and filled later. After an
// error, which it keeps, all methods do nothing.
type outFile struct {
	f     *os.File
	buf   []byte // the end of the file, from offset written on
	patch []byte // a pending write at offset patchAt, before written
	// written is the size of the file without buf.
	written, patchAt int64
	// noSync says not to wait until the file is on the disk.
	noSync bool
	err    error
}

// end returns the address of the end of the file.
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

// align pads the end to a multiple of 8, as the library does, and returns it.
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

// reserve appends n zeros at the next multiple of 8, which set overwrites later.
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

// set writes p to space that was reserved. Writes to consecutive addresses are combined to larger
// ones.
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

// finish writes all buffers and, unless noSync is set, waits until the file is on the disk.
func (o *outFile) finish() error {
	o.flush()
	o.flushPatch()
	if o.err == nil && !o.noSync {
		o.err = syncFile(o.f)
	}
	return o.err
}

// syncFile waits until a file is on the disk. Tests that write many small files replace it.
var syncFile = (*os.File).Sync

// wire is the byte order of HDF5's numbers.
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
