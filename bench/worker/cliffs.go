package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/pickle"
)

// settings are options that a service sets. None of them alone may make loading much slower.
var settings = map[string][]unpkl.Option{
	"none":        nil,
	"Objects":     {unpkl.WithLimits(unpkl.Limits{Objects: 1 << 40})},
	"Memo":        {unpkl.WithLimits(unpkl.Limits{Memo: 1 << 40})},
	"StringBytes": {unpkl.WithLimits(unpkl.Limits{StringBytes: 1 << 40})},
	"Depth":       {unpkl.WithLimits(unpkl.Limits{Depth: 1000})},
	"IntDigits":   {unpkl.WithLimits(unpkl.Limits{IntDigits: 1000})},
	"Dims":        {unpkl.WithLimits(unpkl.Limits{Dims: 8})},
	"Elements":    {unpkl.WithLimits(unpkl.Limits{Elements: 1 << 40})},
	"InputBytes":  {unpkl.WithLimits(unpkl.Limits{InputBytes: 1 << 40})},
	"Expansion":   {unpkl.WithLimits(unpkl.Limits{Expansion: 1 << 40})},
	"shared":      {unpkl.WithSharedInput()},
	"strict":      {unpkl.WithStrict()},
	"hook": {unpkl.WithFindClass(func(module, name string) (any, error) {
		return pickle.Global{Module: module, Name: name}, nil
	})},
}

// cliff returns a task that loads into a T with options.
func cliff[T any](opts []unpkl.Option) task {
	return ofBytes(func(data []byte) (any, error) {
		var v T
		err := unpkl.Unmarshal(data, &v, opts...)
		return v, err
	})
}

// inPieces loads a T from a reader that returns few bytes at a time.
func inPieces[T any](path string) (any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var v T
	err = unpkl.NewDecoder(pieces{f}).Decode(&v)
	return v, err
}

// pieces has only a Read method, which returns at most 4 KiB at a time.
type pieces struct{ r io.Reader }

func (p pieces) Read(b []byte) (int, error) { return p.r.Read(b[:min(len(b), 4<<10)]) }

// fresh loads once and prints the time in seconds, which is that of a process that loads one file.
func fresh(path string, load func(path string) (any, error)) error {
	begin := time.Now()
	v, err := load(path)
	took := time.Since(begin)
	if err == nil {
		fmt.Println(took.Seconds())
	}
	_ = v
	return err
}

func loadInto[T any](path string) (any, error) {
	f, err := unpkl.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var v T
	err = f.Decode(&v)
	return v, err
}

// freshLoads are the ways of loading for fresh.
var freshLoads = map[string]func(path string) (any, error){
	"plain":   func(path string) (any, error) { return unpkl.LoadFile(path) },
	"records": loadInto[[]Record],
	"items":   loadInto[[]Item],
	"floats":  loadInto[[]float64],
	"ints":    loadInto[[]int64],
	"strings": loadInto[[]string],
}

func init() {
	for name, opts := range settings {
		tasks["unpkl cliff-plain-"+name] = cliff[any](opts)
		tasks["unpkl cliff-records-"+name] = cliff[[]Record](opts)
		tasks["unpkl cliff-items-"+name] = cliff[[]Item](opts)
		tasks["unpkl cliff-floats-"+name] = cliff[[]float64](opts)
	}
	tasks["unpkl cliff-plain-pieces"] = ofPath(inPieces[any])
	tasks["unpkl cliff-records-pieces"] = ofPath(inPieces[[]Record])
	tasks["unpkl cliff-items-pieces"] = ofPath(inPieces[[]Item])
	tasks["unpkl cliff-floats-pieces"] = ofPath(inPieces[[]float64])
}
