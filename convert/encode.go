package convert

import "io"

// Encode writes v to w in the format that [WithTo] names, as [Write] writes it to a file. A format
// whose writer seeks in the file, such as HDF5 or SQLite, is an error of the kind [ErrUnsupported].
// After an error, w holds what was written until then.
func Encode(w io.Writer, v any, opts ...Option) error {
	c := newConfig(opts)
	f, err := formatByName(c.to)
	if err != nil {
		return err
	}
	switch f.Name {
	case folderName, hdf5Format.Name, sqliteFormat.Name:
		return unsupported("%s cannot be written to a stream", f.Name)
	}
	return f.write(&output{config: c, format: f, stream: w}, v)
}
