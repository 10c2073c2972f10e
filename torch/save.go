package torch

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"reflect"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// alignment is the alignment in bytes of the storages in a file of torch.save.
const alignment = 64

// Save writes v as torch.save does: a zip that torch.load reads. torch.load accepts it with
// weights_only=True if v consists of None, bools, numbers, strings, bytes, lists, tuples and maps
// of these, and tensors.
//
// An *[ndarray.Array] is written as a tensor on the CPU, a *[Tensor] with all its properties.
// Tensors of one storage share it again, and so do arrays over the same memory. An array is copied
// only if it is in neither C nor F order, or big-endian. A dtype that torch does not have is an
// error of the kind pickle.ErrUnsupported. v is pickled before anything is written, so that such an
// error leaves w unchanged.
func Save(w io.Writer, v any) error {
	s := saver{keys: map[*Storage]string{}, arrays: map[memory]*Storage{}}
	var data bytes.Buffer
	p := pickle.NewPickler(&data)
	p.Protocol = pickle.ProtocolOf(2)
	p.PersistentID, p.Reduce = s.persistentID, s.reduceHook
	if err := p.Dump(v); err != nil {
		return err
	}
	return s.write(w, data.Bytes())
}

// memory identifies the memory of a storage that was made from an array.
type memory struct {
	first *byte
	size  int
	dtype string
	place string // the device
}

// saver collects the storages of an archive. storages are in the order of their keys.
type saver struct {
	keys     map[*Storage]string
	storages []*Storage
	arrays   map[memory]*Storage
}

// persistentID returns the persistent ID of a storage.
func (s *saver) persistentID(v any) (any, error) {
	storage, ok := v.(*Storage)
	if !ok {
		return nil, nil
	}
	key, ok := s.keys[storage]
	if !ok {
		if storage.order == ndarray.BigEndian {
			return nil, pickle.Unsupported("torch: a storage of a big-endian machine")
		}
		key = strconv.Itoa(len(s.storages))
		s.keys[storage] = key
		s.storages = append(s.storages, storage)
	}
	var class any = torchName(dtypes[storage.DType].storage)
	if storage.Untyped {
		class = pyName("torch.storage", "UntypedStorage")
	}
	return &types.Tuple{"storage", class, key, storage.Device, storage.Size}, nil
}

// reduceHook is the Reduce hook of the Pickler.
func (s *saver) reduceHook(t reflect.Type) pickle.ReduceFunc {
	switch t {
	case reflect.TypeFor[*ndarray.Array]():
		return func(v any, _ int) (any, error) {
			tensor, err := NewTensor(v.(*ndarray.Array))
			if err != nil {
				return nil, err
			}
			return tensor.reduce(s.find)
		}
	case reflect.TypeFor[*Tensor]():
		return func(v any, _ int) (any, error) { return v.(*Tensor).reduce(s.find) }
	}
	if bridge.Reduce == nil {
		return nil
	}
	return bridge.Reduce(t)
}

// find is like storageOf, but returns the same storage for the same memory.
func (s *saver) find(t *Tensor) (part, error) {
	p, err := storageOf(t)
	if err != nil || len(p.storage.data) == 0 {
		return p, err
	}
	at := memory{&p.storage.data[0], len(p.storage.data), p.storage.DType, p.storage.Device}
	if known := s.arrays[at]; known != nil {
		p.storage = known
	} else {
		s.arrays[at] = p.storage
	}
	return p, nil
}

// write writes the archive with a pickle and the storages.
func (s *saver) write(w io.Writer, data []byte) error {
	out := &offsetWriter{w: w}
	z := zip.NewWriter(out)
	members := []struct {
		name string
		data []byte
	}{
		{"data.pkl", data},
		{".format_version", []byte("1")},
		{".storage_alignment", []byte(strconv.Itoa(alignment))},
		{"byteorder", []byte("little")},
	}
	for _, m := range members {
		if err := writeMember(z, out, m.name, m.data); err != nil {
			return err
		}
	}
	for i, storage := range s.storages {
		if storage.owner != nil {
			if err := storage.owner.Closed(); err != nil {
				return err
			}
		}
		content := storage.data[:storage.Size*storage.itemsize()]
		if err := writeMember(z, out, "data/"+strconv.Itoa(i), content); err != nil {
			return err
		}
	}
	if err := writeMember(z, out, "version", []byte("3\n")); err != nil {
		return err
	}
	return z.Close()
}

// archiveName is the folder of all members.
const archiveName = "archive/"

// writeMember writes a member without compression. Its content starts at a multiple of the
// alignment.
func writeMember(z *zip.Writer, out *offsetWriter, name string, data []byte) error {
	if err := z.Flush(); err != nil {
		return err
	}
	h := &zip.FileHeader{Name: archiveName + name, Method: zip.Store}
	h.CRC32 = crc32.ChecksumIEEE(data)
	h.CompressedSize64, h.UncompressedSize64 = uint64(len(data)), uint64(len(data))
	h.Extra = padding(out.n + localHeader + int64(len(h.Name)))
	m, err := z.CreateRaw(h)
	if err != nil {
		return err
	}
	n, err := m.Write(data)
	if err == nil && n != len(data) {
		err = errors.New("torch: a short write")
	}
	return err
}

// localHeader is the size in bytes of what precedes a member's name.
const localHeader = 30

// padding returns the extra field, called FB in PyTorch, that moves the content after it from
// offset to a multiple of the alignment.
func padding(offset int64) []byte {
	n := (alignment - (offset+4)%alignment) % alignment
	b := append([]byte("FB"), 0, 0)
	binary.LittleEndian.PutUint16(b[2:], uint16(n))
	return append(b, bytes.Repeat([]byte("Z"), int(n))...)
}

// offsetWriter counts the bytes written.
type offsetWriter struct {
	w io.Writer
	n int64
}

func (o *offsetWriter) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.n += int64(n)
	return n, err
}
