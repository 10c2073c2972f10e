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
	// Path is the name of the file in Beam's file systems.
	Path string
	// Size is its size in bytes.
	Size int64
}

// Document is a value as JSON.
type Document struct {
	// Path is the file of the value.
	Path string `json:"path"`
	// Offset is where the value's pickle begins, in bytes of the decompressed file.
	Offset int64 `json:"offset"`
	// Record is the position of the value in the pickle's list with [WithRecords], else -1.
	Record int64 `json:"record"`
	// JSON is the value in the form that `unpkl convert --json plain` writes.
	JSON []byte `json:"value"`
}

// Table is a value as rows.
type Table struct {
	// Path is the file of the value.
	Path string
	// Offset is where the value's pickle begins, in bytes of the decompressed file.
	Offset int64
	// Record is the position of the first row in the pickle's rows with [WithRecords], else -1.
	Record int64
	// Arrow is an Arrow IPC file of the rows.
	Arrow []byte
}

// DeadLetter is a value that could not be read, or a table that does not fit the others.
type DeadLetter struct {
	// Path is the file of the value.
	Path string `json:"path"`
	// Kind is the kind of the error, such as "truncated", "not a pickle", "limit", "unknown
	// global", "audit" or "schema".
	Kind string `json:"kind"`
	// Opcode is the name of the opcode that could not be executed, "" if no opcode is at fault.
	Opcode string `json:"opcode,omitempty"`
	// Offset is the position of that opcode, in bytes of the decompressed file; -1 if no opcode is
	// at fault.
	Offset int64 `json:"offset"`
	// Text is the text of the error.
	Text string `json:"text"`
}

// deadLetter returns the dead letter of an error whose offset, if it has one, counts from begins,
// an offset of the file.
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
