// Package input has what is around pickles: the formats of files that hold them or arrays, how an
// input is recognised by its first bytes, and mappings.
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

// Source gives the objects of an input one after another; io.EOF at the clean end.
type Source interface {
	Load() (any, error)
	// InputOffset is where the next one begins, in bytes of the decompressed input.
	InputOffset() int64
}

// Options are the options that the reading of inputs depends on.
type Options struct {
	Limits pickle.Limits
	// SetUp gives the options to the unpickler of an array of objects. Where no such array is read
	// it may be nil.
	SetUp func(u *pickle.Unpickler)
	// Owner may take back the memory of arrays in a mapping; nil where there is none.
	Owner ndarray.Owner
}

// NPY are the options for package npy; arrays of objects are pickles inside the file.
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

// npyReader reads the arrays of an .npy input.
type npyReader struct{ d *npy.Decoder }

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

// npyWindow maps the arrays of an .npy file.
type npyWindow struct {
	data []byte
	pos  int
	opts *npy.Options
}

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

// npzSource is an .npz archive: one dict of its arrays by name, as numpy.load shows it. The limits
// hold for all of them together.
type npzSource struct {
	z      *npy.Archive
	size   int64         // of the archive
	limits pickle.Limits // with defaults
	done   bool
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

// Member returns the array of one member, ok being false where there is none of that name.
// Nothing of the others is read.
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

// Archive is implemented by a source that is a dict of members.
type Archive interface {
	Member(name string) (v any, ok bool, err error)
}

// check checks what the deflated members so far unfold to.
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

// OpenZip returns the archive in r if it is an .npz: if its first member is an array.
func OpenZip(r io.ReaderAt, size int64, c *Options) (Source, bool) {
	all := c.forArchive(size)
	z, err := npy.OpenArchive(r, size, all.NPY())
	if src, ok := all.npz(z, size, err); ok {
		return src, true
	}
	return torchArchive(torch.OpenArchive(r, size, c.torch(nil)))
}

// MapZip is OpenZip over memory that arrays may alias.
func MapZip(data []byte, c *Options) (Source, bool) {
	all := c.forArchive(int64(len(data)))
	z, err := npy.MapArchive(data, all.NPY())
	if src, ok := all.npz(z, int64(len(data)), err); ok {
		return src, true
	}
	return torchArchive(torch.MapArchive(data, c.torch(c.Owner)))
}

// OpenTar returns the tar in r if torch.save wrote it, before PyTorch 0.1.10. Else src is nil and
// again is r from where it was.
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

// torchArchive is the source of an archive of PyTorch, if it is one.
func torchArchive(a *torch.Archive, err error) (Source, bool) {
	if err != nil {
		return nil, false
	}
	return &torchSource{a: a}, true
}

// forArchive returns the options for the pickles of one archive of the given size, which limits
// all of them together.
func (c *Options) forArchive(size int64) *Options {
	all := *c
	tally := new(bridge.Tally)
	all.SetUp = func(u *pickle.Unpickler) {
		c.SetUp(u)
		bridge.SetTally(u, func() int64 { return size }, tally)
	}
	return &all
}

func (c *Options) npz(z *npy.Archive, size int64, err error) (Source, bool) {
	if err != nil || len(z.Names()) == 0 || !z.IsArray(z.Names()[0]) {
		return nil, false
	}
	return &npzSource{z: z, size: size, limits: c.Limits.WithDefaults()}, true
}

// ZipOf returns r as what a zip needs, whose directory is at its end: itself where it can be
// read anywhere, else all of it in memory, as long as the limit allows.
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
