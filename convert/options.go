package convert

import (
	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// Option is an option for reading or writing. Options are safe to share.
type Option func(*config)

// config holds the options.
type config struct {
	from     string
	to       string
	selects  string
	objects  bool
	lossy    bool
	warn     func(warning string)
	limits   unpkl.Limits
	pickle   []unpkl.Option // for writing
	unpickle []unpkl.Option // for reading
	deflate  bool
	packBits bool
	raw      Raw
	text     Text
	json     JSON
	blob     BLOB
	hdf5     HDF5
}

func newConfig(opts []Option) *config {
	c := &config{}
	for _, o := range opts {
		if o != nil {
			o(c)
		}
	}
	return c
}

// WithFrom sets the format to read, by its name, whatever the file's ending and first bytes are.
func WithFrom(name string) Option { return func(c *config) { c.from = name } }

// WithTo sets the format to write, by its name, whatever the file's ending is.
func WithTo(name string) Option { return func(c *config) { c.to = name } }

// WithSelect makes Read return only the value at a JSON pointer (RFC 6901), such as "/a/0".
func WithSelect(pointer string) Option { return func(c *config) { c.selects = pointer } }

// WithObjects makes Read return objects, as unpkl.WithObjects does. Write writes again what objects
// keep and plain values do not.
func WithObjects() Option { return func(c *config) { c.objects = true } }

// WithLossy makes Write keep what the format can hold of a value, and Read what this package
// can represent. Each loss is a warning.
func WithLossy() Option { return func(c *config) { c.lossy = true } }

// WithWarnings sets the function that is called with each warning: what was lost or left out. It
// is called by one goroutine at a time.
func WithWarnings(warn func(warning string)) Option { return func(c *config) { c.warn = warn } }

// WithLimits sets the limits for reading; see [unpkl.Limits]. DecompressedBytes holds for files of
// compressed text too.
func WithLimits(limits unpkl.Limits) Option { return func(c *config) { c.limits = limits } }

// WithPickle sets options for writing pickles and joblib files, such as unpkl.WithProtocol.
func WithPickle(opts ...unpkl.Option) Option {
	return func(c *config) { c.pickle = append(c.pickle[:len(c.pickle):len(c.pickle)], opts...) }
}

// WithUnpickle sets options for reading pickles and joblib files, such as unpkl.WithExtension.
func WithUnpickle(opts ...unpkl.Option) Option {
	return func(c *config) {
		c.unpickle = append(c.unpickle[:len(c.unpickle):len(c.unpickle)], opts...)
	}
}

// WithCompress compresses inside the formats that support it: members of an .npz, datasets of HDF5
// (deflate and shuffle), pages of Parquet (zstd) and buffers of Arrow (zstd).
func WithCompress() Option { return func(c *config) { c.deflate = true } }

// WithRaw sets how raw bytes are read and written.
func WithRaw(r Raw) Option { return func(c *config) { c.raw = r } }

// WithText sets how CSV, TSV and text are read and written.
func WithText(t Text) Option { return func(c *config) { c.text = t } }

// WithJSON sets how JSON is read and written.
func WithJSON(j JSON) Option { return func(c *config) { c.json = j } }

// WithBLOB sets how arrays are stored in SQLite.
func WithBLOB(b BLOB) Option { return func(c *config) { c.blob = b } }

// Raw describes a file of raw bytes, as numpy.fromfile and tofile read and write them.
type Raw struct {
	// DType is the dtype of the elements; nil is float64 in this machine's byte order. An array
	// to be written is converted to it; it is an error if a value would change.
	DType *ndarray.DType
	// Shape is the shape of the array; nil is one dimension that takes all elements. One entry may
	// be -1, for as many as there are.
	Shape []int
	// Order is the order of the elements; 0 is C order.
	Order ndarray.Order
	// Offset is the number of bytes before the first element.
	Offset int64
	// Sidecar says that a file with the same name and .json describes the bytes: it is written,
	// and it has to be there when reading. If all other fields are zero, it is read if it is there.
	Sidecar bool
}

// loss returns the error that a part of the value at path would be lost, or with WithLossy gives a
// warning and returns nil.
func (c *config) loss(f *Format, path, what string, could Kind) error {
	err := &HoldError{Format: f.Name, Path: path, What: what, Could: holding(could)}
	if !c.lossy {
		return err
	}
	c.warning(err.Error()[len("convert: "):])
	return nil
}

func (c *config) warning(text string) {
	if c.warn != nil {
		c.warn(text)
	}
}
