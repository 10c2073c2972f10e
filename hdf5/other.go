package hdf5

import (
	"errors"
	"io"
	"io/fs"
)

// externalFile is a file that another file names, as Options.External opened it.
type externalFile struct {
	r    io.ReaderAt
	size int64
	err  error
	file *File // set once it was opened as an HDF5 file
}

func (o *externalFile) close() error {
	if o.file != nil {
		if err := o.file.Close(); err != nil {
			return err
		}
	}
	if c, ok := o.r.(io.Closer); ok {
		return c.Close()
	}
	return nil
}

// maxExternalFiles bounds the number of other files that one file names.
const maxExternalFiles = 1 << 12

// openExternal opens a file that this file names, or returns it if it is open.
func (f *File) openExternal(name string) (*externalFile, error) {
	if f.opts.external == nil {
		return nil, errorf(ErrUnsupported, "data in the file %q, and Options.External is not set",
			name)
	}
	f.externalMu.Lock()
	defer f.externalMu.Unlock()
	if o, ok := f.externals[name]; ok {
		return o, o.err
	}
	if len(f.externals) >= maxExternalFiles {
		return nil, errorf(ErrLimit, "more than %d other files", maxExternalFiles)
	}
	o := &externalFile{}
	if o.r, o.size, o.err = f.opts.external(name); o.err != nil {
		o.r = nil
		kind := o.err
		if errors.Is(o.err, fs.ErrNotExist) {
			kind = errNoFile
		}
		o.err = &Error{Offset: -1, Kind: kind, Text: "the file " + name + ": " + o.err.Error()}
	}
	if f.externals == nil {
		f.externals = map[string]*externalFile{}
	}
	f.externals[name] = o
	return o, o.err
}

// errNoFile is the kind of the error for a file that does not exist. It matches both fs.ErrNotExist
// and ErrNotFound.
var errNoFile = errors.Join(fs.ErrNotExist, ErrNotFound)

// openExternalHDF5 opens an HDF5 file that this file names.
func (f *File) openExternalHDF5(name string) (*File, error) {
	if f.nesting >= f.opts.depth {
		return nil, errorf(ErrLimit, "files that lead through more than %d others", f.opts.depth)
	}
	o, err := f.openExternal(name)
	if err != nil {
		return nil, err
	}
	f.externalMu.Lock()
	defer f.externalMu.Unlock()
	if o.file == nil {
		file, err := newFile(source{r: o.r, size: o.size}, f.opts)
		if err != nil {
			return nil, withPath(err, name)
		}
		file.nesting = f.nesting + 1
		o.file = file
	}
	return o.file, nil
}
