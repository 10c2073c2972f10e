package npy

import (
	"bytes"
	"io"
	"io/fs"
	"strings"

	"github.com/unpkl/unpkl/internal/zipfile"
	"github.com/unpkl/unpkl/ndarray"
)

// An Archive is an open .npz file: a zip of named arrays. Its methods are safe for concurrent use
// if its source and Options.Objects are.
//
// Reference: numpy/lib/npyio.py, NpzFile (numpy/lib/_npyio_impl.py since 2.0).
type Archive struct {
	names  []string
	byName map[string]*zipfile.File // by the name with its ending
	window []byte                   // the whole file for MapArchive, else nil
	opts   options
}

// OpenArchive opens an .npz of size bytes. It reads and checks only the directory. Members that
// reach outside the file, overlap, have the same name, or have a name that leads out of a folder
// ("../x") are an error.
func OpenArchive(r io.ReaderAt, size int64, opts *Options) (*Archive, error) {
	zip, err := zipfile.Open(r, size)
	if err != nil {
		return nil, err
	}
	z := &Archive{byName: map[string]*zipfile.File{}, opts: opts.withDefaults()}
	for _, f := range zip.Files() {
		z.byName[f.Name()] = f
	}
	for _, f := range zip.Files() {
		name := strings.TrimSuffix(f.Name(), ".npy")
		if z.byName[name] != nil { // "x" beside "x.npy"
			name = f.Name()
		}
		z.names = append(z.names, name)
	}
	return z, nil
}

// MapArchive opens an .npz in memory, such as a mapped file. Arrays of members that are stored, not
// deflated, share the memory of data, which is not read before their elements are; so their CRC-32
// is not checked. The format does not align them: see [Map].
func MapArchive(data []byte, opts *Options) (*Archive, error) {
	z, err := OpenArchive(bytes.NewReader(data), int64(len(data)), opts)
	if err == nil {
		z.window = data
	}
	return z, err
}

// Names returns the names of the members in the order of the file, without the ending .npy (unless
// another member has that name). The caller must not change the slice.
func (z *Archive) Names() []string { return z.names }

// member returns the member of the given name. As in NumPy, the exact name is tried first, and then
// the name with .npy.
func (z *Archive) member(name string) (*zipfile.File, error) {
	if f := z.byName[name]; f != nil {
		return f, nil
	}
	if f := z.byName[name+".npy"]; f != nil {
		return f, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// IsArray reports whether a member begins as an .npy file does. The content of other members is
// available from Bytes.
func (z *Archive) IsArray(name string) bool {
	f, err := z.member(name)
	if err != nil {
		return false
	}
	r, err := f.Open()
	if err != nil {
		return false
	}
	defer r.Close()
	head := make([]byte, len(Magic))
	_, err = io.ReadFull(r, head)
	return err == nil && string(head) == Magic
}

// Array reads the array of the given name. If there is none, the error matches fs.ErrNotExist. It
// is an error if the member ends inside the array, continues after it, or has another size or
// CRC-32 than in the directory.
func (z *Archive) Array(name string) (*ndarray.Array, error) {
	f, err := z.member(name)
	if err != nil {
		return nil, err
	}
	if data, ok := z.stored(f); ok {
		a, n, err := z.opts.mapArray(data)
		if err == nil && n != len(data) {
			err = errTrailing(name, len(data)-n)
		}
		if err != nil {
			return nil, err
		}
		return a, nil
	}
	r, err := z.open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	d := Decoder{r: newInput(r), src: r, opts: z.opts}
	a, err := d.Decode()
	if err != nil {
		return nil, readError(err, "member")
	}
	// Reading to the end checks the CRC-32.
	if n, err := io.Copy(io.Discard, d.r); err != nil {
		return nil, err
	} else if n > 0 {
		return nil, errTrailing(name, int(n))
	}
	return a, nil
}

func errTrailing(name string, n int) error {
	return malformed("member %q has %d bytes behind its array", name, n)
}

// Open returns a reader of the decompressed content of a member, an .npy file, which needs only a
// small buffer. If the member is shorter than in the directory, or has another CRC-32, the reader
// returns an error at its end. Options.DecompressedBytes bounds members that are deflated.
func (z *Archive) Open(name string) (io.ReadCloser, error) {
	f, err := z.member(name)
	if err != nil {
		return nil, err
	}
	if _, stored := f.Stored(); stored {
		return f.Open()
	}
	return z.open(f)
}

// Bytes returns the decompressed content of a member.
func (z *Archive) Bytes(name string) ([]byte, error) {
	f, err := z.member(name)
	if err != nil {
		return nil, err
	}
	r, err := z.open(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := readData(r, int(f.Size()), false, "member")
	if err != nil {
		return nil, err
	}
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		return nil, err
	}
	return data, nil
}

// Deflated returns the size of a deflated member after decompression, in bytes, according to the
// directory. It returns 0 for a member that is stored or does not exist.
func (z *Archive) Deflated(name string) int64 {
	f, err := z.member(name)
	if err != nil {
		return 0
	}
	if _, stored := f.Stored(); stored {
		return 0
	}
	return f.Size()
}

// stored returns the content of a member that is stored in the window.
func (z *Archive) stored(f *zipfile.File) ([]byte, bool) {
	offset, ok := f.Stored()
	if !ok || z.window == nil {
		return nil, false
	}
	end := offset + f.Size()
	return z.window[offset:end:end], true // zipfile has checked the bounds.
}

// open opens a member for reading within the limits.
func (z *Archive) open(f *zipfile.File) (io.ReadCloser, error) {
	size := f.Size()
	if size > min(z.opts.bytes, maxInt) {
		return nil, limitError("member %q of %d bytes, at most %d allowed", f.Name(), size,
			z.opts.bytes)
	}
	if size > zipfile.RatioFloor && size/max(f.CompressedSize(), 1) >= z.opts.ratio {
		return nil, limitError("member %q is compressed more than %d times", f.Name(), z.opts.ratio)
	}
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	return r, nil
}
