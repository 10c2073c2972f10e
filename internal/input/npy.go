// Package input reads the file formats around pickles: it recognises an input by its first bytes,
// maps files, and reads formats that hold pickles or arrays.
package input

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

// Source returns the objects of an input one after another.
type Source interface {
	// Load returns the next object, or io.EOF if the input ends before one begins.
	Load() (any, error)
	// InputOffset returns the offset of the next object, in bytes of the decompressed input.
	InputOffset() int64
}

// Options are the options for reading inputs.
type Options struct {
	Limits pickle.Limits
	// SetUp sets the options of an unpickler, for arrays of objects, which are pickled. It may be
	// nil if no such array is read.
	SetUp func(u *pickle.Unpickler)
	// Owner owns the memory of arrays in a mapping. It is nil if there is none.
	Owner ndarray.Owner
}

// NPY returns the options for package npy. Arrays of objects are pickles inside the file.
func (c *Options) NPY() *npy.Options {
	return &npy.Options{
		Dims:              c.Limits.Dims,
		Elements:          c.Limits.Elements,
		DecompressedBytes: c.Limits.DecompressedBytes,
		CompressionRatio:  c.Limits.CompressionRatio,
		Objects: func(r io.Reader) (*ndarray.Array, error) {
			u := pickle.NewUnpickler(r)
			c.SetUp(u)
			v, err := u.Load()
			if err != nil {
				return nil, err
			}
			a, ok := v.(*ndarray.Array)
			if !ok {
				return nil, pyvalue.Errorf(pickle.ErrMalformed,
					"an .npy file whose data is a pickled %s", pyvalue.Describe(v))
			}
			return a, nil
		},
	}
}

// npyReader is the Source of an .npy input that is read as a stream.
type npyReader struct{ d *npy.Decoder }

// NewNPY returns the arrays of an .npy input.
func NewNPY(r io.Reader, c *Options) Source {
	return npyReader{npy.NewDecoder(r, c.NPY())}
}

