package unpkl

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// Limits is package pickle's: what an input may cost. The zero value is the
// default of each, and all can be left alone.
type Limits = pickle.Limits

// NoLimit as a field of [Limits] means that there is none.
const NoLimit = pickle.NoLimit

// Encoding is package pickle's: what a Python 2 str becomes.
type Encoding = pickle.Encoding

// Option changes how this package reads or writes. Options are copied when they
// are given, hold no state, and may be shared by any number of goroutines. A
// later option wins over an earlier one of the same name, except that the hooks
// of several [WithFindClass] are all asked.
//
// Most options are for reading or for writing alone, as their names are in the documentation of
// [Load] and [Marshal]. One that is given to the other side is an error of whatever does the work.
type Option func(*config)

// side says what an option is for, and what a config is made for.
type side uint8

const (
	readingSide side = iota
	writingSide
)

// reading returns an option for reading called name.
func reading(name string, set func(*config)) Option { return option(readingSide, name, set) }

// writing returns an option for writing called name.
func writing(name string, set func(*config)) Option { return option(writingSide, name, set) }

func option(of side, name string, set func(*config)) Option {
	return func(c *config) {
		if c.side != of && c.misused == "" {
			c.misused = name
		}
		set(c)
	}
}

// misuse is the error of the first option that is for the other side, or nil.
func (c *config) misuse() error {
	switch {
	case c.misused == "":
		return nil
	case c.side == readingSide:
		return fmt.Errorf("unpkl: %s is an option for writing", c.misused)
	}
	return fmt.Errorf("unpkl: %s is an option for reading", c.misused)
}

// config is what the options say; its zero value is the safe default.
type config struct {
	side           side
	misused        string // name of the first option that is for the other side
	limits         pickle.Limits
	strict         bool
	allow          []string // names that strict mode accepts, see WithAllow
	noUnknown      bool     // see WithDisallowUnknownFields
	requireFields  bool
	noTrailing     bool
	objects        bool
	allowCycles    bool
	sharedInput    bool
	workers        int // goroutines for one large container, or 0
	encoding       pickle.Encoding
	findClass      []func(module, name string) (any, error)
	persistentLoad func(pid any) (any, error)
	extension      func(code int) (any, error)
	buffers        [][]byte
	longDouble     ndarray.LongDoubleFormat
	sidecars       fs.FS
	sidecarsSet    bool // by WithSidecars
	encode         encodeConfig
	compressed     func() int64  // see bridge.SetCosts
	owner          ndarray.Owner // of the memory of arrays, where it is a mapped file
}

// noOptions are those of a load without options; nothing writes to them.
var noOptions config

func newConfig(opts []Option) *config {
	c := new(config)
	c.apply(opts)
	return c
}

func (c *config) apply(opts []Option) {
	for _, o := range opts {
		if o != nil {
			o(c)
		}
	}
}

// WithLimits sets the limits; a field that is zero keeps its default.
func WithLimits(limits Limits) Option {
	return reading("WithLimits", func(c *config) { c.limits = limits })
}

// WithStrict makes a class or function that nothing here knows an error of the kind
// [ErrUnknownGlobal] that names it. Known are those that this module rebuilds, see
// [reconstruct.Rebuilt]: the tables of pandas and the matrices of SciPy among them; those
// that a hook of [WithFindClass] resolves; and the names of [WithAllow]. Without it an object of
// another class becomes an inert *[pickle.Object]; nothing of it is run in either case.
func WithStrict() Option {
	return reading("WithStrict", func(c *config) { c.strict = true })
}

// WithAllow adds names that [WithStrict] accepts: "mymod.Point" is that class, "mymod.*" all that
// is in mymod and in the modules below it. Instances of such a class are *[pickle.Object]. The
// names of several such options add up; without WithStrict they change nothing.
func WithAllow(names ...string) Option {
	names = slices.Clone(names)
	return reading("WithAllow", func(c *config) {
		c.allow = append(slices.Clip(c.allow), names...)
	})
}

