package torch

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// storageID is the persistent ID of a storage.
type storageID struct {
	dtype   string
	untyped bool
	key     string
	device  string
	size    int // in elements
	view    any // None or (view_key, offset, view_size), in the legacy format only
}

// readStorageID reads ("storage", storage_type, key, location, numel[, view_metadata]). ok is false
// for any other persistent ID.
//
// Reference: torch/serialization.py, persistent_load.
func readStorageID(pid any) (id storageID, ok bool, err error) {
	t, isTuple := pid.(*types.Tuple)
	if !isTuple || len(*t) == 0 {
		return id, false, nil
	}
	items := *t
	if kind, _ := text(items[0]); kind != "storage" {
		return id, false, nil
	}
	if len(items) < 5 || len(items) > 6 {
		return id, true, malformed("the id of a storage has %d items", len(items))
	}
	if id.dtype, id.untyped, err = storageClass(items[1]); err != nil {
		return id, true, err
	}
	var isKey, isDevice, isSize bool
	id.key, isKey = text(items[2])
	id.device, isDevice = text(items[3])
	id.size, isSize = items[4].(int)
	if !isKey || !isDevice || !isSize || id.size < 0 {
		return id, true, malformed("the id of a storage is not one of a type, key, device and size")
	}
	if len(items) == 6 {
		id.view = items[5]
	}
	return id, true, nil
}

// storageClass returns the dtype of a storage class.
func storageClass(class any) (dtype string, untyped bool, err error) {
	g := namedGlobal(class)
	switch g.Module {
	case "torch", "torch.cuda":
		if name, ok := storageDTypes()[g.Name]; ok {
			return name, false, nil
		}
	case "torch.storage":
		if g.Name == "UntypedStorage" || g.Name == "_UntypedStorage" {
			return "uint8", true, nil
		}
	}
	return "", false, pickle.Unsupported("torch: the storage class %.80q", g.String())
}

// new returns a storage without data for the ID.
func (id *storageID) new(owner ndarray.Owner) *Storage {
	return &Storage{DType: id.dtype, Untyped: id.untyped, Device: id.device, Size: id.size,
		owner: owner,
		order: ndarray.LittleEndian}
}

// fill sets the elements of s, which are the first of data.
func (s *Storage) fill(data []byte) error {
	if need := s.Size * s.itemsize(); need/s.itemsize() != s.Size || len(data) < need {
		return malformed("%d bytes in a storage of %d elements of %s", len(data), s.Size, s.DType)
	}
	s.data = data[:s.Size*s.itemsize()]
	return nil
}

// hook sets the PersistentLoad of u to call load for the IDs of storages. The previous hook gets
// all others.
func hook(u *pickle.Unpickler, load func(id storageID) (any, error)) {
	other := u.PersistentLoad
	u.PersistentLoad = func(pid any) (any, error) {
		id, ok, err := readStorageID(pid)
		switch {
		case err != nil:
			return nil, err
		case ok:
			return load(id)
		case other != nil:
			return other(pid)
		}
		return nil, pickle.Unsupported("torch: a persistent id that is not of a storage")
	}
}
