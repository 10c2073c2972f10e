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

// ZarrArray is an array of Zarr whose store is in memory, and so in the pickle.
type ZarrArray struct {
	origin
	// Path is where the array is in its store: "" or "a/b".
	Path string
	// Format is the version of Zarr's format: 2 or 3.
	Format int
	// Shape and Chunks are those of the array and of what a key of the store has: a chunk, or a
	// shard with many.
	Shape, Chunks []int
	// DType is that of the elements: object of text of any length.
	DType *ndarray.DType
	// Codecs are the names of the codecs in the order of encoding.
	Codecs []string
	// DimensionNames are those of format 3, or nil.
	DimensionNames []string
	// Attrs is the dict of the attributes, or nil.
	Attrs any
	// Data are the elements in C order, in memory of their own. It is nil where a codec is none of
	// those that are decoded, and where the elements take more than 1000 times the memory of what
	// the pickle has of them: [ZarrArray.Array] tells which, and lays the latter out.
	Data *ndarray.Array

	array *zarr.Array
}

// ZarrGroup is a group of Zarr whose store is in memory.
type ZarrGroup struct {
	origin
	// Path is where the group is in its store: "" or "a/b".
	Path string
	// Attrs is the dict of the attributes, or nil.
	Attrs any
	// Names are those of the members in order, and Members each a *ZarrArray or *ZarrGroup.
	Names   []string
	Members []LibraryValue
}

// Array returns the elements in C order in memory of their own. The shape is a claim of the file,
// so the caller says how many elements may be laid out, in the array and in one of its chunks,
// which may be larger; more is an error of the kind pickle.ErrLimit. A codec that is not decoded is
// one of the kind pickle.ErrUnsupported.
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
		return nil, err // not the nil of an interface
	}
	return v, err
}

// zarrStore returns what keeps the keys of an array or group in memory, and the path in it.
func zarrStore(state any) (held any, at string, ok bool) {
	if list, isTuple := items(state); isTuple && len(list) > 1 { // zarr before 2.13
		at, ok = asText(list[1])
		return zarrMapping(list[0]), at, ok && zarrMapping(list[0]) != nil
	}
	s, isDict := textKeys(state)
	for _, name := range []string{"_async_array", "_async_group"} {
		if inner, found := s[name].(*pickle.Object); isDict && found {
			return zarrStore(Normalize(inner).State)
		}
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

// zarrKeys collects the keys of a store, in which zarr 2 has a dict for each folder.
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
		case *pickle.Object: // zarr 3's Buffer
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

// maxZarrDepth is how deep folders and groups may be in each other.
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

// zarrNode reads the array or group at a path; nil where there is none.
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

// maxZarrRatio is how many times the memory of what the pickle has of an array its elements may
// take without a caller that asks for them.
const maxZarrRatio = 1000

// zarrArray makes the value of an array, with its elements if they are not many times what is
// stored.
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

// zarrAttrs are attributes as a dict, or nil where there are none.
func zarrAttrs(data []byte) (any, error) {
	if len(data) == 0 {
		return nil, nil
	}
	return readModelJSON(data)
}

// MarshalJSON returns the form of to-json --arrays=values.
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

// Array returns the member of a name if it is an array.
func (g *ZarrGroup) Array(name string) (*ZarrArray, bool) {
	i := slices.Index(g.Names, name)
	if i < 0 {
		return nil, false
	}
	a, ok := g.Members[i].(*ZarrArray)
	return a, ok
}

// MarshalJSON returns the form of to-json --arrays=values.
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
