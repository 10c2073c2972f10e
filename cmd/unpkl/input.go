package main

import (
	"errors"
	"io"
	"os"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/store"
)

// opened is a FILE argument that is read as pickles.
type opened struct {
	decoder
	ends []io.Closer
}

// decoder is what a Decoder and a FileDecoder have in common.
type decoder interface {
	Decode(v any) error
	Protocol() (int, bool)
	More() (bool, error)
	InputOffset() int64
}

// openInput opens name, "-" for standard input. A regular file is mapped, so
// that arrays are not read; anything else is a stream.
func openInput(s *streams, name string, opts ...unpkl.Option) (*opened, error) {
	// A Python 2 str that is no text must be seen to be none.
	opts = append([]unpkl.Option{unpkl.WithObjects(), unpkl.WithEncoding(pickle.EncodingKeep)},
		opts...)
	if name == "-" {
		return &opened{decoder: unpkl.NewDecoder(s.gc.reader(s.in), opts...)}, nil
	}
	if objects.Has(name) {
		o, err := objects.open(name)
		if err != nil {
			return nil, err
		}
		return openObject(s, o, opts)
	}
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		return &opened{unpkl.NewDecoder(s.gc.reader(f), opts...), []io.Closer{f}}, nil
	}
	s.gc.file(name)
	return decoderOf(unpkl.Open(name, opts...))
}

// openObject opens an object of a store, of which no more is read than what is asked for needs.
func openObject(s *streams, o *store.Object, opts []unpkl.Option) (*opened, error) {
	opts = append([]unpkl.Option{unpkl.WithObjects(), unpkl.WithEncoding(pickle.EncodingKeep)},
		opts...)
	s.gc.object(o.Size())
	return decoderOf(unpkl.OpenReaderAt(o, o.Size(), opts...))
}

// decoderOf is the input of a file that was opened, which it closes.
func decoderOf(f *unpkl.File, err error) (*opened, error) {
	if err != nil {
		return nil, err
	}
	d, err := f.Decoder()
	if err != nil {
		f.Close()
		return nil, err
	}
	return &opened{d, []io.Closer{d, f}}, nil
}

// next returns the next pickle as an object; io.EOF where none follows.
func (in *opened) next() (v any, err error) {
	err = in.Decode(&v)
	return v, err
}

func (in *opened) close() {
	for _, c := range in.ends {
		c.Close()
	}
}

var errEmpty = errors.New("the input is empty, there is no pickle in it")
