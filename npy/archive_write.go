package npy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"unicode/utf8"

	"github.com/klauspost/compress/flate"

	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/ndarray"
)

// An ArchiveWriter writes an .npz as numpy.savez or numpy.savez_compressed does. All members are
// dated 1980-01-01, so the same arrays always give the same bytes. Without compression they are the
// bytes that NumPy on Python 3.12 or later writes. The writer is never asked to seek, except by
// AddFrom. An ArchiveWriter is not safe for concurrent use. The zero value has no writer, so its
// methods return an error.
//
// Reference: numpy/lib/npyio.py, _savez; zipfile.py, ZipFile.open with force_zip64.
type ArchiveWriter struct {
	w       io.Writer
	opts    WriteOptions
	offset  int64 // number of bytes written
	members []zipMember
	names   map[string]bool // of the members
	err     error           // of an incomplete write, after which nothing can be added
}

// zipMember is the directory entry of a member. Sizes are in bytes.
type zipMember struct {
	name                         string
	offset, size, compressedSize int64
	crc                          uint32
}

// NewArchiveWriter returns a writer of an .npz to w. Close completes the archive and does not close
// w.
func NewArchiveWriter(w io.Writer, opts *WriteOptions) *ArchiveWriter {
	z := &ArchiveWriter{w: w, names: map[string]bool{}}
	if opts != nil {
		z.opts = *opts
	}
	return z
}

// ready returns the error that prevents writing, or nil.
func (z *ArchiveWriter) ready() error {
	if z.w == nil && z.err == nil {
		z.err = errors.New("npy: an ArchiveWriter without a writer")
	}
	return z.err
}

// Add writes an array as the member name + ".npy". NumPy writes named arrays first, and then arr_0,
// arr_1 and so on. It is an error if the name is empty, was added before, is not valid UTF-8, or
// leads out of a folder.
//
// A stored array is read twice, the first time for its checksum, and not copied. A deflated array,
// or one of objects, is first written to memory.
func (z *ArchiveWriter) Add(name string, a *ndarray.Array) error {
	m, err := z.begin(name)
	if err != nil {
		return err
	}
	content := func(w io.Writer) error { return Write(w, a, &z.opts) }
	if z.opts.Compress || a.DType().HasObject() {
		var buf bytes.Buffer
		if err := z.pack(&buf, &m, content); err != nil {
			return err
		}
		content = func(w io.Writer) error {
			_, err := w.Write(buf.Bytes())
			return err
		}
	} else {
		sum := checksum{}
		if err := content(&sum); err != nil {
			return err
		}
		m.size, m.compressedSize, m.crc = sum.n, sum.n, sum.crc
	}
	return z.write(m, content)
}

// begin checks the name of a new member.
func (z *ArchiveWriter) begin(name string) (m zipMember, err error) {
	if err := z.ready(); err != nil {
		return m, err
	}
	if err := zipfile.CheckName(name); err != nil {
		return m, err
	}
	if len(name) > maxName || !utf8.ValidString(name) {
		return m, malformed("member name %q", name)
	}
	if z.names[name] {
		return m, malformed("a member %q was added before", name)
	}
	z.names[name] = true
	return zipMember{name: name + ".npy", offset: z.offset}, nil
}

// pack writes the content of a member to buf in its final form, and sets the sizes and checksum of
// m.
func (z *ArchiveWriter) pack(buf *bytes.Buffer, m *zipMember, content func(io.Writer) error) error {
	var sum checksum
	if !z.opts.Compress {
		if err := content(io.MultiWriter(buf, &sum)); err != nil {
			return err
		}
	} else {
		fw, err := flate.NewWriter(buf, flate.DefaultCompression)
		if err != nil {
			return err
		}
		if err := content(io.MultiWriter(fw, &sum)); err != nil {
			return err
		}
		if err := fw.Close(); err != nil {
			return err
		}
	}
	m.size, m.crc, m.compressedSize = sum.n, sum.crc, int64(buf.Len())
	return nil
}

// write writes the local header and the content of a member. After an error the member is
// incomplete, so nothing more can be written.
func (z *ArchiveWriter) write(m zipMember, content func(io.Writer) error) error {
	head := z.localHeader(m)
	if _, z.err = z.w.Write(head); z.err != nil {
		return z.err
	}
	sum := checksum{}
	if z.err = content(io.MultiWriter(z.w, &sum)); z.err == nil && sum.n != m.compressedSize {
		z.err = malformed("member %q changed while it was written", m.name)
	}
	z.offset += int64(len(head)) + sum.n
	z.members = append(z.members, m)
	return z.err
}

// checksum counts the bytes written to it and computes their CRC-32.
type checksum struct {
	n   int64
	crc uint32
}

func (c *checksum) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	c.crc = crc32.Update(c.crc, crc32.IEEETable, p)
	return len(p), nil
}

