package arrowcheck

import (
	"bytes"
	"encoding/binary"

	"github.com/unpkl/unpkl/internal/errkind"
)

// Stream checks an IPC stream: a schema, then dictionaries and record batches, up to a message of
// length 0 or the end.
func Stream(data []byte, limits Limits) error {
	c := &checker{r: bytes.NewReader(data), size: int64(len(data)), Limits: limits}
	for at := int64(0); at < c.size; {
		metadata, body, err := c.message(data[at:])
		switch {
		case err != nil:
			return err
		case metadata == 0:
			return nil
		case at == 0:
			c.layouts, err = schemaOf(data[:metadata])
		default:
			err = c.block(at, metadata, body)
		}
		if err != nil {
			return err
		}
		at += metadata + body
	}
	if c.size == 0 {
		return errkind.New(errkind.ErrTruncated, "arrow: an empty stream")
	}
	return nil
}

// message returns the lengths, in bytes, of the message at the beginning of data and of its body.
// metadata is 0 for the message that ends a stream.
func (c *checker) message(data []byte) (metadata, body int64, err error) {
	skip := int64(4)
	if len(data) >= 8 && binary.LittleEndian.Uint32(data) == 0xffffffff {
		skip = 8
	}
	if int64(len(data)) < skip {
		return 0, 0, errkind.New(errkind.ErrTruncated, "arrow: a message of %d bytes", len(data))
	}
	n := int64(int32(binary.LittleEndian.Uint32(data[skip-4:])))
	switch {
	case n == 0:
		return 0, 0, nil
	case n < 4 || n > int64(len(data))-skip:
		return 0, 0, malformed("a message of %d bytes in %d", n, len(data))
	}
	f := newFlat(data[skip : skip+n])
	root := f.root()
	if p := f.field(root, 3, 8); p != 0 {
		body = f.i64(p)
	}
	if body < 0 || body > int64(len(data))-skip-n {
		f.fail("a body of %d bytes in %d", body, int64(len(data))-skip-n)
	}
	return skip + n, body, f.err
}
