package arrowframe

import (
	"bytes"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/pickle"
)

// Programs that import this package can write the objects of polars.
func init() { bridge.WriteArrow = writeStream }

// writeStream returns a table as an IPC stream of one batch, which polars can read, without pandas'
// metadata. Polars has no index, so for a table with labels the error is of the kind
// pickle.ErrUnsupported.
func writeStream(f *frame.Frame) ([]byte, error) {
	batch, err := FromFrame(memory.DefaultAllocator, f)
	if err != nil {
		return nil, err
	}
	defer batch.Release()
	if int(batch.NumCols()) != len(f.Columns) {
		return nil, pickle.Unsupported("a table of polars with an index")
	}
	bare := array.NewRecordBatch(arrow.NewSchema(batch.Schema().Fields(), nil), batch.Columns(),
		batch.NumRows())
	defer bare.Release()
	var out bytes.Buffer
	w := ipc.NewWriter(&out, ipc.WithSchema(bare.Schema()), ipc.WithDictionaryDeltas(false))
	if err := w.Write(bare); err != nil {
		return nil, pickle.Unsupported("an Arrow stream: %v", err)
	}
	if err := w.Close(); err != nil {
		return nil, pickle.Unsupported("an Arrow stream: %v", err)
	}
	return out.Bytes(), nil
}
