package reconstruct

import (
	"errors"
	"fmt"
	"path"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/internal/zarr"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// ZarrArray is an array of Zarr whose store is in memory and therefore in the pickle.
type ZarrArray struct {
	origin
	// Path is the path of the array in its store: "" or "a/b".
	Path string
	// Format is the version of Zarr's format: 2 or 3.
	Format int
	// Shape is the shape of the array. Chunks is the shape of the part under each key of the store:
	// a chunk, or a shard with many chunks.
	Shape, Chunks []int
	// DType is the dtype of the elements; it is object for text of any length.
	DType *ndarray.DType
	// Codecs are the names of the codecs in the order in which they encode.
	Codecs []string
	// DimensionNames are the names of format 3, or nil.
	DimensionNames []string
	// Attrs is a dict of the attributes, or nil.
	Attrs any
	// Data holds the elements in C order, in its own memory. It is nil if a codec is not supported,
	// or if the elements take more than 1000 times the memory of the stored bytes.
	// [ZarrArray.Array] then returns an error that names the codec, or the elements.
	Data *ndarray.Array

	array *zarr.Array
}

// ZarrGroup is a group of Zarr whose store is in memory.
type ZarrGroup struct {
	origin
	// Path is the path of the group in its store: "" or "a/b".
	Path string
	// Attrs is a dict of the attributes, or nil.
	Attrs any
	// Names are the names of Members, each of which is a *ZarrArray or *ZarrGroup.
	Names   []string
	Members []LibraryValue
}

// Array returns the elements in C order, in memory of their own. The shape comes from the file and
// the file's size does not limit it, so maxElements limits the elements of the array and of a
// chunk, which may be larger; more is an error of the kind pickle.ErrLimit. A codec that is not
// supported is an error of the kind pickle.ErrUnsupported.
func (z *ZarrArray) Array(maxElements int) (*ndarray.Array, error) {
	if z.array == nil {
		return nil, pickle.Malformed("a ZarrArray without a store")
	}
	a, err := z.array.Read(maxElements)
	if err != nil {
		return nil, fmt.Errorf("reconstruct: zarr: %w", err)
	}
	return a, nil
}

// readZarr reads arrays and groups of zarr 2.5 to 3.4.
//
// Reference: zarr-python: v2, zarr/core.py, Array.__getstate__, zarr/hierarchy.py,
// Group.__getstate__; v3, zarr/core/array.py, zarr/storage/_memory.py.
func readZarr(inst namedInstance) (any, error) {
	switch inst.Class.Name {
	case "Array", "Group", "AsyncArray", "AsyncGroup":
	default:
		return nil, nil
	}
	held, at, ok := zarrStore(inst.State)
	if !ok {
		return nil, nil
	}
	store := zarr.Store{}
	if err := zarrKeys(store, held, "", 0); err != nil {
		return nil, err
	}
	v, err := zarrNode(store, at, 0)
	if v == nil {
		return nil, err // an untyped nil
	}
	return v, err
}

// zarrStore returns the object that holds the keys of an array or group in memory, and the path in
// it.
func zarrStore(state any) (held any, at string, ok bool) {
	s, isDict := textKeys(state)
	for _, name := range []string{"_async_array", "_async_group"} {
		if inner, found := s[name].(*pickle.Object); isDict && found {
			state = Normalize(inner).State
			s, isDict = textKeys(state)
			break
		}
	}
	if list, isTuple := items(state); isTuple && len(list) > 1 { // zarr before 2.13
		at, ok = asText(list[1])
		return zarrMapping(list[0]), at, ok && zarrMapping(list[0]) != nil
	}
	if where, found := s["store_path"].(*pickle.Object); isDict && found {
		if s, isDict = textKeys(Normalize(where).State); !isDict {
			return nil, "", false
		}
	}
	at, ok = asText(s["path"])
	held = zarrMapping(s["store"])
	return held, at, ok && held != nil
}

// zarrMapping returns the dict of a store in memory, or nil.
func zarrMapping(v any) any {
	o, isObject := v.(*pickle.Object)
	if !isObject {
		if _, ok := dictEntries(v); ok {
			return v
		}
		return nil
	}
	inst, ok := named(o)
	if !ok {
		return nil
	}
	switch inst.Class.Name {
	case "MemoryStore", "KVStore", "DictStore":
	default:
		return nil
	}
	if list, isTuple := items(inst.State); isTuple && len(list) > 0 {
		return list[0]
	}
	state, _ := textKeys(inst.State)
	for _, name := range []string{"_store_dict", "_mutable_mapping", "root"} {
		if _, isDict := dictEntries(state[name]); isDict {
			return state[name]
		}
	}
	return nil
}

// zarrKeys copies the keys of held to store. zarr 2 nests a dict for each folder.
func zarrKeys(store zarr.Store, held any, at string, depth int) error {
	entries, _ := dictEntries(held)
	if depth == maxZarrDepth {
		return &pickle.LimitError{Limit: "Depth", Max: maxZarrDepth, Want: maxZarrDepth + 1}
	}
	for _, e := range entries {
		key, ok := asText(e.Key)
		if !ok {
			return pickle.Malformed("a key of %s", typeName(e.Key))
		}
		key = path.Join(at, key)
		switch v := e.Value.(type) {
		case *types.Dict:
			if err := zarrKeys(store, v, key, depth+1); err != nil {
				return err
			}
		case *pickle.Object: // Buffer of zarr 3
			state, _ := textKeys(Normalize(v).State)
			data, err := zarrBytes(state["_data"])
			if err != nil {
				return err
			}
			store[key] = data
		default:
			data, err := zarrBytes(v)
			if err != nil {
				return err
			}
			store[key] = data
		}
	}
	return nil
}

// maxZarrDepth limits how deep folders and groups nest.
const maxZarrDepth = 64

// zarrBytes returns the bytes of a value of a store.
func zarrBytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case *types.ByteArray:
		return *v, nil
	case *ndarray.Array:
		if !v.HasObject() {
			return v.AppendBytes(nil, ndarray.OrderC)
		}
	}
	if text, ok := v.(string); ok {
		return []byte(text), nil
	}
	return nil, pickle.Unsupported("a value of %s in a store of zarr", typeName(v))
}

