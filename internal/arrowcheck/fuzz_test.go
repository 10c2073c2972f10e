package arrowcheck_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/internal/arrowcheck"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/fixture"
)

// file returns a small file with dictionaries, nested types, views and metadata, written by package
// ipc.
func file(t testing.TB, opts ...ipc.Option) []byte {
	t.Helper()
	meta := arrow.NewMetadata([]string{"k"}, []string{"v"})
	schema := arrow.NewSchema([]arrow.Field{
		{Name: "d", Type: &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8,
			ValueType: arrow.BinaryTypes.String}},
		{Name: "l", Type: arrow.ListOf(arrow.PrimitiveTypes.Float64), Nullable: true},
		{Name: "t", Type: &arrow.TimestampType{Unit: arrow.Microsecond, TimeZone: "UTC"},
			Metadata: meta},
		{Name: "v", Type: arrow.BinaryTypes.StringView, Nullable: true},
		{Name: "lv", Type: arrow.ListViewOf(arrow.BinaryTypes.BinaryView), Nullable: true},
		{Name: "u", Type: arrow.DenseUnionOf([]arrow.Field{
			{Name: "a", Type: arrow.BinaryTypes.String},
			{Name: "b", Type: arrow.PrimitiveTypes.Int8},
		}, []arrow.UnionTypeCode{0, 1})},
		{Name: "r", Type: arrow.RunEndEncodedOf(arrow.PrimitiveTypes.Int32,
			arrow.BinaryTypes.StringView)},
		{Name: "s", Type: arrow.StructOf(arrow.Field{Name: "n", Type: arrow.Null, Nullable: true})},
	}, &meta)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i, text := range []string{"x", "y", "x"} {
		if err := b.Field(0).(*array.BinaryDictionaryBuilder).AppendString(text); err != nil {
			t.Fatal(err)
		}
		b.Field(1).(*array.ListBuilder).Append(i > 0)
		b.Field(1).(*array.ListBuilder).ValueBuilder().(*array.Float64Builder).Append(float64(i))
		b.Field(2).(*array.TimestampBuilder).Append(arrow.Timestamp(i))
		for k := 3; k < schema.NumFields(); k++ {
			if v, ok := b.Field(k).(*array.StringViewBuilder); ok {
				v.Append(text + " has more bytes than a view itself")
			} else {
				b.Field(k).AppendEmptyValue()
			}
		}
	}
	batch := b.NewRecordBatch()
	defer batch.Release()
	var out bytes.Buffer
	w, err := ipc.NewFileWriter(&out, append(opts, ipc.WithSchema(schema))...)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write(batch); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

var limits = arrowcheck.Limits{Bytes: 1 << 20, Elements: 1 << 10}

// TestFile: a file that package ipc wrote passes, and every truncation of it does not.
func TestFile(t *testing.T) {
	t.Parallel()
	for _, data := range [][]byte{file(t), file(t, ipc.WithZstd())} {
		if err := arrowcheck.File(bytes.NewReader(data), int64(len(data)), limits); err != nil {
			t.Error(err)
		}
		for n := range len(data) {
			if arrowcheck.File(bytes.NewReader(data[:n]), int64(n), limits) == nil {
				t.Errorf("cut at %d of %d: no error", n, len(data))
			}
		}
	}
}

// most is the number of bytes that may be allocated for a small file. A frame of zstd may ask for a
// window of 512 MiB, of which only what is decoded takes memory.
const most = 600 << 20

// TestEveryByte: of files in which one byte is changed, package ipc reads those that pass, and in
// bounded memory.
func TestEveryByte(t *testing.T) {
	t.Parallel()
	everyByte(t, file(t), []byte{0x80, 0xff})
	everyByte(t, file(t, ipc.WithZstd()), []byte{0xff})
}

// everyByte reads data with each byte changed by each of masks, and set to it.
func everyByte(t *testing.T, data, masks []byte) {
	for i, b := range data {
		for _, mask := range masks {
			for _, changed := range []byte{mask, b ^ mask} {
				data[i] = changed
				if n := readFile(data); n > most {
					t.Errorf("byte %d as %#x: %d bytes allocated", i, changed, n)
				}
			}
		}
		data[i] = b
	}
}

