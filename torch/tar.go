package torch

import (
	"archive/tar"
	"encoding/binary"
	"io"
	"math/big"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/pickle"
)

// tarFile is a tar of torch.save before PyTorch 0.1.10.
type tarFile struct {
	members map[string]span // where the content of each is in the file
	// objects are the storages and tensors of the last Load, by the numbers that identify them.
	objects map[string]any
}

// span is a range of bytes in a file.
type span struct{ offset, size int64 }

// openTar finds the members of a tar.
func (a *Archive) openTar() error {
	r := io.NewSectionReader(a.r, 0, a.size)
	t := tar.NewReader(r)
	f := &tarFile{members: map[string]span{}}
	for _, name := range magic.TorchTar {
		h, err := t.Next()
		if err != nil {
			return malformed("the tar of torch.save: %v", err)
		}
		if h.Typeflag != tar.TypeReg || h.Name != name {
			return pickle.Unsupported("torch: a tar with the member %.40q where torch.save has %q",
				h.Name, name)
		}
		at, err := r.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if h.Size > a.size-at {
			return malformed("the member %q ends behind the tar", name)
		}
		f.members[name] = span{at, h.Size}
	}
	a.tar, a.names = f, []string{"pickle"}
	return nil
}

// tarMember returns the content of a member.
func (a *Archive) tarMember(name string) ([]byte, error) {
	m := a.tar.members[name]
	if a.window != nil {
		return a.window[m.offset : m.offset+m.size : m.offset+m.size], nil
	}
	data := make([]byte, m.size) // the file has this many bytes: openTar checked that
	_, err := io.ReadFull(io.NewSectionReader(a.r, m.offset, m.size), data)
	return data, err
}

// tarUnpickler returns an Unpickler for a member.
func (a *Archive) tarUnpickler(name string) (*pickle.Unpickler, error) {
	data, err := a.tarMember(name)
	if err != nil {
		return nil, err
	}
	u := pickle.NewUnpicklerBytes(data)
	a.o.setUp(u)
	bridge.SetTally(u, func() int64 { return a.size }, a.tally)
	u.PersistentLoad = func(any) (any, error) {
		return nil, malformed("a persistent id in the member %q", name)
	}
	return u, nil
}

// loadTar reads the object of the file.
//
// Reference: torch/serialization.py, legacy_load.
func (a *Archive) loadTar() (any, error) {
	a.tar.objects = map[string]any{}
	if err := a.tarParts("storages", a.tarStorage); err != nil {
		return nil, err
	}
	if err := a.tarParts("tensors", a.tarTensor); err != nil {
		return nil, err
	}
	u, err := a.tarUnpickler("pickle")
	if err != nil {
		return nil, err
	}
	u.PersistentLoad = a.tarObject
	v, err := u.Load()
	return v, early(err)
}

// early turns io.EOF into an error: the end of a member is not the end of the file.
func early(err error) error {
	if err == io.EOF {
		return malformed("a member of a tar of torch.save ends early")
	}
	return err
}

// tarParts reads a member: a number of parts, and for each part a pickle of three items followed by
// data for the function part. The views of storages follow the storages.
func (a *Archive) tarParts(name string, part func(*pickle.Unpickler, *arguments) error) error {
	u, err := a.tarUnpickler(name)
	if err != nil {
		return err
	}
	first, err := u.Load()
	if err != nil {
		return early(err)
	}
	n, ok := first.(int)
	if !ok || n < 0 {
		return malformed("the member %q does not begin with a count", name)
	}
	for range n {
		v, err := u.Load()
		if err != nil {
			return early(err)
		}
		args := &arguments{name: "the member " + name, args: []any{v}}
		if args.args = args.tuple(0); len(args.args) != 3 {
			return malformed("a part of the member %q is no tuple of 3", name)
		}
		if err := part(u, args); err != nil {
			return err
		}
	}
	if name == "storages" {
		return a.tarViews(u)
	}
	return nil
}

// tarStorage reads what follows (number, location, class): the size and elements of a storage.
func (a *Archive) tarStorage(u *pickle.Unpickler, args *arguments) error {
	id := storageID{}
	var ok bool
	if id.device, ok = text(args.args[1]); !ok {
		return malformed("a storage on no device")
	}
	var err error
	if id.dtype, id.untyped, err = storageClass(args.args[2]); err != nil {
		return err
	}
	size, err := tarInts(u, 1)
	if err != nil {
		return err
	}
	id.size = size[0]
	s := id.new(a.o.Owner)
	nbytes := s.Size * s.itemsize()
	if s.Size < 0 || nbytes/s.itemsize() != s.Size {
		return malformed("a storage of %d elements", s.Size)
	}
	data, err := bridge.ReadPayload(u, int64(nbytes))
	if err != nil {
		return err
	}
	if data == nil {
		data = []byte{}
	}
	if err := s.fill(data); err != nil {
		return err
	}
	return a.tarAdd(args.args[0], s)
}

