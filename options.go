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

// Limits is package pickle's: what an input may cost. A zero field means its default, and the zero
// value suits most programs.
type Limits = pickle.Limits

// NoLimit in a field of [Limits] removes that limit.
const NoLimit = pickle.NoLimit

// Encoding is package pickle's: what a Python 2 str becomes.
type Encoding = pickle.Encoding

// An Option changes how this package reads or writes. An Option copies its arguments, holds no
// state, and may be used by any number of goroutines. If the same option is given twice, the later
// one wins, except that the names of [WithAllow] and the hooks of [WithFindClass] and [WithReduce]
// add up.
//
// Most options are for reading or for writing alone; see the functions [Load] and [Marshal]. Using
// an option for the other side is an error, which the function that does the work returns.
type Option func(*config)

// side is the side that an option is for, or that a config is for.
type side uint8

const (
	readingSide side = iota
	writingSide
)

// reading returns an option for reading called name.
func reading(name string, set func(*config)) Option { return option(readingSide, name, set) }

// writing returns an option for writing called name.
func writing(name string, set func(*config)) Option { return option(writingSide, name, set) }

// option returns an Option for a side. Applied to a config for the other side, it records its name
// there, so that misuse returns an error.
func option(forSide side, name string, set func(*config)) Option {
	return func(c *config) {
		if c.side != forSide && c.misused == "" {
			c.misused = name
		}
		set(c)
	}
}

// misuse returns the error of the first option that was for the other side, or nil.
func (c *config) misuse() error {
	switch {
	case c.misused == "":
		return nil
	case c.side == readingSide:
		return fmt.Errorf("unpkl: %s is an option for writing", c.misused)
	}
	return fmt.Errorf("unpkl: %s is an option for reading", c.misused)
}

// config holds the settings of the options. Its zero value is the safe default.
type config struct {
	side           side
	misused        string // name of the first option that was for the other side, or ""
	limits         pickle.Limits
	strict         bool
	allow          []string // names that strict mode accepts, see WithAllow
	noUnknown      bool     // see WithDisallowUnknownFields
	requireFields  bool     // see WithRequireFields
	noTrailing     bool     // see WithNoTrailing
	objects        bool
	allowCycles    bool
	sharedInput    bool
	workers        int // goroutines that read one large container; 0 means the default
	encoding       pickle.Encoding
	findClass      []func(module, name string) (any, error)
	persistentLoad func(pid any) (any, error)
	extension      func(code int) (any, error)
	buffers        [][]byte
	longDouble     ndarray.LongDoubleFormat
	sidecars       fs.FS
	sidecarsSet    bool // whether WithSidecars was given
	encode         encodeConfig
	compressed     func() int64  // bytes read of a compressed input, see bridge.SetCosts
	owner          ndarray.Owner // of the memory of arrays, if that is a mapped file
}

// noOptions is the config of a load without options. It must not be changed.
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

// WithLimits sets the limits. A field that is zero keeps its default.
func WithLimits(limits Limits) Option {
	return reading("WithLimits", func(c *config) { c.limits = limits })
}

// WithStrict makes an unknown class or function an error of the kind [ErrUnknownGlobal] that names
// it. Known are the classes that this module rebuilds (see [reconstruct.Rebuilt]; the tables of
// pandas and the matrices of SciPy are among them), those that a hook of [WithFindClass] resolves,
// and the names of [WithAllow]. Without WithStrict, an instance of an unknown class becomes an
// inert *[pickle.Object]. In either case nothing of the class is run.
func WithStrict() Option {
	return reading("WithStrict", func(c *config) { c.strict = true })
}

// WithAllow adds names that [WithStrict] accepts: "mymod.Point" is that class, "mymod.*" everything
// in mymod and in the modules below it. Instances of such a class are *[pickle.Object]. The names
// of several WithAllow options add up; without WithStrict they have no effect.
func WithAllow(names ...string) Option {
	names = slices.Clone(names)
	return reading("WithAllow", func(c *config) {
		c.allow = append(slices.Clip(c.allow), names...)
	})
}

// allowed reports whether strict mode accepts a class that no hook resolves.
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

// WithDisallowUnknownFields makes it a [FieldError] if a key, attribute or column is stored in a
// struct that has no field of that name, as DisallowUnknownFields of encoding/json does. The rest
// is decoded all the same.
func WithDisallowUnknownFields() Option {
	return reading("WithDisallowUnknownFields", func(c *config) { c.noUnknown = true })
}

// WithRequireFields makes it a [FieldError] if the pickle has no value for a field of a struct,
// unless the tag of the field says omitempty. It finds a typo in a tag, or a file of another kind.
// If the pickle has None for the whole struct, the struct is left unchanged without an error. The
// rest is decoded all the same.
func WithRequireFields() Option {
	return reading("WithRequireFields", func(c *config) { c.requireFields = true })
}

// WithNoTrailing makes bytes after the pickle an error of the kind [ErrTrailing] in the functions
// that read one pickle: [Load], [LoadBytes], [LoadFile], [Unmarshal], [File.Load] and
// [File.Decode]. A [Decoder] reads those bytes as the next pickle.
func WithNoTrailing() Option {
	return reading("WithNoTrailing", func(c *config) { c.noTrailing = true })
}

