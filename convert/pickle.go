package convert

import (
	"io"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

var pickleFormat = &Format{
	Name: "pickle", Endings: []string{".pkl", ".pickle", ".p", ".pk"},
	About: "Python's pickle, protocols 0 to 5",
	Holds: kindAny, Compressed: true, read: readPickle, write: writePickle,
}

var joblibFormat = &Format{
	Name: "joblib", Endings: []string{".joblib"},
	About: "joblib.dump: a pickle with arrays in the open",
	Holds: kindAny, Compressed: true, read: readPickle,
	write: func(out *output, v any) error {
		return out.pickle(v, append([]unpkl.Option{unpkl.WithJoblib()}, out.config.pickle...))
	},
}

// readPickle reads the files that package unpkl loads: pickles, joblib files, .npy and .npz.
func readPickle(in *input) (any, error) {
	opts := []unpkl.Option{unpkl.WithObjects(), unpkl.WithEncoding(pickle.EncodingKeep),
		unpkl.WithLimits(in.limits)}
	return unpkl.LoadFile(in.path, append(opts, in.unpickle...)...)
}

func writePickle(out *output, v any) error { return out.pickle(v, out.config.pickle) }

func (out *output) pickle(v any, opts []unpkl.Option) error {
	return out.write(func(w io.Writer) error {
		return unpkl.NewEncoder(w, opts...).Encode(goValue(v))
	})
}

// goValue returns a value of this package's types in the form that package unpkl writes.
func goValue(v any) any {
	switch x := v.(type) {
	case list:
		return []any(x)
	case dict:
		return x.object()
	}
	return v
}

var npyFormat = &Format{
	Name: "npy", Endings: []string{".npy"}, About: "numpy.save: one array", magic: magic.NPY,
	Holds: KindArray | KindStructured, read: readPickle, write: writeNPY,
	openArray: openNPY, writeArray: writeNPYStream,
}

var npzFormat = &Format{
	Name: "npz", Endings: []string{".npz"}, About: "numpy.savez: arrays by name",
	magic: magic.Zip,
	Holds: KindArray | KindStructured | KindNamed, read: readPickle, write: writeNPZ,
	openArray: openNPZ, writeArray: writeNPZStream,
}

// npyOptions allows pickles in .npy files, as numpy.load does with allow_pickle.
func (in *input) npyOptions() *npy.Options {
	return &npy.Options{Objects: func(r io.Reader) (*ndarray.Array, error) {
		opts := []unpkl.Option{unpkl.WithObjects(), unpkl.WithLimits(in.limits)}
		v, err := unpkl.Load(r, append(opts, in.unpickle...)...)
		if err != nil {
			return nil, err
		}
		a, ok := v.(*ndarray.Array)
		if !ok {
			return nil, malformed("the pickle in an .npy file is no array")
		}
		return a, nil
	}}
}

// npyOptions allows arrays of objects, which are pickled in .npy files as numpy.save does by
// default.
func (out *output) npyOptions() *npy.WriteOptions {
	return &npy.WriteOptions{
		Compress: out.deflate,
		Objects: func(w io.Writer, a *ndarray.Array) error {
			opts := append([]unpkl.Option{unpkl.WithProtocol(4)}, out.config.pickle...)
			return unpkl.NewEncoder(w, opts...).Encode(a)
		},
	}
}

func writeNPY(out *output, v any) error {
	a, err := out.document().array(v, "")
	if err != nil {
		return err
	}
	return out.write(func(w io.Writer) error { return npy.Write(w, a, out.npyOptions()) })
}

func writeNPZ(out *output, v any) error {
	arrays, err := out.document().named(v)
	if err != nil {
		return err
	}
	return out.write(func(w io.Writer) error {
		z := npy.NewArchiveWriter(w, out.npyOptions())
		for _, a := range arrays {
			if err := z.Add(a.name, a.array); err != nil {
				return err
			}
		}
		return z.Close()
	})
}
