package convert

import (
	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// Option says how something is read or written. Options are safe to share.
type Option func(*config)

// config is what the options say.
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
	pack     bool
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

// WithFrom says which format is read, by its name, whatever the file is called and begins with.
func WithFrom(name string) Option { return func(c *config) { c.from = name } }

// WithTo says which format is written, by its name, whatever the file is called.
func WithTo(name string) Option { return func(c *config) { c.to = name } }

// WithSelect makes Read return only what a JSON pointer (RFC 6901) leads to, such as "/a/0".
func WithSelect(pointer string) Option { return func(c *config) { c.selects = pointer } }

// WithObjects makes Read return objects, as unpkl.WithObjects does: what they keep beside plain
// values, Write writes again.
func WithObjects() Option { return func(c *config) { c.objects = true } }

// WithLossy makes Write take what the format can hold of a value, and Read what this package
// has a place for. Each loss is a warning.
func WithLossy() Option { return func(c *config) { c.lossy = true } }

// WithWarnings sets the function that is called with each warning: what was lost or passed over. It
// is called by one goroutine at a time.
func WithWarnings(warn func(warning string)) Option { return func(c *config) { c.warn = warn } }

// WithLimits bounds what is read; see [unpkl.Limits]. DecompressedBytes also bounds files of
// compressed text.
func WithLimits(limits unpkl.Limits) Option { return func(c *config) { c.limits = limits } }

// WithPickle gives options for writing pickles and joblib's files, such as unpkl.WithProtocol.
func WithPickle(opts ...unpkl.Option) Option {
	return func(c *config) { c.pickle = append(c.pickle[:len(c.pickle):len(c.pickle)], opts...) }
}

// WithUnpickle gives options for reading pickles and joblib's files, such as unpkl.WithExtension.
func WithUnpickle(opts ...unpkl.Option) Option {
	return func(c *config) {
		c.unpickle = append(c.unpickle[:len(c.unpickle):len(c.unpickle)], opts...)
	}
}

// WithCompress compresses inside of formats that can: members of an .npz, datasets of HDF5 (deflate
// and shuffle), pages of Parquet (zstd) and buffers of Arrow (zstd).
func WithCompress() Option { return func(c *config) { c.deflate = true } }

// WithRaw says how raw bytes are read and written.
func WithRaw(r Raw) Option { return func(c *config) { c.raw = r } }

// WithText says how CSV, TSV and text are read and written.
func WithText(t Text) Option { return func(c *config) { c.text = t } }

// WithJSON says how JSON is read and written.
func WithJSON(j JSON) Option { return func(c *config) { c.json = j } }

// WithBLOB says how arrays are stored in SQLite.
func WithBLOB(b BLOB) Option { return func(c *config) { c.blob = b } }

// Raw says what a file of raw bytes holds, as numpy.fromfile and tofile have it.
type Raw struct {
	// DType of the elements; nil is float64 in this machine's byte order. Written arrays are
	// converted to it where each value survives.
	DType *ndarray.DType
	// Shape of the array; nil is one dimension of as many elements as there are. One entry may be
	// -1: as many as there are.
	Shape []int
	// Order in which the elements lie; 0 is C order.
	Order ndarray.Order
	// Offset is the number of bytes before the first element.
	Offset int64
	// Sidecar is a file beside it, of the same name and .json, that says all this: it is
	// written, and read where it is there and the other fields are zero.
	Sidecar bool
}

// loss reports that something of the value at path would be lost. It returns nil where that is
// wanted.
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
