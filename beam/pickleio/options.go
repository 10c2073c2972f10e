package pickleio

import (
	"strconv"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/pickle"
)

// Option says how pickles are read.
type Option func(*config)

// config is what the options say. Workers get it as JSON.
type config struct {
	Limits unpkl.Limits
	// Strict refuses classes that are neither rebuilt nor in Allow.
	Strict bool
	Allow  []string
	// Audit is the worst verdict that is let through, "" for all.
	Audit audit.Verdict
	// Records is how many items or rows one range has at most; 0 reads values whole.
	Records int64
	// Block is the size, in bytes, above which files are split.
	Block int64
}

// blockBytes is the size of a file, in bytes, from which it is split, as Beam's textio has it.
const blockBytes = 64 << 20

func newConfig(opts []Option) config {
	c := config{Block: blockBytes}
	for _, o := range opts {
		o(&c)
	}
	return c
}

// WithLimits bounds what each pickle may cost; see [unpkl.Limits].
func WithLimits(limits unpkl.Limits) Option { return func(c *config) { c.Limits = limits } }

// WithStrict makes pickles dead letters that name a class which is neither rebuilt nor allowed, as
// unpkl.WithAllow has it: "module.name", "module.*".
func WithStrict(allow ...string) Option {
	return func(c *config) { c.Strict, c.Allow = true, append(c.Allow, allow...) }
}

// WithAudit makes pickles dead letters of which an audit finds worse than the verdict.
func WithAudit(most audit.Verdict) Option { return func(c *config) { c.Audit = most } }

// WithRecords makes each item of a list or tuple, and each row of a table or of an array's first
// axis, a value of its own, or rows of tables of at most so many; ranges of as many are read at
// once. It is for files of one pickle.
func WithRecords(most int) Option { return func(c *config) { c.Records = int64(max(1, most)) } }

// WithBlockSize sets the size, in bytes, above which files are split into parts of about that size.
// The default is 64 MiB.
func WithBlockSize(bytes int64) Option { return func(c *config) { c.Block = max(1, bytes) } }

// load are the options of the pickles' decoder.
func (c *config) load() []unpkl.Option {
	opts := []unpkl.Option{
		unpkl.WithLimits(c.Limits), unpkl.WithEncoding(pickle.EncodingKeep),
		unpkl.WithPersistentLoad(func(pid any) (any, error) {
			return &pickle.PersistentRef{ID: pid}, nil
		}),
		unpkl.WithExtension(func(code int) (any, error) {
			return pickle.Global{Module: "extension code", Name: strconv.Itoa(code)}, nil
		}),
		unpkl.WithConcurrency(1), // the runner keeps the cores busy
	}
	if c.Strict {
		opts = append(opts, unpkl.WithStrict(), unpkl.WithAllow(c.Allow...))
	}
	return opts
}

// write are the options of what values are written as.
func (c *config) write(format string) []convert.Option {
	return []convert.Option{convert.WithTo(format), convert.WithLimits(c.Limits),
		convert.WithJSON(convert.JSON{Form: convert.FormPlain})}
}
