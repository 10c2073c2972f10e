package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// readTask reads a dataset or a slice of it into memory of its own, as h5py does, from a file that
// is not mapped. If the name ends in @, the file is mapped; if it ends in @@, the elements are
// copied too.
func readTask(args []string) (func() (any, error), error) {
	b, err := box(args[2:])
	if err != nil {
		return nil, err
	}
	name := strings.TrimRight(args[1], "@")
	mapped := len(args[1]) - len(name)
	f, err := open(args[0], mapped > 0)
	if err != nil {
		return nil, err
	}
	d, err := f.Dataset(name)
	if err != nil {
		return nil, err
	}
	var start, count []int
	if len(b) > 0 {
		start, count = b[:2], b[2:]
	}
	return func() (any, error) {
		a, err := d.Slice(start, count, nil)
		if err == nil && mapped > 1 {
			return ndarray.Values[float64](a)
		}
		return a, err
	}, nil
}

func open(path string, mapped bool) (*hdf5.File, error) {
	if mapped {
		return hdf5.Open(path, nil)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return hdf5.NewReader(f, info.Size(), nil)
}

// array reads a .npy file.
func array(path string) (*ndarray.Array, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return npy.Read(f, nil)
}

// chunk is the shape of the chunks that both sides write.
var chunk = []int{256, 512}

func writeTask(args []string) (func() (any, error), error) {
	a, err := array(args[0])
	if err != nil {
		return nil, err
	}
	options := map[string]*hdf5.DatasetOptions{
		"contiguous": nil,
		"chunked":    {Chunks: chunk},
		"deflate":    {Chunks: chunk, Deflate: 4, Shuffle: true},
	}
	o, ok := options[args[2]]
	if !ok {
		return nil, fmt.Errorf("no storage %q", args[2])
	}
	return func() (any, error) {
		w, err := hdf5.Create(args[1], &hdf5.WriteOptions{NoSync: len(args) > 3})
		if err != nil {
			return nil, err
		}
		if err := w.Dataset("x", a, o); err != nil {
			w.Abort()
			return nil, err
		}
		return nil, w.Close()
	}, nil
}
