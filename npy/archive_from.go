package npy

import (
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// AddFrom is [ArchiveWriter.Add] for elements that r gives: those of an array with the header's
// dtype, shape and order, which has no objects. Memory is that of a buffer. What the archive is
// written to has to be an io.WriteSeeker, as the checksum and the size that stand before a member
// are known behind it only; else the error is of the kind ErrUnsupported. Where r ends before the
// last element the error is of the kind ErrTruncated, and nothing more can be added.
func (z *ArchiveWriter) AddFrom(name string, h *Header, r io.Reader) error {
	m, err := z.begin(name)
	if err != nil {
		return err
	}
	seeker, ok := z.w.(io.WriteSeeker)
	if !ok {
		return unsupported("a member %q from a reader in an archive that cannot be sought", name)
	}
	if h.DType.HasObject() {
		return unsupported("objects of a member %q from a reader", name)
	}
	begin, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if z.err = z.stream(&m, h, r); z.err != nil {
		return z.err
	}
	_, err1 := seeker.Seek(begin, io.SeekStart)
	head := z.localHeader(m)
	_, err2 := z.w.Write(head)
	_, err3 := seeker.Seek(m.compressedSize, io.SeekCurrent)
	z.err = errors.Join(err1, err2, err3)
	z.offset += int64(len(head)) + m.compressedSize
	z.members = append(z.members, m)
	return z.err
}

// stream writes a member whose local header says nothing yet.
func (z *ArchiveWriter) stream(m *zipMember, h *Header, r io.Reader) error {
	if _, err := z.w.Write(z.localHeader(*m)); err != nil {
		return err
	}
	var content, stored checksum
	out := io.MultiWriter(z.w, &stored)
	var deflater *flate.Writer
	to := io.MultiWriter(out, &content)
	if z.opts.Compress {
		var err error
		if deflater, err = flate.NewWriter(out, flate.DefaultCompression); err != nil {
			return err
		}
		to = io.MultiWriter(deflater, &content)
	}
	if err := WriteHeader(to, h); err != nil {
		return err
	}
	want := h.NBytes()
	switch n, err := io.CopyN(to, r, int64(want)); {
	case err == io.EOF:
		return truncatedData(n, want)
	case err != nil:
		return err
	}
	if deflater != nil {
		if err := deflater.Close(); err != nil {
			return err
		}
	}
	m.size, m.crc, m.compressedSize = content.n, content.crc, stored.n
	return nil
}
