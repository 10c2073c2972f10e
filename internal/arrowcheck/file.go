package arrowcheck

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/magic"
)

// Limits bound the size of a file's content.
type Limits struct {
	// Bytes bounds the size of all buffers after decompression.
	Bytes int64
	// Elements bounds the elements of all arrays, and the rows of all batches, whether or not there
	// are bytes for them: arrays of nulls and structs without fields need none.
	Elements int64
	// EachBatch says that the limits hold for each record batch by itself, for a reader that holds
	// one at a time.
	EachBatch bool
}

// checker checks one file.
type checker struct {
	r    io.ReaderAt
	size int64 // of the file in bytes
	// bytes and elements are the totals so far, see Limits.
	bytes, elements int64
	layouts         layouts // of the schema, which precedes all batches
	Limits
}

// File checks an IPC file of the given size in bytes.
func File(r io.ReaderAt, size int64, limits Limits) error {
	c := &checker{r: r, size: size, Limits: limits}
	footer, err := c.footer()
	if err != nil {
		return err
	}
	f := newFlat(footer)
	root := f.root()
	schema, ok := f.sub(root, 1)
	if !ok {
		f.fail("a footer without a schema")
		return f.err
	}
	c.layouts = f.schema(schema)
	f.metadata(root, 4)
	for _, blocks := range []int{2, 3} {
		at, n := f.vector(root, blocks, 24)
		for i := range n {
			if f.err != nil {
				return f.err
			}
			b := at + 24*i
			if err := c.block(f.i64(b), int64(int32(binary.LittleEndian.Uint32(footer[b+8:]))),
				f.i64(b+16)); err != nil {
				return err
			}
		}
	}
	return f.err
}

func newFlat(data []byte) *flat { return &flat{data: data, visits: len(data)/4 + 1} }

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, "arrow: "+format, args...)
}

// footer returns the FlatBuffer at the end of the file.
func (c *checker) footer() ([]byte, error) {
	const tail = 4 + len(magic.Arrow)
	if c.size < int64(8+tail) {
		return nil, errkind.New(errkind.ErrTruncated, "arrow: a file of %d bytes", c.size)
	}
	var end [tail]byte
	if _, err := c.r.ReadAt(end[:], c.size-int64(tail)); err != nil && err != io.EOF {
		return nil, err
	}
	if string(end[4:]) != magic.Arrow {
		return nil, errkind.New(errkind.ErrTruncated, "arrow: the file does not end in %s",
			magic.Arrow)
	}
	n := int64(int32(binary.LittleEndian.Uint32(end[:])))
	if n < 4 || n > c.size-int64(8+tail) {
		return nil, malformed("a footer of %d bytes in a file of %d", n, c.size)
	}
	return c.read(c.size-int64(tail)-n, n)
}

func (c *checker) read(at, n int64) ([]byte, error) {
	if at < 0 || n < 0 || at > c.size-n {
		return nil, errkind.New(errkind.ErrTruncated, "arrow: %d bytes at %d in a file of %d", n,
			at, c.size)
	}
	b := make([]byte, n)
	_, err := c.r.ReadAt(b, at)
	if err == io.EOF {
		err = nil
	}
	return b, err
}

// block checks a message and its body, which are a dictionary or a record batch.
func (c *checker) block(at, metadata, body int64) error {
	if at < 8 || metadata < 8 || body < 0 || body > c.size || at > c.size-metadata-body {
		return errkind.New(errkind.ErrTruncated,
			"arrow: a block of %d and %d bytes at %d in a file of %d", metadata, body, at, c.size)
	}
	data, err := c.read(at, metadata)
	if err != nil {
		return err
	}
	// The FlatBuffer follows its length, and since 0.15 four bytes 0xff precede the length.
	skip := 4
	if binary.LittleEndian.Uint32(data) == 0xffffffff {
		skip = 8
	}
	n := int64(int32(binary.LittleEndian.Uint32(data[skip-4:])))
	if n < 4 || n > metadata-int64(skip) {
		return malformed("a message of %d bytes in %d", n, metadata)
	}
	f := newFlat(data[skip : int64(skip)+n])
	root := f.root()
	kind := byte(0)
	if p := f.field(root, 1, 1); p != 0 {
		kind = f.data[p]
	}
	if p := f.field(root, 3, 8); p != 0 && f.i64(p) != body {
		f.fail("a body of %d bytes, and of %d in the footer", f.i64(p), body)
	}
	header, ok := f.sub(root, 2)
	if !ok {
		f.fail("a message without a header")
		return f.err
	}
	const dictionaryBatch, recordBatch = 2, 3
	const version5 = 4 // of the metadata, since Arrow 1.0; the numbers begin at 0
	want, bitmaps := c.layouts.batch, true
	if p := f.field(root, 0, 2); p != 0 {
		bitmaps = int16(binary.LittleEndian.Uint16(f.data[p:])) < version5
	}
	switch kind {
	case dictionaryBatch:
		bitmaps = true // for arrow-go, which ignores the version here
		id := int64(0)
		if p := f.field(header, 0, 8); p != 0 {
			id = f.i64(p)
		}
		if want, ok = c.layouts.dictionaries[id]; !ok {
			f.fail("a dictionary that no field has")
		}
		if header, ok = f.sub(header, 1); !ok {
			f.fail("a dictionary without its values")
			return f.err
		}
	case recordBatch:
		if c.EachBatch {
			c.bytes, c.elements = 0, 0
		}
	default:
		f.fail("a message of kind %d among the batches", kind)
		return f.err
	}
	f.metadata(root, 4)
	if f.err == nil && bytes.Contains(f.data, []byte(experimental)) {
		return errkind.New(errkind.ErrUnsupported,
			"arrow: compressed as pyarrow 0.17 does, before the format said how")
	}
	if err := f.meets(header, want, bitmaps); err != nil {
		return err
	}
	return c.batch(f, header, at+metadata, body)
}

