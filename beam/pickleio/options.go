package pickleio

import (
	"strconv"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/pickle"
)

// Option is an option of reading.
type Option func(*config)

// config holds the options. Workers get it as JSON.
type config struct {
	Limits unpkl.Limits
	// Strict refuses classes that are neither rebuilt nor in Allow.
	Strict bool
	Allow  []string
	// Audit is the worst verdict that is accepted, "" for all.
	Audit audit.Verdict
	// Records is the largest number of items or rows of a range; with 0, values are read whole.
	Records int64
	// Block is the size of a file, in bytes, above which it is split.
	Block int64
}

// blockBytes is the default of config.Block, the same as in Beam's textio.
const blockBytes = 64 << 20

func newConfig(opts []Option) config {
	c := config{Block: blockBytes}
	for _, o := range opts {
		o(&c)
	}
	return c
}

// WithLimits sets the limits of the cost of each pickle; see [unpkl.Limits].
func WithLimits(limits unpkl.Limits) Option { return func(c *config) { c.Limits = limits } }

// WithStrict refuses pickles that name a class that is neither rebuilt nor allowed; they become
// dead letters. A class is allowed as with unpkl.WithAllow: "module.name", "module.*".
func WithStrict(allow ...string) Option {
	return func(c *config) { c.Strict, c.Allow = true, append(c.Allow, allow...) }
}

// WithAudit refuses pickles for which an audit gives a worse verdict than most.
func WithAudit(most audit.Verdict) Option { return func(c *config) { c.Audit = most } }

// WithRecords reads each item of a list or tuple, and each row of a table or of an array along its
// first axis, as a value of its own; [ReadTables] returns tables of at most that many rows. Each
// worker reads ranges of at most that many records. [Read] and [ReadTables] then read only the
// first pickle of a file.
func WithRecords(most int) Option { return func(c *config) { c.Records = int64(max(1, most)) } }

// WithBlockSize sets the size of a file, in bytes, above which it is split into parts of about that
// size. The default is 64 MiB.
func WithBlockSize(bytes int64) Option { return func(c *config) { c.Block = max(1, bytes) } }

// load returns the options for the decoder.
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

// write returns the options for the encoder of a format.
func (c *config) write(format string) []convert.Option {
	return []convert.Option{convert.WithTo(format), convert.WithLimits(c.Limits),
		convert.WithJSON(convert.JSON{Form: convert.FormPlain})}
}
