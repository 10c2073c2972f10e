package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/internal/compress"
)

// otherFormats are endings of files that are no pickles.
var otherFormats = []string{
	".npy", ".npz", ".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".md", ".parquet",
	".feather",
	".arrow", ".ipc", ".h5", ".hdf5", ".hdf", ".mat", ".xlsx", ".yaml", ".yml", ".toml", ".xml",
	".html",
	".safetensors", ".onnx", ".msgpack", ".avro", ".orc", ".sqlite", ".db",
}

// checkPickleName returns an error if the ending of a file, apart from that of a compression, says
// that it is something other than a pickle.
func checkPickleName(name string) error {
	ending := strings.ToLower(filepath.Ext(name))
	if compress.FormatOf(name) != compress.Plain {
		ending = strings.ToLower(filepath.Ext(strings.TrimSuffix(name, filepath.Ext(name))))
	}
	if slices.Contains(otherFormats, ending) {
		return usageErrorf("%s would be a pickle, which its ending %s does not say", name, ending)
	}
	return nil
}

// writeOutput writes the output of fill to a file with the compression that the ending names, to an
// object of a store, or to standard output for "-". A file is replaced only when it is complete: it
// is written under another name first. Standard output gets nothing if fill fails.
func writeOutput(s *streams, name string, fill func(w io.Writer) error) error {
	if name == "-" {
		var held spool
		defer held.close()
		if err := fill(&held); err != nil {
			return err
		}
		return held.copyTo(s.out)
	}
	return outputTo(name, func(path string) error { return writeOutputFile(path, fill) })
}

func writeOutputFile(name string, fill func(w io.Writer) error) error {
	mode := os.FileMode(0o644)
	if info, err := os.Stat(name); err == nil {
		mode = info.Mode().Perm()
		if !info.Mode().IsRegular() {
			return writeStream(name, fill)
		}
	}
	f, done, err := keepTrack(func() (*os.File, error) {
		return os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	})
	if err != nil {
		return err
	}
	defer done()
	err = compressed(f, name, fill)
	if err == nil {
		err = f.Chmod(mode)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// writeStream writes to something other than a regular file, such as a pipe or a device.
func writeStream(name string, fill func(w io.Writer) error) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = compressed(f, name, fill)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

func compressed(f *os.File, name string, fill func(w io.Writer) error) error {
	z, err := compress.Create(f, name)
	if err != nil {
		return err
	}
	err = fill(z)
	if e := z.Close(); err == nil {
		err = e
	}
	return err
}
