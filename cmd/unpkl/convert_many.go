package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/convert"
)

// conversion is one file to convert and the name of its output.
type conversion struct{ in, out string }

// convertEach converts each input, or each file in an input that is a folder, to a file in the
// folder out, several at once. It tries all and returns the first error.
func convertEach(s *streams, flags *convertFlags, ins []string, out string,
	opts []convert.Option) error {
	jobs, err := conversions(ins, out, ending(flags.to))
	if err != nil {
		return err
	}
	bar, end := s.progress("convert", len(jobs))
	next := make(chan conversion)
	var wait sync.WaitGroup
	var lock sync.Mutex
	errs := make(map[string]error)
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		wait.Go(func() {
			for c := range next {
				err := os.MkdirAll(filepath.Dir(c.out), 0o755)
				if err == nil {
					err = convertOne(s, flags, c.in, c.out, opts)
				}
				lock.Lock()
				errs[c.in] = err
				bar()
				lock.Unlock()
			}
		})
	}
	for _, c := range jobs {
		next <- c
	}
	close(next)
	wait.Wait()
	end()
	for _, c := range jobs {
		if err := errs[c.in]; err != nil {
			return err
		}
	}
	return nil
}

// ending returns the usual ending of files in a format.
func ending(format string) string {
	for _, f := range convert.Formats() {
		if f.Name == format && len(f.Endings) > 0 {
			return f.Endings[0]
		}
		for _, e := range f.Endings {
			if e == "."+strings.TrimPrefix(format, ".") {
				return e
			}
		}
	}
	return "." + format
}

// conversions lists the files to convert. It returns an error if two would get the same output,
// also on file systems that do not distinguish case.
func conversions(ins []string, out, ending string) ([]conversion, error) {
	var jobs []conversion
	inputOf := map[string]string{}
	add := func(in, relative string) error {
		name := filepath.Join(out, filepath.Dir(relative), stem(relative)+ending)
		if other, twice := inputOf[strings.ToLower(name)]; twice {
			return usageErrorf("%s and %s would both become %s", other, in, name)
		}
		inputOf[strings.ToLower(name)] = in
		jobs = append(jobs, conversion{in, name})
		return nil
	}
	for _, in := range ins {
		info, err := statAny(in)
		if err != nil {
			return nil, &fileError{in, err}
		}
		if !info.IsDir() {
			if err := add(in, filepath.Base(in)); err != nil {
				return nil, err
			}
			continue
		}
		err = filepath.WalkDir(in, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), ".") {
				return err
			}
			relative, err := filepath.Rel(in, path)
			return errors.Join(err, add(path, relative))
		})
		if err != nil {
			return nil, err
		}
	}
	return jobs, nil
}
