package hdf5

import (
	"errors"
	"io"
	"io/fs"
)

// otherFile is a file that this one names, as Options.External opened it.
type otherFile struct {
	r    io.ReaderAt
	size int64
	err  error
	file *File // as HDF5, once it was opened as that
}

func (o *otherFile) close() error {
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

// maxOthers is how many other files one file may lead to.
const maxOthers = 1 << 12

// outside opens a file that this one names, once.
func (f *File) outside(name string) (*otherFile, error) {
	if f.opts.external == nil {
		return nil, errorf(ErrUnsupported, "data in the file %q, and Options.External is not set",
			name)
	}
	f.otherMu.Lock()
	defer f.otherMu.Unlock()
	if o, ok := f.others[name]; ok {
		return o, o.err
	}
	if len(f.others) >= maxOthers {
		return nil, errorf(ErrLimit, "more than %d other files", maxOthers)
	}
	o := &otherFile{}
	if o.r, o.size, o.err = f.opts.external(name); o.err != nil {
		o.r = nil
		kind := o.err
		if errors.Is(o.err, fs.ErrNotExist) {
			kind = errNoFile
		}
		o.err = &Error{Offset: -1, Kind: kind, Text: "the file " + name + ": " + o.err.Error()}
	}
	if f.others == nil {
		f.others = map[string]*otherFile{}
	}
	f.others[name] = o
	return o, o.err
}

// errNoFile is the kind of the error of a file that is not there: both fs.ErrNotExist and
// ErrNotFound.
var errNoFile = errors.Join(fs.ErrNotExist, ErrNotFound)

// other opens a file that this one names as HDF5.
func (f *File) other(name string) (*File, error) {
	if f.nesting >= f.opts.depth {
		return nil, errorf(ErrLimit, "files that lead through more than %d others", f.opts.depth)
	}
	o, err := f.outside(name)
	if err != nil {
		return nil, err
	}
	f.otherMu.Lock()
	defer f.otherMu.Unlock()
	if o.file == nil {
		file, err := newFile(source{r: o.r, size: o.size}, f.opts)
		if err != nil {
			return nil, inPath(err, name)
		}
		file.nesting = f.nesting + 1
		o.file = file
	}
	return o.file, nil
}
