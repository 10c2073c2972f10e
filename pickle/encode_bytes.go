package pickle

import (
	"io"

	"github.com/unpkl/unpkl/internal/written"
)

// saveBytes writes a bytes object of an object tree.
func (p *pickling) saveBytes(b []byte) error {
	if p.Strings == StringsUnshared {
		return p.saveBytesAs(b, objectID{})
	}
	return p.saveBytesAs(b, bytesID(b))
}

// saveBytesAs writes a bytes object with the identity id.
func (p *pickling) saveBytesAs(b []byte, id objectID) error {
	var slot *uint32
	switch len(b) {
	case 0:
		slot = &p.memo.emptyBytes
	case 1:
		slot = &p.memo.ensureSingles().byteValues[b[0]]
	}
	if p.proto < 3 {
		return p.saveBytesAsText(segment{data: b, size: int64(len(b))}, id, slot)
	}
	idx, known := p.memo.insertAt(slot, id)
	if known {
		p.get(idx)
		return nil
	}
	if err := p.writeCounted(bytesOpcodes, "bytes", int64(len(b)), b, ""); err != nil {
		return err
	}
	p.put(idx)
	return nil
}

// saveBytesAsText writes a bytes object at a protocol that has no opcode for it, as CPython does:
// as a call of _codecs.encode with the bytes as Latin-1 text, or a call of bytes if it is empty.
func (p *pickling) saveBytesAsText(s segment, id objectID, slot *uint32) error {
	if idx, known := p.memo.lookupAt(slot, id); known {
		p.get(idx)
		return nil
	}
	if s.size == 0 {
		err := p.saveProgramGlobal(programGlobal{Module: "builtins", Name: "bytes"})
		if err != nil {
			return err
		}
		p.emptyTuple()
	} else {
		err := p.saveProgramGlobal(programGlobal{Module: "_codecs", Name: "encode"})
		if err != nil {
			return err
		}
		if err = p.latin1Args(s); err != nil {
			return err
		}
	}
	p.op(OpReduce)
	idx, _ := p.memo.insertAt(slot, id)
	p.put(idx)
	return nil
}

// latin1Args writes the arguments of _codecs.encode.
func (p *pickling) latin1Args(s segment) error {
	if p.proto < 2 {
		p.op(OpMark)
	}
	if s.size == 1 && s.writeTo == nil {
		if err := p.saveText(string(rune(s.data[0])), objectID{}); err != nil {
			return err
		}
	} else if err := p.writeLatin1(s); err != nil {
		return err
	} else {
		p.put(p.memo.newIndex())
	}
	if err := p.saveShared("latin1"); err != nil {
		return err
	}
	if p.proto < 2 {
		p.op(OpTuple)
	} else {
		p.op(OpTuple2)
	}
	p.put(p.memo.newIndex())
	return nil
}

// writeLatin1 writes the bytes of s as a str of the characters U+0000 to U+00FF.
func (p *pickling) writeLatin1(s segment) error {
	size := int64(0)
	if s.writeTo == nil {
		size = p.latin1Size(s.data)
	} else if err := s.writeTo(writerFunc(func(b []byte) (int, error) {
		size += p.latin1Size(b)
		return len(b), nil
	})); err != nil {
		return err
	}
	header := []byte{byte(OpUnicode)}
	if p.proto > 0 {
		var err error
		if header, err = p.header(textOpcodes, "str", size, nil); err != nil {
			return err
		}
	}
	if s.writeTo == nil && size < frameTarget {
		p.out.buf = p.appendLatin1(append(p.out.buf, header...), s.data)
	} else {
		p.out.writePayload(header, segment{size: size, writeTo: func(w io.Writer) error {
			return p.convertLatin1(w, s)
		}})
	}
	if p.proto == 0 {
		p.out.buf = append(p.out.buf, '\n')
	}
	return nil
}

