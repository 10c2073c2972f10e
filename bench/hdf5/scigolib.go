package main

import (
	"fmt"

	"github.com/scigolib/hdf5"

	"github.com/unpkl/unpkl/ndarray"
)

func scigolibReadTask(args []string) (func() (any, error), error) {
	b, err := box(args[2:])
	if err != nil {
		return nil, err
	}
	f, err := hdf5.Open(args[0])
	if err != nil {
		return nil, err
	}
	var found *hdf5.Dataset
	f.Walk(func(path string, o hdf5.Object) {
		if d, ok := o.(*hdf5.Dataset); ok && path == "/"+args[1] {
			found = d
		}
	})
	if found == nil {
		return nil, fmt.Errorf("no dataset %q", args[1])
	}
	if len(b) == 0 {
		return func() (any, error) {
			if x, err := found.ReadStrings(); err == nil {
				return x, nil
			}
			return found.Read()
		}, nil
	}
	start := []uint64{uint64(b[0]), uint64(b[1])}
	count := []uint64{uint64(b[2]), uint64(b[3])}
	return func() (any, error) {
		return found.ReadSlice(start, count)
	}, nil
}

func scigolibWriteTask(args []string) (func() (any, error), error) {
	a, err := array(args[0])
	if err != nil {
		return nil, err
	}
	x, err := ndarray.Values[float64](a)
	if err != nil {
		return nil, err
	}
	shape := []uint64{uint64(a.Shape()[0]), uint64(a.Shape()[1])}
	if args[2] != "contiguous" {
		return nil, fmt.Errorf("h5py does not read what it writes as %s", args[2])
	}
	return func() (any, error) {
		w, err := hdf5.CreateForWrite(args[1], hdf5.CreateTruncate)
		if err != nil {
			return nil, err
		}
		d, err := w.CreateDataset("/x", hdf5.Float64, shape)
		if err != nil {
			return nil, err
		}
		if err := d.Write(x); err != nil {
			return nil, err
		}
		return nil, w.Close()
	}, nil
}
