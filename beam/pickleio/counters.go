package pickleio

import (
	"bytes"
	"context"
	"sync"

	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/beam/sdks/v2/go/pkg/beam"
)

// counters maps the names of Beam's counters to them.
var counters sync.Map

// count adds n to a counter in the namespace pickleio.
func count(ctx context.Context, name string, n int64) {
	c, ok := counters.Load(name)
	if !ok {
		c, _ = counters.LoadOrStore(name, beam.NewCounter("pickleio", name))
	}
	c.(beam.Counter).Inc(ctx, n)
}

// rowsOf returns the number of rows of an Arrow file that this package wrote.
func rowsOf(data []byte) (rows int64) {
	r, err := ipc.NewFileReader(bytes.NewReader(data))
	if err != nil {
		return 0
	}
	defer r.Close()
	for i := range r.NumRecords() {
		b, err := r.RecordBatchAt(i)
		if err != nil {
			return rows
		}
		rows += b.NumRows()
		b.Release()
	}
	return rows
}
