package convert

import (
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"

	"github.com/unpkl/unpkl/internal/arrowcheck"
	"github.com/unpkl/unpkl/internal/magic"
)

var featherFormat = &Format{
	Name: "feather", Endings: []string{".feather", ".arrow", ".ipc"},
	About: "Arrow's IPC file: one table",
	Holds: KindFrame, magic: magic.Arrow, read: readFeather, write: writeFeather,
	openTable: openFeather, writeTable: streamFeather,
}

func readFeather(in *input) (any, error) {
	t, err := openFeather(in)
	if err != nil {
		return nil, err
	}
	defer t.close()
	return t.frame()
}

// openFeather opens an Arrow file after checking the sizes and offsets that it declares.
func openFeather(in *input) (_ *tableReader, err error) {
	f, err := os.Open(in.path)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
		}
	}()
	defer recoverArrow(&err, "an Arrow file")
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	size := info.Size()
	limits := arrowcheck.Limits{Bytes: in.maxDecompressed(size), Elements: in.maxCells(size),
		EachBatch: in.inParts}
	if err := arrowcheck.File(f, size, limits); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	r, err := ipc.NewFileReader(f, ipc.WithBodySizeLimit(size), ipc.WithMetadataSizeLimit(size))
	if err != nil {
		return nil, malformed("no Arrow file: %v", err)
	}
	p := &featherReader{r: r, viewBytes: limits.Bytes}
	return &tableReader{
		schema: r.Schema(), read: p.read,
		close: func() error { r.Close(); return f.Close() },
	}, nil
}

type featherReader struct {
	r         *ipc.FileReader
	next      int
	viewBytes int64 // bytes that copies of views may still take
}

func (p *featherReader) read() (b arrow.RecordBatch, err error) {
	defer recoverArrow(&err, "an Arrow file")
	if p.next == p.r.NumRecords() {
		return nil, io.EOF
	}
	if b, err = p.r.RecordBatchAt(p.next); err != nil {
		return nil, malformed("batch %d: %v", p.next, err)
	}
	p.next++
	if p.viewBytes, err = arrowcheck.Views(b, p.viewBytes); err != nil {
		b.Release()
		return nil, fmt.Errorf("convert: %w", err)
	}
	return b, nil
}

func writeFeather(out *output, v any) error {
	b, err := out.batch(v)
	if err != nil {
		return err
	}
	t := batchReader(b)
	defer t.close()
	return streamFeather(out, t)
}

// streamFeather writes a table in parts.
func streamFeather(out *output, t *tableReader) error {
	opts := []ipc.Option{ipc.WithSchema(t.schema)}
	if out.deflate {
		opts = append(opts, ipc.WithZstd())
	}
	return out.write(func(w io.Writer) error {
		fw, err := ipc.NewFileWriter(w, opts...)
		if err != nil {
			return err
		}
		if err := t.each(fw.Write); err != nil {
			return err
		}
		return fw.Close()
	})
}