// allowed reports whether strict mode accepts a class that no hook knows.
func (c *config) allowed(module, name string) bool {
	if reconstruct.Rebuilt(module, name) {
		return true
	}
	full := module + "." + name
	for _, n := range c.allow {
		if below, all := strings.CutSuffix(n, "*"); n == full ||
			all && strings.HasSuffix(below, ".") && strings.HasPrefix(full, below) {
			return true
		}
	}
	return false
}

// WithDisallowUnknownFields makes a key, attribute or column that no field of the struct has which
// it is put into a [FieldError], as DisallowUnknownFields of encoding/json does. The rest is
// decoded all the same.
func WithDisallowUnknownFields() Option {
	return reading("WithDisallowUnknownFields", func(c *config) { c.noUnknown = true })
}

// WithRequireFields makes a field of a struct a [FieldError] that nothing in the pickle is for,
// unless its tag says omitempty: what a typo in a tag or another file leads to. A None in place of
// the struct leaves it as it is. The rest is decoded all the same.
func WithRequireFields() Option {
	return reading("WithRequireFields", func(c *config) { c.requireFields = true })
}

// WithNoTrailing makes bytes behind the pickle an error of the kind [ErrTrailing] for what reads
// one pickle: [Load], [LoadBytes], [LoadFile], [Unmarshal], [File.Load] and [File.Decode]. A
// [Decoder] reads on there.
func WithNoTrailing() Option {
	return reading("WithNoTrailing", func(c *config) { c.noTrailing = true })
}

// WithObjects makes Load, LoadBytes, LoadFile, [File.Load] and a target of type
// any yield objects instead of plain values: faithful to the pickle, with order,
// tuples apart from lists, NumPy scalars apart from Python numbers, and
// containers that contain themselves. The table in the package documentation has
// both forms.
func WithObjects() Option {
	return reading("WithObjects", func(c *config) { c.objects = true })
}

// WithAllowCycles lets plain values contain themselves: a []any or map that is
// reached again from inside is the same []any or map. Without it that is the
// error [ErrCycle], because most code that walks values would not end.
func WithAllowCycles() Option {
	return reading("WithAllowCycles", func(c *config) { c.allowCycles = true })
}

// WithSharedInput lets the results of [LoadBytes] and [Unmarshal] share memory
// with data: arrays and big bytes objects are then not copied. The caller must
// not change data as long as they are used; what is written to such an array is
// written to data. Readers and files are not concerned.
func WithSharedInput() Option {
	return reading("WithSharedInput", func(c *config) { c.sharedInput = true })
}

// WithConcurrency says how many goroutines may read one large list or dict, into a slice or as a
// plain value, this one among them; 1 forbids others. Without it, and for 0, there are as many as
// Go runs at once, up to 16. What they make is equal to what one makes.
func WithConcurrency(n int) Option {
	return reading("WithConcurrency", func(c *config) { c.workers = max(n, 0) })
}

// WithEncoding says what a Python 2 str becomes, as the encoding argument of
// Python's pickle.load does. The default keeps its bytes in a Go string as they
// are.
func WithEncoding(e Encoding) Option {
	return reading("WithEncoding", func(c *config) { c.encoding = e })
}

// WithFindClass adds a hook that resolves classes, in gopickle's form: it is
// called with what a GLOBAL opcode names and returns a value with methods of
// gopickle's protocol (types.Callable, types.PyNewable, types.PyStateSettable and
// so on). Hooks are asked in the order in which they were given, before the
// classes that package reconstruct knows, so they can replace those. A hook that
// does not know a class returns [ErrSkipClass] or a [pickle.Global] and the next
// is asked; any other error ends the load.
//
// The hook must be safe for concurrent use if the option is.
func WithFindClass(hook func(module, name string) (any, error)) Option {
	return reading("WithFindClass", func(c *config) {
		if hook != nil {
			c.findClass = append(slices.Clip(c.findClass), hook)
		}
	})
}

