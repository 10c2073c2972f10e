package arrowframe

import (
	"bytes"
	"errors"
	"io"
	"runtime"
	"strings"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/arrowcheck"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/pickle"
)

// Programs that import this package can read the objects of polars.
func init() {
	bridge.ReadArrow = func(stream []byte) (any, error) {
		f, err := readStream(stream)
		if f == nil || err != nil {
			return nil, err
		}
		return f, nil
	}
}

// A stream may unfold to maxUnfold times its size, and at least to floorBytes. Polars rarely
// compresses buffers, and those not by much.
const (
	maxUnfold  = 64
	floorBytes = 16 << 20
)

// readStream returns the table of an IPC stream in memory of its own. If a column has a type that a
// frame cannot hold, the error is of the kind pickle.ErrUnsupported.
func readStream(data []byte) (f *frame.Frame, err error) {
	defer recovered(&err)
	bound := max(int64(len(data))*maxUnfold, floorBytes)
	limits := arrowcheck.Limits{Bytes: bound, Elements: bound / 16}
	if err := arrowcheck.Stream(data, limits); err != nil {
		return nil, err
	}
	r, err := ipc.NewReader(bytes.NewReader(data))
	if err != nil {
		// For a type that Arrow's library does not support, such as polars' ints of 128 bits, only
		// the words of the error tell that. Any other error means that the stream is malformed.
		if strings.Contains(err.Error(), "not implemented") {
			return nil, pickle.Unsupported("an Arrow stream: %v", err)
		}
		return nil, pickle.Malformed("no Arrow stream: %v", err)
	}
	defer r.Release()
	var batches []arrow.RecordBatch
	defer func() {
		for _, b := range batches {
			b.Release()
		}
	}()
	left := bound
	for {
		b, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, pickle.Malformed("an Arrow stream: %v", err)
		}
		b.Retain()
		batches = append(batches, b)
		if left, err = arrowcheck.Views(b, left); err != nil {
			return nil, err
		}
		if err := arrowcheck.Valid(b); err != nil {
			return nil, pickle.Malformed("an Arrow stream: %v", err)
		}
	}
	whole, err := joinBatches(r.Schema(), batches)
	if err != nil {
		return nil, err
	}
	defer whole.Release()
	if f, err = ToFrame(whole); err != nil {
		return nil, pickle.Unsupported("%v", err)
	}
	return f, nil
}

// joinBatches returns one batch with the rows of all.
func joinBatches(schema *arrow.Schema, batches []arrow.RecordBatch) (arrow.RecordBatch, error) {
	if len(batches) == 1 {
		batches[0].Retain()
		return batches[0], nil
	}
	columns := make([]arrow.Array, schema.NumFields())
	defer func() {
		for _, c := range columns {
			if c != nil {
				c.Release()
			}
		}
	}()
	rows := int64(0)
	for _, b := range batches {
		rows += b.NumRows()
	}
	for i := range columns {
		parts := make([]arrow.Array, len(batches))
		for k, b := range batches {
			parts[k] = b.Column(i)
		}
		if len(parts) == 0 {
			b := array.NewBuilder(memory.DefaultAllocator, schema.Field(i).Type)
			columns[i] = b.NewArray()
			b.Release()
			continue
		}
		var err error
		if columns[i], err = array.Concatenate(parts, memory.DefaultAllocator); err != nil {
			return nil, pickle.Unsupported("chunks of an Arrow stream: %v", err)
		}
	}
	return array.NewRecordBatch(schema, columns, rows), nil
}

// recovered, when deferred, turns a panic of Arrow's library about inconsistent data into an error.
func recovered(err *error) {
	switch r := recover().(type) {
	case nil:
	case runtime.Error:
		*err = pickle.Malformed("an Arrow array whose parts do not fit: %v", r)
	default:
		*err = pickle.Malformed("an Arrow array: %v", r)
	}
}