// tarViews reads a list of views, (number, number of the storage, offset, size).
func (a *Archive) tarViews(u *pickle.Unpickler) error {
	v, err := u.Load()
	if err != nil {
		return early(err)
	}
	list, ok := v.(*types.List)
	if !ok {
		return malformed("the views of storages are no list")
	}
	for _, item := range *list {
		args := &arguments{name: "the view of a storage", args: []any{item}}
		if args.args = args.tuple(0); len(args.args) != 4 {
			return malformed("the view of a storage is no tuple of 4")
		}
		key, _ := number(args.args[1])
		base, ok := a.tar.objects[key].(*Storage)
		offset, size := args.int(2), args.int(3)
		if args.err != nil || !ok || offset < 0 || size < 0 || offset > base.Size ||
			size > base.Size-offset {
			return malformed("the view of a storage from %d, %d elements", offset, size)
		}
		view := *base
		view.Size = size
		if err := view.fill(base.data[offset*base.itemsize():]); err != nil {
			return err
		}
		if err := a.tarAdd(args.args[0], &view); err != nil {
			return err
		}
	}
	return nil
}

// tarTensor reads what follows (number, number of the storage, class): the number of axes, the size
// and stride along each, and the offset of a tensor.
func (a *Archive) tarTensor(u *pickle.Unpickler, args *arguments) error {
	key, _ := number(args.args[1])
	s, ok := a.tar.objects[key].(*Storage)
	if !ok {
		return malformed("a tensor of the storage %.40q, which is not in the file", key)
	}
	head, err := bridge.ReadPayload(u, 8) // an int32 in 8 bytes
	if err != nil {
		return err
	}
	axes := int(int32(binary.LittleEndian.Uint32(head)))
	if axes < 0 || axes > 1<<16 {
		return malformed("a tensor of %d axes", axes)
	}
	n, err := tarInts(u, 2*axes+1)
	if err != nil {
		return err
	}
	made := &arguments{name: "the member tensors",
		args: []any{s, n[2*axes], tupleOf(n[:axes]), tupleOf(n[axes : 2*axes])}}
	t, err := made.dense(&a.o, "")
	if err != nil {
		return err
	}
	return a.tarAdd(args.args[0], t)
}

// tarInts reads n integers of 8 bytes each.
func tarInts(u *pickle.Unpickler, n int) ([]int, error) {
	data, err := bridge.ReadPayload(u, 8*int64(n))
	if err != nil {
		return nil, err
	}
	out := make([]int, n)
	for i := range out {
		x := int64(binary.LittleEndian.Uint64(data[8*i:]))
		if out[i] = int(x); int64(out[i]) != x {
			return nil, malformed("a size of %d", x)
		}
	}
	return out, nil
}

// tupleOf returns a tuple of ints.
func tupleOf(n []int) *types.Tuple {
	t := make(types.Tuple, len(n))
	for i, x := range n {
		t[i] = x
	}
	return &t
}

// number returns the number of a tensor or storage as text. It is an address in the process that
// wrote it.
func number(v any) (string, bool) {
	switch v := v.(type) {
	case int:
		return big.NewInt(int64(v)).String(), true
	case *big.Int:
		return v.String(), true
	}
	return "", false
}

// tarAdd adds a storage or tensor to the objects.
func (a *Archive) tarAdd(key, v any) error {
	text, ok := number(key)
	if !ok || a.tar.objects[text] != nil {
		return malformed("the number %.40q of a tensor or storage is none, or there twice", text)
	}
	a.tar.objects[text] = v
	return nil
}

// tarObject is the hook for persistent IDs: the number of a tensor or storage as text, or a tuple
// of a class of torch.nn with its source.
func (a *Archive) tarObject(pid any) (any, error) {
	if t, ok := pid.(*types.Tuple); ok && len(*t) == 3 {
		return (*t)[0], nil
	}
	key, ok := text(pid)
	n, isNumber := new(big.Int).SetString(key, 10)
	if ok && isNumber && len(key) <= maxNumber {
		if v := a.tar.objects[n.String()]; v != nil {
			return v, nil
		}
	}
	return nil, malformed("the tensor %.40q is not in the file", key)
}

// maxNumber is the largest number of digits of an address.
const maxNumber = 40
