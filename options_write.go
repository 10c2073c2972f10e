package unpkl

import (
	"io"
	"reflect"
	"sync"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/gotypes"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// encodeConfig holds the settings of the options for writing.
type encodeConfig struct {
	protocol       pickle.Protocol
	strings        pickle.Strings
	kind           gotypes.Options
	reduce         []func(t reflect.Type) pickle.ReduceFunc
	persistentID   func(v any) (any, error)
	extensionCode  func(g pickle.Global) int
	bufferCallback func(b *pickle.Buffer) (bool, error)
}

// WithProtocol sets the pickle protocol that is written, 0 to 5. The default is 4, which every
// supported Python 3 reads; Python 2 reads protocols up to 2. Any other number is an error when
// something is written.
func WithProtocol(protocol int) Option {
	return writing("WithProtocol", func(c *config) {
		c.encode.protocol = pickle.ProtocolOf(protocol)
	})
}

// WithNumPy chooses the spelling of NumPy's classes: the one that the given version writes itself,
// such as numpy._core and, at protocol 5, _frombuffer for 2.0 and later. By default, or with 0, 0,
// it is the spelling that all versions load without a warning. See [reconstruct.ReduceOptions].
func WithNumPy(major, minor int) Option {
	return writing("WithNumPy", func(c *config) {
		c.encode.kind.NumPy.NumPy = reconstruct.Version{Major: major, Minor: minor}
	})
}

// WithLists writes slices and arrays of numbers as Python lists instead of NumPy arrays, as the tag
// `pickle:",list"` does for a field.
func WithLists() Option {
	return writing("WithLists", func(c *config) { c.encode.kind.Lists = true })
}

// WithJoblib writes arrays as joblib.dump does: the raw elements follow an object that describes
// them, at a multiple of 16 bytes, so that joblib.load and [Open] can map them from an uncompressed
// file. Only joblib and this module can load the result; pickle.load cannot. [WriteFile] uses this
// option for names that end in .joblib, or .joblib.gz and so on. The protocol must be 2 or higher.
// As with joblib, an array that occurs twice is written twice.
func WithJoblib() Option {
	return writing("WithJoblib", func(c *config) { c.encode.kind.NumPy.Joblib = true })
}

// WithStrings sets which equal strings become one Python object, see [pickle.Strings].
func WithStrings(s pickle.Strings) Option {
	return writing("WithStrings", func(c *config) { c.encode.strings = s })
}

// WithReduce adds a hook that says how values of a Go type are written, or returns nil for a type
// that it does not know; Python's dispatch_table is alike. The hooks are asked in the order in
// which they were given, and before this package's own rules. Each hook is asked once for each type
// and Encoder, and must be safe for concurrent use if the option is used by several goroutines.
func WithReduce(hook func(t reflect.Type) pickle.ReduceFunc) Option {
	return writing("WithReduce", func(c *config) {
		if hook != nil {
			c.encode.reduce = append(c.encode.reduce[:len(c.encode.reduce):len(c.encode.reduce)],
				hook)
		}
	})
}

// WithPersistentID sets the hook that returns the persistent id of a value, or nil for a value that
// is to be written itself, as Python's Pickler.persistent_id does. The hook gets every value.
func WithPersistentID(hook func(v any) (pid any, err error)) Option {
	return writing("WithPersistentID", func(c *config) { c.encode.persistentID = hook })
}

// WithExtensionCode sets the hook that returns the code of a class or function in the extension
// registry of Python's copyreg, or 0 if it has none.
func WithExtensionCode(hook func(g pickle.Global) int) Option {
	return writing("WithExtensionCode", func(c *config) { c.encode.extensionCode = hook })
}

// WithBufferCallback sets a hook that gets the memory of arrays at protocol 5 (PEP 574), instead of
// its being written into the pickle. The hook gets the buffers in the order in which Python's
// pickle.loads wants them in its argument buffers, and [WithBuffers] here. It must not change the
// memory. If it returns true, the memory is written into the pickle after all. With the build tag
// purego, the memory of a Go slice is a copy.
func WithBufferCallback(hook func(b *pickle.Buffer) (inBand bool, err error)) Option {
	return writing("WithBufferCallback", func(c *config) {
		c.encode.bufferCallback = hook
		c.encode.kind.NumPy.Buffers = hook != nil
	})
}

// plainConfig is the config of an Encoder without options. It must not be changed.
var plainConfig config

// configs pools zero configs. No Option keeps a reference to the config that it is applied to.
var configs = sync.Pool{New: func() any { return new(config) }}

// picklerOf returns a Pickler that is set up by the options.
func picklerOf(w io.Writer, opts []Option) (pickle.Pickler, error) {
	if len(opts) == 0 {
		return plainConfig.encode.pickler(w), nil
	}
	c := configs.Get().(*config)
	c.side = writingSide
	c.apply(opts)
	p, err := c.encode.pickler(w), c.misuse()
	*c = config{}
	configs.Put(c)
	return p, err
}

// pickler returns a Pickler that writes to w and is set up by c.
func (c *encodeConfig) pickler(w io.Writer) pickle.Pickler {
	kind := gotypes.SharedBy(c.kind)
	p := *pickle.NewPickler(w)
	p.Protocol, p.Strings = c.protocol, c.strings
	p.PersistentID, p.ExtensionCode, p.BufferCallback = c.persistentID, c.extensionCode,
		c.bufferCallback
	p.Fields = pickleFields
	if p.Reduce = kind.Reduce; len(c.reduce) > 0 {
		// The plans depend on the program's hooks, so other Picklers cannot share them.
		p.Reduce = hooked(c.reduce, kind.Reduce)
	} else {
		bridge.UsePlans(&p, kind.Plans)
	}
	return p
}

// hooked returns a Reduce hook that asks hooks in turn, and then known.
func hooked(hooks []func(t reflect.Type) pickle.ReduceFunc,
	known func(t reflect.Type) pickle.ReduceFunc) func(t reflect.Type) pickle.ReduceFunc {
	return func(t reflect.Type) pickle.ReduceFunc {
		for _, hook := range hooks {
			if f := hook(t); f != nil {
				return f
			}
		}
		return known(t)
	}
}

// pickleFields returns the fields of the struct type t in the form that a Pickler wants.
func pickleFields(t reflect.Type) []pickle.Field {
	var out []pickle.Field
	for _, f := range pyvalue.FieldsOf(t).List {
		out = append(out, pickle.Field{Name: f.Name, Index: f.Index, OmitEmpty: f.OmitEmpty,
			List: f.List})
	}
	return out
}