// convertLatin1 writes the bytes of s to w as text, in pieces of limited size.
func (p *pickling) convertLatin1(w io.Writer, s segment) error {
	const piece = 16 << 10
	var buf []byte
	convert := writerFunc(func(b []byte) (int, error) {
		for done := 0; done < len(b); done += piece {
			buf = p.appendLatin1(buf[:0], b[done:min(done+piece, len(b))])
			if _, err := w.Write(buf); err != nil {
				return done, err
			}
		}
		return len(b), nil
	})
	if s.writeTo != nil {
		return s.writeTo(convert)
	}
	_, err := convert(s.data)
	return err
}

// latin1Size returns the number of bytes that appendLatin1 appends.
func (p *pickling) latin1Size(b []byte) int64 {
	n := len(b)
	for _, c := range b {
		switch {
		case p.proto > 0:
			n += int(c >> 7)
		case c == '\\' || c == 0 || c == '\n' || c == '\r' || c == 0x1a:
			n += 5
		}
	}
	return int64(n)
}

// appendLatin1 appends b as text: UTF-8, or the escapes of protocol 0.
func (p *pickling) appendLatin1(dst, b []byte) []byte {
	for _, c := range b {
		switch {
		case p.proto == 0:
			dst = appendEscapedRune(dst, rune(c))
		case c < 0x80:
			dst = append(dst, c)
		default:
			dst = append(dst, 0xc0|c>>6, 0x80|c&0x3f)
		}
	}
	return dst
}

// writerFunc is a function as an io.Writer.
type writerFunc func(b []byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// saveLargeBytes writes a bytes object whose content is made while it is written.
func (p *pickling) saveLargeBytes(l *written.LargeBytes, id objectID) error {
	if l.Size < 0 || l.Write == nil {
		return Unsupported("LargeBytes without content")
	}
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	if l.Size < frameTarget {
		var b sliceWriter
		if err := l.Write(&b); err != nil {
			return err
		}
		if int64(len(b.b)) != l.Size {
			return Unsupported("LargeBytes of %d bytes wrote %d", l.Size, len(b.b))
		}
		return p.saveBytes(b.b)
	}
	s := segment{size: l.Size, writeTo: l.Write}
	if p.proto < 3 {
		return p.saveBytesAsText(s, id, nil)
	}
	idx, _ := p.memo.insert(id)
	header, err := p.header(bytesOpcodes, "bytes", l.Size, nil)
	if err != nil {
		return err
	}
	p.out.writePayload(header, s)
	p.put(idx)
	return nil
}

// saveByteArray writes a bytearray.
func (p *pickling) saveByteArray(b []byte, id objectID) error {
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	if p.proto < 5 {
		o := &Object{Class: programGlobal{Module: "builtins", Name: "bytearray"}}
		if len(b) > 0 {
			// A bytes object with the same content, not the same object.
			o.Args = []any{written.Bytes(b)}
		}
		return p.saveNewObject(o, id)
	}
	return p.writeByteArray(b, id)
}

// writeByteArray writes a bytearray at protocol 5.
func (p *pickling) writeByteArray(b []byte, id objectID) error {
	if err := p.writeCounted(arrayOpcodes, "bytearray", int64(len(b)), b, ""); err != nil {
		return err
	}
	idx, _ := p.memo.insert(id)
	p.put(idx)
	return nil
}

// saveBuffer writes a PickleBuffer: its content, or the opcodes for an out-of-band buffer.
func (p *pickling) saveBuffer(b *Buffer, id objectID) error {
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	if p.proto < 5 {
		return Unsupported("a Buffer at protocol %d", p.proto)
	}
	inBand := true
	if p.BufferCallback != nil {
		var err error
		if inBand, err = p.BufferCallback(b); err != nil {
			return err
		}
	}
	switch {
	case inBand && b.ReadOnly:
		if err := p.writeCounted(bytesOpcodes, "bytes", int64(len(b.Data)), b.Data,
			""); err != nil {
			return err
		}
		idx, _ := p.memo.insert(id)
		p.put(idx)
	case inBand:
		return p.writeByteArray(b.Data, id)
	default:
		p.op(OpNextBuffer)
		if b.ReadOnly {
			p.op(OpReadonlyBuffer)
		}
	}
	return nil
}