// zarrNode reads the array or group at a path, or returns nil if there is none.
func zarrNode(store zarr.Store, at string, depth int) (LibraryValue, error) {
	a, ok, err := zarr.Open(store, at)
	switch {
	case err != nil:
		return nil, err
	case ok:
		return zarrArray(a, at)
	}
	attrs, paths, ok, err := zarr.Group(store, at)
	if !ok || err != nil {
		return nil, err
	}
	if depth == maxZarrDepth {
		return nil, &pickle.LimitError{Limit: "Depth", Max: maxZarrDepth, Want: int64(depth + 1)}
	}
	g := &ZarrGroup{Path: at}
	if g.Attrs, err = zarrAttrs(attrs); err != nil {
		return nil, err
	}
	for _, p := range paths {
		member, err := zarrNode(store, p, depth+1)
		if err != nil {
			return nil, err
		}
		if member != nil {
			g.Names = append(g.Names, path.Base(p))
			g.Members = append(g.Members, member)
		}
	}
	return g, nil
}

// maxZarrRatio limits the memory of an array's elements to a multiple of the stored bytes, unless
// the caller asks for the elements.
const maxZarrRatio = 1000

// zarrArray returns the value of an array, with its elements if they are within maxZarrRatio.
func zarrArray(a *zarr.Array, at string) (LibraryValue, error) {
	z := &ZarrArray{Path: at, Format: a.Format, Shape: a.Shape, Chunks: a.Chunks, DType: a.DType,
		Codecs: a.Codecs, DimensionNames: a.DimensionNames, array: a}
	var err error
	if z.Attrs, err = zarrAttrs(a.Attrs); err != nil {
		return nil, err
	}
	item := max(a.DType.ItemSize(), 1)
	most := (maxZarrRatio*a.Stored() + 1<<16) / item
	if a.Elements() > most {
		a.Detach()
		return z, nil
	}
	if z.Data, err = a.Read(most); errors.Is(err, pickle.ErrUnsupported) {
		a.Detach()
		return z, nil
	}
	return z, err
}

// zarrAttrs returns attributes as a dict, or nil if there are none.
func zarrAttrs(data []byte) (any, error) {
	if len(data) == 0 {
		return nil, nil
	}
	return readModelJSON(data)
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (z *ZarrArray) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(z) }

// Form implements [LibraryValue].
func (z *ZarrArray) Form() string { return "$zarr" }

// Parts implements [LibraryValue].
func (z *ZarrArray) Parts() []Part {
	parts := []Part{{Name: "zarr_format", Value: z.Format}, {Name: "shape", Value: z.Shape},
		{Name: "chunks", Value: z.Chunks}}
	if z.DType != nil {
		parts = append(parts, Part{Name: "dtype", Value: z.DType})
	}
	parts = append(parts, Part{Name: "codecs", Value: z.Codecs})
	if z.DimensionNames != nil {
		parts = append(parts, Part{Name: "dimension_names", Value: z.DimensionNames})
	}
	parts = append(parts, Part{Name: "attrs", Value: z.Attrs})
	return partOrNone(parts, "data", z.Data)
}

// Places implements [LibraryValue].
func (z *ZarrArray) Places() []*any { return []*any{&z.Attrs} }

// String returns the dtype, the shape and the codecs.
func (z *ZarrArray) String() string {
	if z.DType == nil {
		return ""
	}
	return fmt.Sprintf("%s %v in chunks of %v, %v", z.DType, z.Shape, z.Chunks, z.Codecs)
}

// Array returns the member with a name; ok is false if there is none or it is a group.
func (g *ZarrGroup) Array(name string) (a *ZarrArray, ok bool) {
	i := slices.Index(g.Names, name)
	if i < 0 {
		return nil, false
	}
	a, ok = g.Members[i].(*ZarrArray)
	return a, ok
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (g *ZarrGroup) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(g) }

// Form implements [LibraryValue].
func (g *ZarrGroup) Form() string { return "$zarr_group" }

// Parts implements [LibraryValue].
func (g *ZarrGroup) Parts() []Part {
	members := &types.Dict{}
	for i, name := range g.Names {
		*members = append(*members, types.DictEntry{Key: name, Value: g.Members[i]})
	}
	return []Part{{Name: "attrs", Value: g.Attrs}, {Name: "members", Value: members}}
}

// Places implements [LibraryValue].
func (g *ZarrGroup) Places() []*any {
	places := []*any{&g.Attrs}
	for _, m := range g.Members {
		places = append(places, m.Places()...)
	}
	return places
}

// String returns the number of members.
func (g *ZarrGroup) String() string { return fmt.Sprintf("%d members", len(g.Names)) }
