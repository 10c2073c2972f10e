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

// encodeConfig is what the options say about writing.
type encodeConfig struct {
	protocol       pickle.Protocol
	strings        pickle.Strings
	kind           gotypes.Options
	reduce         []func(t reflect.Type) pickle.ReduceFunc
	persistentID   func(v any) (any, error)
	extensionCode  func(g pickle.Global) int
	bufferCallback func(b *pickle.Buffer) (bool, error)
}

// WithProtocol sets the pickle protocol that is written, 0 to 5. The default, 4, is read by
// every Python 3 of today; Python 2 reads up to 2. Any other number is an error when
// something is written.
func WithProtocol(protocol int) Option {
	return writing("WithProtocol", func(c *config) {
		c.encode.protocol = pickle.ProtocolOf(protocol)
	})
}

// WithNumPy chooses the names and forms of NumPy that are written: those that the given
// version writes itself, such as numpy._core and, at protocol 5, _frombuffer for 2.0 and later.
// Without it, or with 0, 0, they are what all versions load without a warning. See
// [reconstruct.ReduceOptions].
func WithNumPy(major, minor int) Option {
	return writing("WithNumPy", func(c *config) {
		c.encode.kind.NumPy.NumPy = reconstruct.Version{Major: major, Minor: minor}
	})
}

// WithLists writes slices and arrays of numbers as Python lists instead of NumPy arrays,
// as the tag `pickle:",list"` does for a field.
func WithLists() Option {
	return writing("WithLists", func(c *config) { c.encode.kind.Lists = true })
}

// WithJoblib writes arrays as joblib.dump does: raw behind an object that says what they are, at a
// multiple of 16 bytes, so that joblib.load and [Open] can map them from an uncompressed file. Only
// joblib and this module load the result; pickle.load does not. [WriteFile] does so by itself for
// names that end in .joblib, or .joblib.gz and so on. The protocol must be 2 or higher. As with
// joblib, an array that occurs twice is written twice.
func WithJoblib() Option {
	return writing("WithJoblib", func(c *config) { c.encode.kind.NumPy.Joblib = true })
}

// WithStrings says which equal strings become one Python object: see [pickle.Strings].
func WithStrings(s pickle.Strings) Option {
	return writing("WithStrings", func(c *config) { c.encode.strings = s })
}

// WithReduce adds a hook that says how values of a Go type are written, or returns nil
// for a type that it does not know: Python's dispatch_table. Hooks are asked in the order in
// which they were given, before everything that this package does itself. It is asked once for
// each type and Encoder, and must be safe for concurrent use if the option is.
func WithReduce(hook func(t reflect.Type) pickle.ReduceFunc) Option {
	return writing("WithReduce", func(c *config) {
		if hook != nil {
			c.encode.reduce = append(c.encode.reduce[:len(c.encode.reduce):len(c.encode.reduce)],
				hook)
		}
	})
}

// WithPersistentID sets the hook that returns the persistent id of a value, or nil for one
// that is to be written itself: Python's Pickler.persistent_id. It sees every value.
func WithPersistentID(hook func(v any) (pid any, err error)) Option {
	return writing("WithPersistentID", func(c *config) { c.encode.persistentID = hook })
}

// WithExtensionCode sets the hook that returns the code of a class or function in the
// extension registry of Python's copyreg, or 0.
func WithExtensionCode(hook func(g pickle.Global) int) Option {
	return writing("WithExtensionCode", func(c *config) { c.encode.extensionCode = hook })
}

// WithBufferCallback hands the memory of arrays to the hook instead of writing it, at
// protocol 5 (PEP 574), in the order in which Python's pickle.loads wants it in its argument
// buffers, and [WithBuffers] here. The hook must not change the memory; where it returns true, the
// memory goes into the pickle after all. With the build tag purego that of a Go slice is a copy.
func WithBufferCallback(hook func(b *pickle.Buffer) (inBand bool, err error)) Option {
	return writing("WithBufferCallback", func(c *config) {
		c.encode.bufferCallback = hook
		c.encode.kind.NumPy.Buffers = hook != nil
	})
}

// plainConfig is what no options say. It does not change.
var plainConfig config

// configs has zero configs, which no Option keeps.
var configs = sync.Pool{New: func() any { return new(config) }}

// picklerOf returns a Pickler that does what the options say.
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

// pickler returns a Pickler that does what c says.
func (c *encodeConfig) pickler(w io.Writer) pickle.Pickler {
	kind := gotypes.SharedBy(c.kind)
	p := *pickle.NewPickler(w)
	p.Protocol, p.Strings = c.protocol, c.strings
	p.PersistentID, p.ExtensionCode, p.BufferCallback = c.persistentID, c.extensionCode,
		c.bufferCallback
	p.Fields = pickleFields
	if p.Reduce = kind.Reduce; len(c.reduce) > 0 {
		// plans that ask hooks of the program are not shared
		p.Reduce = hooked(c.reduce, kind.Reduce)
	} else {
		bridge.UsePlans(&p, kind.Plans)
	}
	return p
}

// hooked is a Reduce hook that asks hooks in turn and then known.
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

// pickleFields are the fields of a struct type, for the Pickler.
func pickleFields(t reflect.Type) []pickle.Field {
	var out []pickle.Field
	for _, f := range pyvalue.FieldsOf(t).List {
		out = append(out, pickle.Field{Name: f.Name, Index: f.Index, OmitEmpty: f.OmitEmpty,
			List: f.List})
	}
	return out
}
