package zarr

import (
	"encoding/json"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// Array is an array of a store: what its metadata says, checked.
type Array struct {
	// Format is the version of the format: 2 or 3.
	Format int
	// Shape and Chunks have the same length; no chunk is empty.
	Shape, Chunks []int
	// DType is that of the decoded elements; object of text and bytes of any length.
	DType *ndarray.DType
	// Codecs are the names of the codecs in the order of encoding.
	Codecs []string
	// FillValue is the value of elements without a chunk as the metadata's JSON has it.
	FillValue any
	// Attrs are the attributes, a JSON object, or nil.
	Attrs json.RawMessage
	// DimensionNames of format 3 are as long as Shape, or nil.
	DimensionNames []string

	store  Store
	prefix string // of the keys of chunks
	// pipe undoes the codecs. It is nil where one of them is not known, and why then says so.
	pipe *pipeline
	why  error
	// chunkKey is the key of a chunk without the prefix.
	chunkKey func(index []int) string
}

// Open returns the array at a path of a store: "" or "a/b". ok is false where there is none.
func Open(s Store, at string) (a *Array, ok bool, err error) {
	a = &Array{store: s, prefix: prefix(at)}
	if data, found := s[a.prefix+"zarr.json"]; found {
		if nodeType(data) != "array" {
			return nil, false, nil
		}
		err = a.read3(data)
	} else if data, found := s[a.prefix+".zarray"]; found {
		err = a.read2(data, s[a.prefix+".zattrs"])
	} else {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	return a, true, nil
}

// prefix is what the keys of the node at a path begin with.
func prefix(at string) string {
	at = strings.Trim(path.Clean("/"+at), "/")
	if at == "" {
		return ""
	}
	return at + "/"
}

// nodeType is "array" or "group" of a zarr.json.
func nodeType(data []byte) string {
	var node struct {
		Type string `json:"node_type"`
	}
	_ = json.Unmarshal(data, &node) // what is no JSON is of no type
	return node.Type
}

// Group returns the attributes of the group at a path, a JSON object or nil, and the paths of what
// is in it, in order; ok is false where there is none.
func Group(s Store, at string) (attrs json.RawMessage, members []string, ok bool, err error) {
	p := prefix(at)
	if data, found := s[p+"zarr.json"]; found && nodeType(data) == "group" {
		attrs, err = attributes3(data)
		return attrs, membersOf(s, p, "zarr.json"), err == nil, err
	}
	if _, found := s[p+".zgroup"]; found {
		return s[p+".zattrs"], membersOf(s, p, ".zarray", ".zgroup"), true, nil
	}
	return nil, nil, false, nil
}

// membersOf returns the paths of the nodes just below a prefix.
func membersOf(s Store, p string, marks ...string) []string {
	var members []string
	for key := range s {
		rest, below := strings.CutPrefix(key, p)
		if name, mark, ok := strings.Cut(rest, "/"); below && ok && slices.Contains(marks, mark) {
			members = append(members, p+name)
		}
	}
	slices.Sort(members)
	return slices.Compact(members)
}

// attributes3 are those in a zarr.json.
func attributes3(data []byte) (json.RawMessage, error) {
	var node struct {
		Attributes json.RawMessage `json:"attributes"`
	}
	if err := json.Unmarshal(data, &node); err != nil {
		return nil, malformed("zarr.json: %v", err)
	}
	return node.Attributes, nil
}

// checkShape checks the shapes that metadata gives.
func (a *Array) checkShape() error {
	if len(a.Shape) > ndarray.MaxDims || len(a.Chunks) != len(a.Shape) {
		return malformed("chunks of shape %v for a shape of %d dimensions", a.Chunks,
			len(a.Shape))
	}
	for i, n := range a.Shape {
		if n < 0 || a.Chunks[i] < 1 {
			return malformed("chunks of shape %v for the shape %v", a.Chunks, a.Shape)
		}
	}
	if _, ok := product(a.Shape); !ok {
		return malformed("a shape of %v", a.Shape)
	}
	if _, ok := product(a.Chunks); !ok {
		return malformed("chunks of shape %v", a.Chunks)
	}
	return nil
}

// product is how many elements a shape has; ok is false where an int is too small.
func product(shape []int) (n int, ok bool) {
	n = 1
	for _, d := range shape {
		if d != 0 && n > math.MaxInt/d {
			if !slices.Contains(shape, 0) {
				return 0, false
			}
			return 0, true
		}
		n *= d
	}
	return n, true
}

// Stored is how many bytes the store has of the array's chunks.
func (a *Array) Stored() int {
	n := 0
	for key, value := range a.store {
		if rest, ok := strings.CutPrefix(key, a.prefix); ok && a.isChunk(rest) {
			n += len(value)
		}
	}
	return n
}

// isChunk reports whether a key is that of a chunk and not of metadata.
func (a *Array) isChunk(key string) bool {
	last := path.Base(key)
	return last != "zarr.json" && !strings.HasPrefix(last, ".z")
}

// Elements is how many elements the array has, or one of its chunks where that has more.
func (a *Array) Elements() int {
	n, _ := product(a.Shape)
	chunk, _ := product(a.Chunks)
	return max(n, chunk)
}

// Err is of the kind ErrUnsupported where a codec is not known.
func (a *Array) Err() error { return a.why }

// Read returns the elements in C order in memory of their own. maxElements is how many the array
// and a chunk may have; more is an error of the kind ErrLimit.
func (a *Array) Read(maxElements int) (*ndarray.Array, error) {
	if a.why != nil {
		return nil, a.why
	}
	if n := a.Elements(); n > maxElements {
		return nil, &errkind.LimitError{Limit: "Elements", Max: int64(maxElements), Want: int64(n)}
	}
	out, err := a.filled(a.Shape)
	if err != nil {
		return nil, err
	}
	if n, _ := product(a.Shape); n > 0 {
		if err := a.chunks(out); err != nil {
			return nil, err
		}
	}
	if a.DType.HasObject() {
		return ndarray.NewObjects(a.DType, a.Shape, ndarray.OrderC, out.objects)
	}
	return ndarray.New(a.DType, a.Shape, ndarray.OrderC, out.bytes)
}

// chunks copies what each chunk has.
func (a *Array) chunks(out *block) error {
	index := make([]int, len(a.Shape))
	for {
		key := a.chunkKey(index)
		if data, ok := a.store[a.prefix+key]; ok {
			part, err := a.pipe.decode(data, 0)
			if err != nil {
				return wrap("chunk "+key, err)
			}
			start := make([]int, len(index))
			for i, n := range index {
				start[i] = n * a.Chunks[i]
			}
			out.paste(part, start)
		}
		if !next(index, a.Shape, a.Chunks) {
			return nil
		}
	}
}

// next steps to the next chunk of a grid, in C order; false behind the last.
func next(index, shape, chunks []int) bool {
	for i := len(index) - 1; i >= 0; i-- {
		index[i]++
		if index[i]*chunks[i] < shape[i] {
			return true
		}
		index[i] = 0
	}
	return false
}

// Detach copies what the array needs of its store, whose memory may be taken back.
func (a *Array) Detach() {
	own := Store{}
	for key, value := range a.store {
		if rest, ok := strings.CutPrefix(key, a.prefix); ok && a.isChunk(rest) {
			own[key] = slices.Clone(value)
		}
	}
	a.store = own
}
