package convert

import (
	"encoding/base64"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/flight"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/unpkl/unpkl/internal/arrowcheck"
)

// NOTE. Parquet has no durations. pyarrow stores them as int64, and declares their type in the
// Arrow schema that it keeps in the file's metadata. Package pqarrow does not support this. So a
// writer here stores int64 columns and writes the schema with the durations itself, and a reader
// removes the durations from the schema before pqarrow sees it.

// schemaKey is the key of the Arrow schema, in base64, in the metadata of a Parquet file.
const schemaKey = "ARROW:schema"

// withoutDurations returns a schema with int64 in place of the durations, and the types of the
// durations by the indices of their columns.
func withoutDurations(schema *arrow.Schema) (*arrow.Schema, map[int]arrow.DataType) {
	fields := append([]arrow.Field{}, schema.Fields()...)
	durations := map[int]arrow.DataType{}
	for i, f := range fields {
		if f.Type.ID() == arrow.DURATION {
			durations[i] = f.Type
			fields[i].Type = arrow.PrimitiveTypes.Int64
		}
	}
	meta := schema.Metadata()
	return arrow.NewSchema(fields, &meta), durations
}

// withSchema returns a batch of the schema. Its columns share the memory of those given and have
// the types of the schema, which must have the same layout. The caller releases the batch.
func withSchema(schema *arrow.Schema, from []arrow.Array, rows int64) arrow.RecordBatch {
	columns := make([]arrow.Array, len(from))
	for i, a := range from {
		data := a.Data()
		if arrow.TypeEqual(data.DataType(), schema.Field(i).Type) {
			a.Retain()
			columns[i] = a
			continue
		}
		own := array.NewData(schema.Field(i).Type, data.Len(), data.Buffers(), nil, data.NullN(),
			data.Offset())
		columns[i] = array.MakeFromData(own)
		own.Release()
	}
	out := array.NewRecordBatch(schema, columns, rows)
	for _, c := range columns {
		c.Release()
	}
	return out
}

// serialized returns a schema in the form in which Parquet files keep it.
func serialized(schema *arrow.Schema) string {
	return base64.StdEncoding.EncodeToString(flight.SerializeSchema(schema,
		memory.DefaultAllocator))
}

// hideDurations removes the durations from the schema in a file's metadata, in memory. It returns
// their types by the names of the columns.
func hideDurations(r *file.Reader) (map[string]arrow.DataType, error) {
	kept := r.MetaData().KeyValueMetadata().FindValue(schemaKey)
	if kept == nil {
		return nil, nil
	}
	data, err := base64.StdEncoding.DecodeString(*kept)
	if len(data) == 0 || err != nil {
		data, err = base64.RawStdEncoding.DecodeString(*kept)
	}
	if err != nil {
		return nil, malformed("the schema of Arrow in a Parquet file: %v", err)
	}
	if err := arrowcheck.Schema(data); err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	schema, err := flight.DeserializeSchema(data, memory.DefaultAllocator)
	if err != nil {
		return nil, malformed("the schema of Arrow in a Parquet file: %v", err)
	}
	plain, durations := withoutDurations(schema)
	if len(durations) == 0 {
		return nil, nil
	}
	names := map[string]arrow.DataType{}
	for i, t := range durations {
		names[schema.Field(i).Name] = t
	}
	*kept = serialized(plain)
	return names, nil
}

// restoreDurations returns the schema with its durations. It also adds the metadata of pandas and
// GeoParquet, which pqarrow does not copy from the file.
func restoreDurations(r *file.Reader, schema *arrow.Schema,
	durations map[string]arrow.DataType) *arrow.Schema {
	fields := append([]arrow.Field{}, schema.Fields()...)
	for i, f := range fields {
		if t := durations[f.Name]; t != nil && f.Type.ID() == arrow.INT64 {
			fields[i].Type = t
		}
	}
	meta := schema.Metadata()
	for _, key := range []string{"pandas", "geo"} {
		value := r.MetaData().KeyValueMetadata().FindValue(key)
		if value != nil && meta.FindKey(key) < 0 {
			meta = arrow.NewMetadata(append(meta.Keys(), key), append(meta.Values(), *value))
		}
	}
	return arrow.NewSchema(fields, &meta)
}