// WithObjects makes Load, LoadBytes, LoadFile, [File.Load] and a target of type any yield objects
// instead of plain values. Objects are faithful to the pickle: they keep order, they tell tuples
// from lists and NumPy scalars from Python numbers, and they include containers that contain
// themselves. The table in the package documentation has both forms.
func WithObjects() Option {
	return reading("WithObjects", func(c *config) { c.objects = true })
}

// WithAllowCycles lets plain values contain themselves, as Python containers can. Without it such a
// container is the error [ErrCycle], because most code that walks values would not end.
func WithAllowCycles() Option {
	return reading("WithAllowCycles", func(c *config) { c.allowCycles = true })
}

// WithSharedInput lets the results of [LoadBytes] and [Unmarshal] share memory with data: arrays
// and big bytes objects are then not copied. The caller must not change data while the results are
// in use, and a write to such an array changes data. The option has no effect on readers and files.
func WithSharedInput() Option {
	return reading("WithSharedInput", func(c *config) { c.sharedInput = true })
}

// WithConcurrency sets how many goroutines may read one large list or dict into a slice or a plain
// value, the calling one included; 1 means no others. For 0, the default, it is as many as Go runs
// at once (GOMAXPROCS), up to 16. The result does not depend on the number.
func WithConcurrency(n int) Option {
	return reading("WithConcurrency", func(c *config) { c.workers = max(n, 0) })
}

// WithEncoding sets how a Python 2 str is decoded, as the encoding argument of Python's pickle.load
// does. By default it becomes a Go string of its bytes, unchanged.
func WithEncoding(e Encoding) Option {
	return reading("WithEncoding", func(c *config) { c.encoding = e })
}

// WithFindClass adds a hook that resolves classes, in gopickle's form: it gets the module and name
// of a class and returns a value with methods of gopickle's protocol (types.Callable,
// types.PyNewable, types.PyStateSettable and so on). The hooks are asked in the order in which they
// were given, before the classes of package reconstruct, so a hook can replace those. A hook that
// does not know a class returns [ErrSkipClass] or a [pickle.Global], and the next hook is asked;
// any other error ends the load.
//
// The hook must be safe for concurrent use if the option is used by several goroutines.
func WithFindClass(hook func(module, name string) (any, error)) Option {
	return reading("WithFindClass", func(c *config) {
		if hook != nil {
			c.findClass = append(slices.Clip(c.findClass), hook)
		}
	})
}

// WithPersistentLoad sets the hook for persistent ids (PERSID, BINPERSID), as Python's
// Unpickler.persistent_load is. The hook gets pid as an object, not as a plain value. Without a
// hook, a pickle with persistent ids is an error of the kind [ErrUnsupported].
func WithPersistentLoad(hook func(pid any) (any, error)) Option {
	return reading("WithPersistentLoad", func(c *config) { c.persistentLoad = hook })
}

// WithExtension sets the hook for extension codes (EXT1, EXT2, EXT4), which Python keeps in
// copyreg's registry. Without a hook, a pickle with extension codes is an error of the kind
// [ErrUnsupported].
func WithExtension(hook func(code int) (any, error)) Option {
	return reading("WithExtension", func(c *config) { c.extension = hook })
}

// WithBuffers gives the out-of-band buffers of a protocol 5 pickle (PEP 574), in the order in which
// Python's buffer_callback got them. Arrays use the memory of the buffers without a copy, as in
// Python; the caller must not change it while they are used. An array that was read-only when it
// was pickled reports Writeable() == false; a write to any other array changes its buffer. Several
// pickles read by one [Decoder] take the buffers one after another.
func WithBuffers(buffers ...[]byte) Option {
	buffers = slices.Clone(buffers)
	return reading("WithBuffers", func(c *config) { c.buffers = buffers })
}

// WithLongDouble says which machine wrote the longdoubles of a pickle. The pickle itself does not
// say, and the same 16 bytes are one number on x86-64 (the default) and another on aarch64.
func WithLongDouble(format ndarray.LongDoubleFormat) Option {
	return reading("WithLongDouble", func(c *config) { c.longDouble = format })
}

// WithSidecars gives the folder of a pickle that joblib before 0.10 wrote: such a pickle keeps each
// array in a separate file beside it, and names that file. Without the option, [LoadFile] and
// [Open] look in the folder of the file itself, where they open regular files only; for a pickle
// from a reader or from memory, the arrays are an error of the kind [ErrUnsupported]. Only bare
// file names are opened, but the pickle decides which files of the folder are read. A nil folder
// forbids reading them at all.
func WithSidecars(folder fs.FS) Option {
	return reading("WithSidecars", func(c *config) { c.sidecars, c.sidecarsSet = folder, true })
}

// inFolderOf makes the folder of path the one for sidecar files, unless WithSidecars was given.
func (c *config) inFolderOf(path string) {
	if !c.sidecarsSet {
		c.sidecars = input.FolderOf(path)
	}
}

// needsResolver reports whether the options affect how package reconstruct rebuilds classes.
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

// resolve returns the FindClass of a load: it asks the hooks in turn, then known.
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
				// The hook resolved the class by package reconstruct itself, without the Owner
				// of this file, so it is resolved again.
				g := class.Global()
				return known(g.Module, g.Name)
			}
			return v, err
		}
		return known(module, name)
	}
}
