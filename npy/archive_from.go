package npy

import (
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// AddFrom is [ArchiveWriter.Add] for an array whose elements r returns, and whose dtype, which must
// not have objects, shape and order are those of h. It needs only a small buffer. The archive must
// be written to an io.WriteSeeker, because the checksum and size stand before a member and are
// known after it; otherwise the error is of the kind ErrUnsupported. If r ends before the last
// element, the error is of the kind ErrTruncated, and nothing more can be added.
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

// stream writes a member first, and then its local header.
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