// Constants of the zip format, see PKWARE's APPNOTE.
const (
	sigLocal       = 0x04034b50
	sigCentral     = 0x02014b50
	sigEnd         = 0x06054b50
	sigEnd64       = 0x06064b50
	sigEnd64Loc    = 0x07064b50
	version64      = 45
	madeByUnix     = 3
	flagUTF8       = 0x800
	methodStored   = 0
	methodDeflated = 8
	dosDate1980    = 1<<5 | 1 // 1980-01-01
	modeOwnerRW    = 0o600 << 16
	extraZip64     = 1
)

// maxName is the largest length of a name in bytes: 16 bits, less the ending .npy.
const maxName = 1<<16 - 1 - len(".npy")

var le = binary.LittleEndian

// common appends the fields that a local header and a directory entry have in common.
func (z *ArchiveWriter) common(b []byte, m zipMember, compressedSize, size uint32,
	extra int) []byte {
	method, flags := uint16(methodStored), uint16(0)
	if z.opts.Compress {
		method = methodDeflated
	}
	for _, c := range []byte(m.name) {
		if c >= 0x80 {
			flags = flagUTF8
		}
	}
	b = le.AppendUint16(b, version64)
	b = le.AppendUint16(b, flags)
	b = le.AppendUint16(b, method)
	b = le.AppendUint16(b, 0) // midnight
	b = le.AppendUint16(b, dosDate1980)
	b = le.AppendUint32(b, m.crc)
	b = le.AppendUint32(b, compressedSize)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(m.name)))
	return le.AppendUint16(b, uint16(extra))
}

// localHeader returns a local header. It always has the sizes in a zip64 extra field, because NumPy
// uses force_zip64.
func (z *ArchiveWriter) localHeader(m zipMember) []byte {
	b := le.AppendUint32(nil, sigLocal)
	b = z.common(b, m, math.MaxUint32, math.MaxUint32, 20)
	b = append(b, m.name...)
	b = le.AppendUint16(b, extraZip64)
	b = le.AppendUint16(b, 16)
	b = le.AppendUint64(b, uint64(m.size))
	return le.AppendUint64(b, uint64(m.compressedSize))
}

// zip64Limit is the size from which Python uses zip64, although the format needs it only from twice
// that size.
const zip64Limit = 1<<31 - 1

// centralHeader appends the directory entry of a member. It has a zip64 extra field only for values
// that need it.
func (z *ArchiveWriter) centralHeader(b []byte, m zipMember) []byte {
	var extra []byte
	size, compressedSize, offset := uint32(m.size), uint32(m.compressedSize), uint32(m.offset)
	if m.size > zip64Limit || m.compressedSize > zip64Limit {
		extra = le.AppendUint64(extra, uint64(m.size))
		extra = le.AppendUint64(extra, uint64(m.compressedSize))
		size, compressedSize = math.MaxUint32, math.MaxUint32
	}
	if m.offset > zip64Limit {
		extra = le.AppendUint64(extra, uint64(m.offset))
		offset = math.MaxUint32
	}
	if len(extra) > 0 {
		head := le.AppendUint16(nil, extraZip64)
		extra = append(le.AppendUint16(head, uint16(len(extra))), extra...)
	}
	b = le.AppendUint32(b, sigCentral)
	b = append(b, version64, madeByUnix)
	b = z.common(b, m, compressedSize, size, len(extra))
	b = le.AppendUint16(b, 0) // comment
	b = le.AppendUint16(b, 0) // disk
	b = le.AppendUint16(b, 0) // internal attributes
	b = le.AppendUint32(b, modeOwnerRW)
	b = le.AppendUint32(b, offset)
	return append(append(b, m.name...), extra...)
}

// Close writes the directory, which completes the archive. Adding or closing afterwards is an
// error.
func (z *ArchiveWriter) Close() error {
	if err := z.ready(); err != nil {
		return err
	}
	z.err = errArchiveClosed
	var b []byte
	for _, m := range z.members {
		b = z.centralHeader(b, m)
	}
	size, n := uint64(len(b)), uint64(len(z.members))
	if n > math.MaxUint16 || z.offset > zip64Limit || size > zip64Limit {
		end := uint64(z.offset) + size
		b = le.AppendUint32(b, sigEnd64)
		b = le.AppendUint64(b, 44) // of the rest of this record
		b = le.AppendUint16(b, version64)
		b = le.AppendUint16(b, version64)
		b = le.AppendUint32(b, 0) // disk
		b = le.AppendUint32(b, 0) // disk of the directory
		b = le.AppendUint64(b, n)
		b = le.AppendUint64(b, n)
		b = le.AppendUint64(b, size)
		b = le.AppendUint64(b, uint64(z.offset))
		b = le.AppendUint32(b, sigEnd64Loc)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, end)
		b = le.AppendUint32(b, 1) // disks
	}
	b = le.AppendUint32(b, sigEnd)
	b = le.AppendUint32(b, 0) // disks
	b = le.AppendUint16(b, uint16(min(n, math.MaxUint16)))
	b = le.AppendUint16(b, uint16(min(n, math.MaxUint16)))
	b = le.AppendUint32(b, uint32(min(size, math.MaxUint32)))
	b = le.AppendUint32(b, uint32(min(uint64(z.offset), math.MaxUint32)))
	b = le.AppendUint16(b, 0) // comment
	_, err := z.w.Write(b)
	return err
}