// WithPersistentLoad sets the hook for persistent ids (PERSID, BINPERSID), as
// Python's Unpickler.persistent_load. Without it such a pickle is an error of the
// kind [ErrUnsupported]. A pid is an object, not a plain value.
func WithPersistentLoad(hook func(pid any) (any, error)) Option {
	return reading("WithPersistentLoad", func(c *config) { c.persistentLoad = hook })
}

// WithExtension sets the hook for extension codes (EXT1, EXT2, EXT4), which
// Python keeps in copyreg's registry. Without it such a pickle is an error of the
// kind [ErrUnsupported].
func WithExtension(hook func(code int) (any, error)) Option {
	return reading("WithExtension", func(c *config) { c.extension = hook })
}

// WithBuffers gives the out-of-band buffers of a protocol 5 pickle (PEP 574), in
// the order in which Python's buffer_callback got them. Arrays use their memory
// as it is, without a copy, as in Python; the caller must not change it while
// they are used. An array that was read-only when it was pickled reports
// Writeable() == false; the others write to the buffer. Several pickles read by
// one [Decoder] take the buffers one after another.
func WithBuffers(buffers ...[]byte) Option {
	buffers = slices.Clone(buffers)
	return reading("WithBuffers", func(c *config) { c.buffers = buffers })
}

// WithLongDouble says which machine wrote the longdoubles of a pickle, which does not
// tell: the same 16 bytes are one number on x86-64 (the default) and another on
// aarch64.
func WithLongDouble(format ndarray.LongDoubleFormat) Option {
	return reading("WithLongDouble", func(c *config) { c.longDouble = format })
}

// WithSidecars gives the folder of a pickle that joblib before 0.10 wrote: such a pickle
// keeps each array in a file beside it and names that file. [LoadFile] and [Open] look in the
// file's own folder without it, where they open regular files only; for what comes from a reader or
// from memory it is an error of the kind [ErrUnsupported]. Only bare names are opened,
// but which files of the folder are read is up to the pickle. A nil folder forbids it for files
// too.
func WithSidecars(folder fs.FS) Option {
	return reading("WithSidecars", func(c *config) { c.sidecars, c.sidecarsSet = folder, true })
}

// inFolderOf says where the pickle is, for the files beside it.
func (c *config) inFolderOf(path string) {
	if !c.sidecarsSet {
		c.sidecars = input.FolderOf(path)
	}
}

// needsResolver reports that the options say something about the classes of package reconstruct.
func (c *config) needsResolver() bool {
	return c.limits != (pickle.Limits{}) || c.longDouble != 0 || c.sidecars != nil || c.owner != nil
}

// resolver returns the FindClass of package reconstruct for the options.
func (c *config) resolver() func(module, name string) (any, error) {
	if !c.needsResolver() {
		return reconstruct.FindClass
	}
	opts := reconstruct.Options{Limits: c.limits, LongDouble: c.longDouble, Owner: c.owner}
	if folder := c.sidecars; folder != nil {
		opts.OpenSidecar = func(name string) (io.ReadCloser, error) {
			if strings.Contains(name, ":") { // a drive or a stream on Windows
				return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
			}
			return folder.Open(name)
		}
	}
	return reconstruct.New(opts).FindClass
}

// resolve is the FindClass of a load: the hooks in turn, then known.
func (c *config) resolve(known func(module, name string) (any, error)) func(module,
	name string) (any, error) {
	if len(c.findClass) == 0 {
		return known
	}
	hooks := c.findClass
	return func(module, name string) (any, error) {
		for _, hook := range hooks {
			v, err := hook(module, name)
			if errors.Is(err, ErrSkipClass) {
				continue
			}
			if _, unknown := v.(pickle.Global); unknown && err == nil {
				continue
			}
			if class, ok := v.(reconstruct.Class); ok && err == nil && c.owner != nil {
				// The hook's own resolver does not know whose the memory is.
				g := class.Global()
				return known(g.Module, g.Name)
			}
			return v, err
		}
		return known(module, name)
	}
}
