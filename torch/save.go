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

// alignment is what torch.save aligns the storages in a file to, in bytes.
const alignment = 64

// Save writes v as torch.save does: a zip that torch.load reads, with weights_only=True if v
// consists of None, bools, numbers, strings, bytes, lists, tuples and maps of these, and of
// tensors.
//
// An *[ndarray.Array] is written as a tensor on the CPU, a *[Tensor] with all that it has. Tensors
// that came from one storage share it again, and so do arrays whose elements are the same memory.
// Only an array that is in neither C nor F order, or big-endian, is copied. A dtype that torch does
// not have is an error of the kind pickle.ErrUnsupported. Nothing is written unless all of v can
// be.
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

// memory tells where the elements of an array are.
type memory struct {
	first *byte
	size  int
	dtype string
	place string // the device
}

// saver collects the storages of an archive.
type saver struct {
	keys     map[*Storage]string
	storages []*Storage
	arrays   map[memory]*Storage
}

// persistentID gives storages their ids.
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

// find is storageOf, with one storage for the same memory.
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

// write writes the archive around the pickle.
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

// archiveName is the folder in the zip.
const archiveName = "archive/"

// writeMember writes a member as it is, its content at a multiple of the alignment.
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

// localHeader is the size of what stands before a member's name, in bytes.
const localHeader = 30

// padding is the extra field, which PyTorch calls FB, that makes what begins at the offset begin at
// a multiple of the alignment.
func padding(offset int64) []byte {
	n := (alignment - (offset+4)%alignment) % alignment
	b := append([]byte("FB"), 0, 0)
	binary.LittleEndian.PutUint16(b[2:], uint16(n))
	return append(b, bytes.Repeat([]byte("Z"), int(n))...)
}

// offsetWriter counts what is written.
type offsetWriter struct {
	w io.Writer
	n int64
}

func (o *offsetWriter) Write(p []byte) (int, error) {
	n, err := o.w.Write(p)
	o.n += int64(n)
	return n, err
}
