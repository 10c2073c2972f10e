package main

import (
	"errors"
	"io"
	"os"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/store"
)

// opened is an open FILE argument.
type opened struct {
	decoder
	ends []io.Closer // to close in this order
}

// decoder is the common interface of unpkl.Decoder and unpkl.FileDecoder.
type decoder interface {
	Decode(v any) error
	Protocol() (int, bool)
	More() (bool, error)
	InputOffset() int64
}

// openInput opens a file of pickles; "-" stands for standard input. A regular file is mapped into
// memory, so that arrays are not copied. Anything else is read as a stream.
func openInput(s *streams, name string, opts ...unpkl.Option) (*opened, error) {
	// Keep str of Python 2 apart from str, so that one that is no text can be told.
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

// openObject opens an object of a store. It reads only the ranges that the caller needs.
func openObject(s *streams, o *store.Object, opts []unpkl.Option) (*opened, error) {
	opts = append([]unpkl.Option{unpkl.WithObjects(), unpkl.WithEncoding(pickle.EncodingKeep)},
		opts...)
	s.gc.object(o.Size())
	return decoderOf(unpkl.OpenReaderAt(o, o.Size(), opts...))
}

// decoderOf returns an input that decodes f and closes it in the end. err is the error of opening
// f.
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

// next returns the value of the next pickle as an object, or io.EOF after the last.
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