// experimental is the key of a message's metadata by which Arrow 0.17 marks compressed buffers.
// arrow-go reads such a message as if it were not compressed. The metadata is the only text in a
// message that is not a schema, so that the key cannot occur elsewhere.
const experimental = "ARROW:experimental_compression"

// Schema checks a schema by itself, as Parquet keeps it: a message without a body.
func Schema(data []byte) error {
	_, err := schemaOf(data)
	return err
}

// schemaOf checks the message of a schema, and returns what the schema demands of the batches.
func schemaOf(data []byte) (layouts, error) {
	skip := 4
	if len(data) >= 8 && binary.LittleEndian.Uint32(data) == 0xffffffff {
		skip = 8
	}
	if len(data) < skip+4 {
		return layouts{}, errkind.New(errkind.ErrTruncated, "arrow: a schema of %d bytes", len(data))
	}
	n := int64(int32(binary.LittleEndian.Uint32(data[skip-4:])))
	if n < 4 || n > int64(len(data)-skip) {
		return layouts{}, malformed("a schema of %d bytes in %d", n, len(data))
	}
	f := newFlat(data[skip : int64(skip)+n])
	root := f.root()
	f.metadata(root, 4)
	const schema = 1
	kind := f.field(root, 1, 1)
	t, ok := f.sub(root, 2)
	if p := f.field(root, 3, 8); kind == 0 || f.data[kind] != schema || !ok ||
		p != 0 && f.i64(p) != 0 {
		f.fail("a message that is no schema")
		return layouts{}, f.err
	}
	return f.schema(t), f.err
}

// batch checks a record batch; its body has the given size, and is at the given offset.
func (c *checker) batch(f *flat, t table, at, body int64) error {
	if err := c.arrays(f, t); err != nil {
		return err
	}
	_, compressed := f.sub(t, 3)
	buffers, n := f.vector(t, 2, 16)
	for i := range n {
		if f.err != nil {
			return f.err
		}
		offset, length := f.i64(buffers+16*i), f.i64(buffers+16*i+8)
		if offset < 0 || length < 0 || offset > body || length > body-offset {
			return errkind.New(errkind.ErrTruncated,
				"arrow: a buffer of %d bytes at %d in a body of %d", length, offset, body)
		}
		if compressed && length > 0 {
			var err error
			if length, err = c.unfolded(at+offset, length); err != nil {
				return err
			}
		}
		if c.bytes += length; c.bytes > c.Bytes || c.bytes < 0 {
			return errkind.New(errkind.ErrLimit,
				"arrow: the buffers unfold to %d bytes, at most %d are read", c.bytes, c.Bytes)
		}
	}
	return f.err
}

// arrays checks the lengths of a batch and of its arrays.
func (c *checker) arrays(f *flat, t table) error {
	if p := f.field(t, 0, 8); p != 0 {
		if err := c.more(f.i64(p)); err != nil {
			return err
		}
	}
	nodes, n := f.vector(t, 1, 16)
	for i := range n {
		length, nulls := f.i64(nodes+16*i), f.i64(nodes+16*i+8)
		if length < 0 || nulls < 0 || nulls > length {
			f.fail("an array of %d elements, %d of them null", length, nulls)
		}
		if f.err != nil {
			return f.err
		}
		if err := c.more(length); err != nil {
			return err
		}
	}
	return f.err
}

// more adds to the number of elements.
func (c *checker) more(n int64) error {
	if n < 0 {
		return malformed("a batch of %d rows", n)
	}
	if c.elements += n; c.elements > c.Elements || c.elements < 0 {
		return errkind.New(errkind.ErrLimit,
			"arrow: the arrays have more than the %d elements that are read", c.Elements)
	}
	return nil
}

// unfolded returns the length that a compressed buffer states. If it is -1, the buffer is not
// compressed.
func (c *checker) unfolded(at, length int64) (int64, error) {
	if length < 8 {
		return 0, malformed("a compressed buffer of %d bytes", length)
	}
	b, err := c.read(at, 8)
	if err != nil {
		return 0, err
	}
	n := int64(binary.LittleEndian.Uint64(b))
	switch {
	case n == -1:
		return length - 8, nil
	case n < 0:
		return 0, malformed("a compressed buffer of %d bytes", n)
	}
	return n, nil
}
