package convert

import "io"

// Encode writes v to w in the format that [WithTo] names, as [Write] writes it to a file. A format
// that needs a file to go back in, such as HDF5 or SQLite, is an error of the kind
// [ErrUnsupported]. What was written before an error stays in w.
func Encode(w io.Writer, v any, opts ...Option) error {
	c := newConfig(opts)
	f, err := named(c.to)
	if err != nil {
		return err
	}
	switch f.Name {
	case folderName, hdf5Format.Name, sqliteFormat.Name:
		return unsupported("%s cannot be written to a stream", f.Name)
	}
	return f.write(&output{config: c, format: f, w: w}, v)
}
