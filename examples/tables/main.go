// Command tables writes the pandas DataFrame in a pickle to an Arrow and a Parquet file, which keep
// its index and dtypes for pandas.
//
//	go run ./examples/tables frame.pkl frame.arrow frame.parquet
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/pqarrow"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: tables IN OUT.arrow OUT.parquet")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, toArrow, toParquet string) error {
	var f *frame.Frame
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := unpkl.Unmarshal(data, &f); err != nil {
		return err
	}
	batch, err := arrowframe.FromFrame(memory.DefaultAllocator, f)
	if err != nil {
		return err
	}
	defer batch.Release()
	if err := write(toArrow, batch, writeArrow); err != nil {
		return err
	}
	return write(toParquet, batch, writeParquet)
}

func write(path string, batch arrow.RecordBatch, to func(w io.Writer,
	batch arrow.RecordBatch) error) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := to(out, batch); err != nil {
		out.Close()
		return err
	}
	return out.Close()
}

func writeArrow(w io.Writer, batch arrow.RecordBatch) error {
	a, err := ipc.NewFileWriter(w, ipc.WithSchema(batch.Schema()))
	if err != nil {
		return err
	}
	if err := a.Write(batch); err != nil {
		return err
	}
	return a.Close()
}

func writeParquet(w io.Writer, batch arrow.RecordBatch) error {
	// Hide Close, since write closes the file.
	p, err := pqarrow.NewFileWriter(batch.Schema(), struct{ io.Writer }{w},
		parquet.NewWriterProperties(), pqarrow.NewArrowWriterProperties(pqarrow.WithStoreSchema()))
	if err != nil {
		return err
	}
	if err := p.Write(batch); err != nil {
		return err
	}
	return p.Close()
}