func (s npyReader) Load() (any, error) {
	a, err := s.d.Decode()
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (s npyReader) InputOffset() int64 { return s.d.InputOffset() }

// npyWindow is the Source of a mapped .npy file.
type npyWindow struct {
	data []byte
	pos  int // offset of the next array
	opts *npy.Options
}

// MapNPY returns the arrays of an .npy file in data. They share its memory.
func MapNPY(data []byte, c *Options) Source {
	return &npyWindow{data: data, opts: c.NPY()}
}

func (s *npyWindow) Load() (any, error) {
	if s.pos == len(s.data) {
		return nil, io.EOF
	}
	a, n, err := npy.Map(s.data[s.pos:], s.opts)
	if err != nil {
		return nil, err
	}
	s.pos += n
	return a, nil
}

func (s *npyWindow) InputOffset() int64 { return int64(s.pos) }

// npzSource is the Source of an .npz archive. It returns one object, a dict of the arrays by name,
// as numpy.load does. The limits hold for all arrays together.
type npzSource struct {
	z      *npy.Archive
	size   int64         // of the archive, in bytes
	limits pickle.Limits // with defaults
	done   bool          // whether Load or Member has succeeded
}

func (s *npzSource) Load() (any, error) {
	if s.done {
		return nil, io.EOF
	}
	s.done = true
	entries := make([]types.DictEntry, 0, len(s.z.Names()))
	var unfolded int64
	for _, name := range s.z.Names() {
		if !s.z.IsArray(name) {
			continue
		}
		size := s.z.Deflated(name)
		unfolded = min(unfolded, math.MaxInt64-size) + size
		if err := s.check(unfolded); err != nil {
			return nil, err
		}
		a, err := s.z.Array(name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, types.DictEntry{Key: name, Value: a})
	}
	return pickle.NewDict(entries...)
}

// Member implements Archive.
func (s *npzSource) Member(name string) (v any, ok bool, err error) {
	if !slices.Contains(s.z.Names(), name) || !s.z.IsArray(name) {
		return nil, false, nil
	}
	if err := s.check(s.z.Deflated(name)); err != nil {
		return nil, false, err
	}
	a, err := s.z.Array(name)
	if err != nil {
		return nil, false, err
	}
	s.done = true
	return a, true, nil
}

// Archive is implemented by a Source that is a dict of members.
type Archive interface {
	// Member returns the value of one member, without reading the others. ok is false if there is
	// no member of that name.
	Member(name string) (v any, ok bool, err error)
}

// check returns an error if unfolded, the decompressed size of the deflated members so far, exceeds
// a limit.
func (s *npzSource) check(unfolded int64) error {
	if most := s.limits.DecompressedBytes; unfolded > most {
		return pyvalue.LimitError("DecompressedBytes", most, unfolded)
	}
	if ratio := unfolded / max(s.size, 1); unfolded > zipfile.RatioFloor &&
		ratio >= s.limits.CompressionRatio {
		return pyvalue.LimitError("CompressionRatio", s.limits.CompressionRatio, ratio)
	}
	return nil
}

func (s *npzSource) InputOffset() int64 { return 0 }

// OpenZip returns the Source of a zip in r that is an .npz, whose first member is an array, or a
// file of PyTorch. ok is false for other zips.
func OpenZip(r io.ReaderAt, size int64, c *Options) (src Source, ok bool) {
	all := c.forArchive(size)
	z, err := npy.OpenArchive(r, size, all.NPY())
	if src, ok := all.npz(z, size, err); ok {
		return src, true
	}
	return torchArchive(torch.OpenArchive(r, size, c.torch(nil)))
}

// MapZip is OpenZip for a zip in memory, which the arrays may share.
func MapZip(data []byte, c *Options) (src Source, ok bool) {
	all := c.forArchive(int64(len(data)))
	z, err := npy.MapArchive(data, all.NPY())
	if src, ok := all.npz(z, int64(len(data)), err); ok {
		return src, true
	}
	return torchArchive(torch.MapArchive(data, c.torch(c.Owner)))
}

// OpenTar returns the Source of a tar in r that torch.save wrote, before PyTorch 0.1.10. For any
// other tar src is nil, and again is a reader of the same bytes as r.
func OpenTar(r io.Reader, c *Options) (src Source, again io.Reader, err error) {
	_, anywhere := r.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !anywhere {
		b := bufio.NewReaderSize(r, magic.TorchTarHead)
		if head, _ := b.Peek(magic.TorchTarHead); !magic.IsTorchTar(head) {
			return nil, b, nil
		}
		r = b
	}
	at, size, err := ZipOf(r, c.Limits.WithDefaults().InputBytes)
	if err != nil {
		return nil, nil, err
	}
	head := make([]byte, min(size, magic.TorchTarHead))
	if n, _ := at.ReadAt(head, 0); !magic.IsTorchTar(head[:n]) {
		return nil, r, nil
	}
	a, err := torch.OpenArchive(at, size, c.torch(nil))
	if err != nil {
		return nil, nil, err
	}
	return &torchSource{a: a}, nil, nil
}

// torchArchive returns the Source of an archive of PyTorch, if there was no error in opening it.
func torchArchive(a *torch.Archive, err error) (Source, bool) {
	if err != nil {
		return nil, false
	}
	return &torchSource{a: a}, true
}

// forArchive returns the options for the pickles in an archive of size bytes. The limits that these
// set hold for all pickles of the archive together.
func (c *Options) forArchive(size int64) *Options {
	all := *c
	tally := new(bridge.Tally)
	all.SetUp = func(u *pickle.Unpickler) {
		c.SetUp(u)
		bridge.SetTally(u, func() int64 { return size }, tally)
	}
	return &all
}

// npz returns the Source of an archive that was opened with err, if it is an .npz. One without
// members is what numpy.savez writes without arrays.
func (c *Options) npz(z *npy.Archive, size int64, err error) (Source, bool) {
	if err != nil || len(z.Names()) > 0 && !z.IsArray(z.Names()[0]) {
		return nil, false
	}
	return &npzSource{z: z, size: size, limits: c.Limits.WithDefaults()}, true
}

// ZipOf returns r as an io.ReaderAt with its size, which a zip needs because its directory is at
// its end. Unless r can be read at any offset, it is read into memory as a whole, up to limit
// bytes.
func ZipOf(r io.Reader, limit int64) (io.ReaderAt, int64, error) {
	if f, ok := r.(interface {
		io.ReaderAt
		io.Seeker
	}); ok {
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return nil, 0, err
		}
		end, err := f.Seek(0, io.SeekEnd)
		if err != nil {
			return nil, 0, err
		}
		if _, err := f.Seek(at, io.SeekStart); err != nil {
			return nil, 0, err
		}
		return io.NewSectionReader(f, at, end-at), end - at, nil
	}
	if limit < 1<<62 {
		r = io.LimitReader(r, limit+1)
	}
	data, err := io.ReadAll(r)
	if err == nil && int64(len(data)) > limit {
		err = pyvalue.LimitError("InputBytes", limit, int64(len(data)))
	}
	return bytes.NewReader(data), int64(len(data)), err
}
