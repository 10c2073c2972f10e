package torch

import (
	"bytes"
	"io"
	"path"
	"strings"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Archive is a file of torch.save since PyTorch 1.6 or of torch.jit.save: a zip with a pickle and a
// member for each storage. It can also be a file of torch.save before PyTorch 0.1.10: a tar with
// members for all tensors and all storages. Its methods are not safe for concurrent use.
//
// Reference: caffe2/serialize/inline_container.h; torch/serialization.py, _load.
type Archive struct {
	r      io.ReaderAt
	size   int64
	window []byte // the whole file, or nil
	o      Options
	limits pickle.Limits // with defaults
	prefix string        // folder of all members, with its slash
	byName map[string]*zipfile.File
	names  []string // of the pickles
	order  ndarray.ByteOrder
	// unfolded is the decompressed size of the compressed members read so far, in bytes.
	unfolded int64
	tally    *bridge.Tally
	tar      *tarFile // nil for a zip
}

// OpenArchive opens an archive of size bytes and reads its directory. A zip without a pickle of
// torch is an error of the kind pickle.ErrUnsupported.
func OpenArchive(r io.ReaderAt, size int64, o Options) (*Archive, error) {
	a := &Archive{r: r, size: size, o: o, limits: o.Limits.WithDefaults(),
		order:  ndarray.LittleEndian,
		byName: map[string]*zipfile.File{}, tally: &bridge.Tally{}}
	head := make([]byte, min(size, magic.TorchTarHead))
	if n, _ := r.ReadAt(head, 0); magic.IsTorchTar(head[:n]) {
		if err := a.openTar(); err != nil {
			return nil, err
		}
		return a, nil
	}
	zip, err := zipfile.Open(r, size)
	if err != nil {
		return nil, err
	}
	for _, f := range zip.Files() {
		name := f.Name()
		a.byName[name] = f
		folder, rest, ok := strings.Cut(name, "/")
		if ok && (rest == "data.pkl" || rest == "constants.pkl" || rest == "attributes.pkl") {
			if a.prefix == "" {
				a.prefix = folder + "/"
			}
		}
	}
	for _, name := range []string{"data.pkl", "constants.pkl", "attributes.pkl"} {
		if a.prefix != "" && a.byName[a.prefix+name] != nil {
			a.names = append(a.names, name)
		}
	}
	if len(a.names) == 0 {
		return nil, pickle.Unsupported("torch: a zip without the data.pkl of torch.save")
	}
	return a, a.readByteOrder()
}

// MapArchive opens an archive in memory, perhaps a mapped file. Tensors alias data, and elements
// are not read before they are used.
func MapArchive(data []byte, o Options) (*Archive, error) {
	a, err := OpenArchive(bytes.NewReader(data), int64(len(data)), o)
	if err == nil {
		a.window = data
	}
	return a, err
}

// readByteOrder reads the member with the byte order of the elements. Without it they are
// little-endian.
func (a *Archive) readByteOrder() error {
	f := a.byName[a.prefix+"byteorder"]
	if f == nil {
		return nil
	}
	data, err := a.member(f)
	if err != nil {
		return err
	}
	switch string(data) {
	case "little":
	case "big":
		a.order = ndarray.BigEndian
	default:
		return malformed("byte order %.20q", data)
	}
	return nil
}

// Pickles returns the names of the pickles in the archive: "data.pkl", which has the saved object;
// "constants.pkl" in a TorchScript archive; "pickle" in a tar.
func (a *Archive) Pickles() []string { return a.names }

// Load reads one of the pickles with its storages.
func (a *Archive) Load(name string) (any, error) {
	if a.tar != nil && name == a.names[0] {
		return a.loadTar()
	}
	f := a.byName[a.prefix+name]
	if f == nil {
		return nil, malformed("no member %.80q", name)
	}
	data, err := a.member(f)
	if err != nil {
		return nil, err
	}
	u := pickle.NewUnpicklerBytes(data)
	a.o.setUp(u)
	bridge.SetTally(u, func() int64 { return a.size }, a.tally)
	storages := map[string]*Storage{}
	folder := a.prefix + strings.TrimSuffix(name, path.Ext(name)) + "/"
	hook(u, func(id storageID) (any, error) { return a.storage(storages, folder, id) })
	v, err := u.Load()
	if err == io.EOF {
		err = malformed("the member %.80q is empty", name)
	}
	return v, err
}

// storage returns the storage for an id: a known one, or a new one with the content of its member.
func (a *Archive) storage(storages map[string]*Storage, folder string, id storageID) (any, error) {
	f := a.byName[folder+id.key]
	if f == nil {
		return nil, malformed("the storage %.40q is not in the archive", id.key)
	}
	known := storages[id.key]
	if known != nil && known.DType == id.dtype && known.Size == id.size {
		return known, nil
	}
	s := id.new(a.o.Owner)
	s.order = a.order
	if known != nil { // the same memory as another dtype
		return s, s.fill(known.data[:cap(known.data)])
	}
	data, err := a.member(f)
	if err != nil {
		return nil, err
	}
	if err := s.fill(data); err != nil {
		return nil, err
	}
	storages[id.key] = s
	return s, nil
}

// member returns the content of a member. torch does not compress members and may omit their
// CRC-32.
func (a *Archive) member(f *zipfile.File) ([]byte, error) {
	if offset, ok := f.Stored(); ok {
		if a.window != nil {
			return a.window[offset : offset+f.Size() : offset+f.Size()], nil
		}
		// The directory was checked: the file has this many bytes.
		data := make([]byte, f.Size())
		_, err := io.ReadFull(io.NewSectionReader(a.r, offset, f.Size()), data)
		return data, err
	}
	if a.unfolded += f.Size(); a.unfolded > a.limits.DecompressedBytes {
		return nil, &pickle.LimitError{Limit: "DecompressedBytes", Max: a.limits.DecompressedBytes,
			Want: a.unfolded}
	}
	ratio := a.unfolded / max(a.size, 1)
	if a.unfolded > zipfile.RatioFloor && ratio >= a.limits.CompressionRatio {
		return nil, &pickle.LimitError{Limit: "CompressionRatio", Max: a.limits.CompressionRatio,
			Want: ratio}
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
