package unpkl

import (
	"strings"

	"github.com/unpkl/unpkl/internal/jsonval"
)

// OpenBytes is Open of a file that was mapped to data, but for the mapping itself. It is not to be
// closed, which would unmap data.
func OpenBytes(data []byte, opts ...Option) *File {
	f := &File{path: "in memory", c: newConfig(opts)}
	f.mapped(data)
	return f
}

// MapForTest returns the mapping of a file.
func MapForTest(f *File) ([]byte, error) { return f.data, f.Closed() }

// JSONForTest is the JSON of to-json with the values of arrays.
func JSONForTest(v any) (string, error) {
	var out strings.Builder
	err := jsonval.NewEncoder(&out, jsonval.Options{Arrays: jsonval.ArraysValues}).Encode(v)
	return out.String(), err
}
