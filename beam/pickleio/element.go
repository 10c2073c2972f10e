package pickleio

import (
	"errors"
	"reflect"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"

	"github.com/unpkl/unpkl/internal/batch"
)

func init() {
	for _, t := range []reflect.Type{reflect.TypeFor[File](), reflect.TypeFor[Document](),
		reflect.TypeFor[Table](), reflect.TypeFor[DeadLetter](), reflect.TypeFor[Range](),
		reflect.TypeFor[Schema](), reflect.TypeFor[columns]()} {
		beam.RegisterType(t)
	}
}

// File is a file to read.
type File struct {
	// Path is its name as Beam's file systems have it.
	Path string
	// Size is its size in bytes.
	Size int64
}

// Document is the JSON of a value.
type Document struct {
	// Path is that of its file.
	Path string `json:"path"`
	// Offset is where its pickle begins, in bytes of the decompressed file.
	Offset int64 `json:"offset"`
	// Record is its position in the pickle's list, with [WithRecords]; else -1.
	Record int64 `json:"record"`
	// JSON is the value, in the form that `unpkl convert --json plain` writes.
	JSON []byte `json:"value"`
}

// Table is the rows of a value.
type Table struct {
	// Path is that of its file.
	Path string
	// Offset is where its pickle begins, in bytes of the decompressed file.
	Offset int64
	// Record is the position of its first row in the pickle's rows, with [WithRecords]; else -1.
	Record int64
	// Arrow is an Arrow file of the rows.
	Arrow []byte
}

// DeadLetter is a value that could not be read, or that no table had a place for.
type DeadLetter struct {
	// Path is that of its file.
	Path string `json:"path"`
	// Kind is the kind of the error, such as "truncated", "not a pickle", "limit", "unknown
	// global", "audit" or "schema".
	Kind string `json:"kind"`
	// Opcode is the name of the opcode that could not be carried out, "" where it was none.
	Opcode string `json:"opcode,omitempty"`
	// Offset is where that opcode is, in bytes of the decompressed file; -1 where it was none.
	Offset int64 `json:"offset"`
	// Text is the text of the error.
	Text string `json:"text"`
}

// deadLetter returns the dead letter of a value that begins at an offset of its file.
func deadLetter(path string, begins int64, err error) DeadLetter {
	f := batch.NewFailure(path, err)
	d := DeadLetter{Path: path, Kind: f.Kind, Opcode: f.Opcode, Offset: -1, Text: f.Text}
	if f.Offset != nil {
		d.Offset = begins + *f.Offset
	}
	var refused *AuditError
	if errors.As(err, &refused) {
		d.Kind, d.Opcode = "audit", refused.Worst.Opcode
		d.Offset = begins + refused.Worst.Offset
	}
	return d
}