// readFile reads the batches of a file that passes, and returns how many bytes that allocated.
func readFile(data []byte) (allocated uint64) {
	if arrowcheck.File(bytes.NewReader(data), int64(len(data)), limits) != nil {
		return 0
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	defer func() {
		_ = recover() // package ipc panics where values are wrong
		runtime.ReadMemStats(&after)
		allocated = after.TotalAlloc - before.TotalAlloc
	}()
	r, err := ipc.NewFileReader(bytes.NewReader(data))
	if err != nil {
		return 0
	}
	defer r.Close()
	for i := range r.NumRecords() {
		if b, err := r.RecordBatchAt(i); err == nil {
			b.Release()
		}
	}
	return 0
}

// FuzzFile: package ipc reads a file that passes without a fatal error, and in bounded memory.
func FuzzFile(f *testing.F) {
	f.Add(file(f))
	f.Add(file(f, ipc.WithZstd()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if n := readFile(data); n > most {
			t.Error(n, "bytes allocated for", len(data))
		}
	})
}

// footer is that of a Parquet file with a schema of a root and one child, and no row groups.
const footer = "\x15\x02\x19\x2c\x48\x01r\x15\x02\x00\x15\x02\x25\x00\x18\x01x\x00" +
	"\x16\x00\x19\x0c\x00"

func checkFooter(footer []byte) error {
	data := binary.LittleEndian.AppendUint32(bytes.Clone(footer), uint32(len(footer)))
	data = append(data, "PAR1"...)
	return arrowcheck.Footer(bytes.NewReader(data), int64(len(data)))
}

// TestExperimentalCompression: a file that pyarrow 0.17 compressed is refused with the reason.
func TestExperimentalCompression(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(fixture.Root(),
		"arrowpickle/py38-geo/compressed.feather"))
	if err != nil {
		t.Fatal(err)
	}
	err = arrowcheck.File(bytes.NewReader(data), int64(len(data)),
		arrowcheck.Limits{Bytes: 1 << 20, Elements: 1 << 20})
	if !errors.Is(err, errkind.ErrUnsupported) || !strings.Contains(err.Error(), "0.17") {
		t.Error(err)
	}
}

// TestFooter: footers with children that do not exist, and with lists and texts longer than the
// footer.
func TestFooter(t *testing.T) {
	if err := checkFooter([]byte(footer)); err != nil {
		t.Error(err)
	}
	for _, lie := range [][2]string{
		{"r\x15\x02", "r\x15\xfe\xff\xff\xff\x0f"}, {"r\x15\x02", "r\x15\x01"},
		{"\x19\x2c", "\x19\xfc\xff\xff\xff\x07"}, {"\x18\x01x", "\x18\xff\xff\xff\xff\x0fx"},
		{"\x19\x0c\x00", "\x19\x0c"},
	} {
		bad := strings.Replace(footer, lie[0], lie[1], 1)
		if err := checkFooter([]byte(bad)); !errors.Is(err, errkind.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// FuzzFooter: no footer of Parquet causes a panic or a long run.
func FuzzFooter(f *testing.F) {
	f.Add([]byte(footer))
	f.Add([]byte("\x1b\x01\x88\x01a\x01b\x00"))
	f.Fuzz(func(t *testing.T, footer []byte) {
		if err := checkFooter(footer); err != nil && !errors.Is(err, errkind.ErrMalformed) {
			t.Error(err)
		}
	})
}

// FuzzStream: the arrays of a stream that passes are valid, or Valid says that they are not.
func FuzzStream(f *testing.F) {
	f.Add(stream(f))
	f.Add(stream(f, ipc.WithZstd()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if arrowcheck.Stream(data, limits) != nil {
			return
		}
		defer func() { _ = recover() }() // package ipc panics where values are wrong
		r, err := ipc.NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		defer r.Release()
		for range 4 {
			b, err := r.Read()
			if err != nil {
				return
			}
			if _, err := arrowcheck.Views(b, 1<<20); err == nil {
				_ = arrowcheck.Valid(b)
			}
		}
	})
}

// stream returns the batch of file as a stream.
func stream(t testing.TB, opts ...ipc.Option) []byte {
	t.Helper()
	r, err := ipc.NewFileReader(bytes.NewReader(file(t)))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	batch, err := r.RecordBatch(0)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := ipc.NewWriter(&out, append(opts, ipc.WithSchema(batch.Schema()))...)
	if err := w.Write(batch); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
