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

// Array is an array of a store. Its fields are the metadata, after checks.
type Array struct {
	// Format is the version of the format: 2 or 3.
	Format int
	// Shape and Chunks (the shape of a chunk) have the same length; no chunk is empty.
	Shape, Chunks []int
	// DType is the dtype of the decoded elements; object for text and bytes of variable length.
	DType *ndarray.DType
	// Codecs are the names of the codecs, in the order of encoding.
	Codecs []string
	// FillValue is the value of elements without a chunk, as in the metadata's JSON.
	FillValue any
	// Attrs are the attributes, a JSON object, or nil.
	Attrs json.RawMessage
	// DimensionNames are set for format 3, one for each dimension, or nil.
	DimensionNames []string

	store  Store
	prefix string // of the keys of chunks
	// pipe decodes the chunks. It is nil if a codec is not known; codecErr then names the codec.
	pipe     *pipeline
	codecErr error
	// chunkKey returns the key of a chunk, without the prefix.
	chunkKey func(index []int) string
}

// Open returns the array at a path of a store, such as "" or "a/b". ok is false if there is none.
func Open(s Store, at string) (a *Array, ok bool, err error) {
	a = &Array{store: s, prefix: keyPrefix(at)}
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

// keyPrefix returns the beginning of the keys of the node at a path.
func keyPrefix(at string) string {
	at = strings.Trim(path.Clean("/"+at), "/")
	if at == "" {
		return ""
	}
	return at + "/"
}

// nodeType returns the type in a zarr.json: "array" or "group".
func nodeType(data []byte) string {
	var node struct {
		Type string `json:"node_type"`
	}
	_ = json.Unmarshal(data, &node) // on an error the type stays ""
	return node.Type
}

// Group returns the attributes of the group at a path (a JSON object or nil), and the sorted paths
// of its members. ok is false if there is no group.
func Group(s Store, at string) (attrs json.RawMessage, members []string, ok bool, err error) {
	p := keyPrefix(at)
	if data, found := s[p+"zarr.json"]; found && nodeType(data) == "group" {
		attrs, err = attributes3(data)
		return attrs, membersOf(s, p, "zarr.json"), err == nil, err
	}
	if _, found := s[p+".zgroup"]; found {
		return s[p+".zattrs"], membersOf(s, p, ".zarray", ".zgroup"), true, nil
	}
	return nil, nil, false, nil
}

// membersOf returns the paths of the nodes directly below a prefix. marks are the names of the keys
// that make a node.
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

// attributes3 returns the attributes in a zarr.json.
func attributes3(data []byte) (json.RawMessage, error) {
	var node struct {
		Attributes json.RawMessage `json:"attributes"`
	}
	if err := json.Unmarshal(data, &node); err != nil {
		return nil, malformed("zarr.json: %v", err)
	}
	return node.Attributes, nil
}

// checkShape checks the shapes in the metadata.
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

// product returns the number of elements of a shape; ok is false if it does not fit an int.
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

// Stored returns the size of the array's stored chunks, in bytes.
func (a *Array) Stored() int {
	n := 0
	for key, value := range a.store {
		if rest, ok := strings.CutPrefix(key, a.prefix); ok && a.isChunk(rest) {
			n += len(value)
		}
	}
	return n
}

// isChunk reports whether a key, without the prefix, is that of a chunk and not of metadata.
func (a *Array) isChunk(key string) bool {
	last := path.Base(key)
	return last != "zarr.json" && !strings.HasPrefix(last, ".z")
}

// Elements returns the number of elements of the array, or of one of its chunks if that is larger.
func (a *Array) Elements() int {
	n, _ := product(a.Shape)
	chunk, _ := product(a.Chunks)
	return max(n, chunk)
}

// Err returns an error of the kind ErrUnsupported if a codec is not known, else nil.
func (a *Array) Err() error { return a.codecErr }

// Read returns the elements in C order, in memory of their own. If the array or a chunk has more
// than maxElements, the error is of the kind ErrLimit.
func (a *Array) Read(maxElements int) (*ndarray.Array, error) {
	if a.codecErr != nil {
		return nil, a.codecErr
	}
	if n := a.Elements(); n > maxElements {
		return nil, &errkind.LimitError{Limit: "Elements", Max: int64(maxElements), Want: int64(n)}
	}
	out, err := a.newBlock(a.Shape)
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

// chunks copies the stored chunks to out.
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
		if !nextChunk(index, a.Shape, a.Chunks) {
			return nil
		}
	}
}

// nextChunk advances index to the next chunk of a grid in C order. It returns false after the last.
func nextChunk(index, shape, chunks []int) bool {
	for i := len(index) - 1; i >= 0; i-- {
		index[i]++
		if index[i]*chunks[i] < shape[i] {
			return true
		}
		index[i] = 0
	}
	return false
}

// Detach copies the chunks of the array, so that the memory of the store may be reused.
func (a *Array) Detach() {
	own := Store{}
	for key, value := range a.store {
		if rest, ok := strings.CutPrefix(key, a.prefix); ok && a.isChunk(rest) {
			own[key] = slices.Clone(value)
		}
	}
	a.store = own
}
