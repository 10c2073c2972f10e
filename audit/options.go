package audit

import (
	"bufio"
	"fmt"
	"github.com/unpkl/unpkl/internal/tape"
	"io"
	"path"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/internal/input"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
)

// Option says how an input is audited.
type Option func(*config)

// config is what the options say.
type config struct {
	limits      pickle.Limits
	all         pickle.Limits // with defaults
	allow, deny []string
	valueBytes  func(int64) (int64, error) // see tape.Limits
	// usage is what the pickles of one compressed input or archive have used of the limits; nil
	// where each counts by itself.
	usage *tape.Usage
}

// WithLimits sets the limits; a field that is zero keeps its default.
func WithLimits(limits pickle.Limits) Option {
	return func(c *config) { c.limits = limits }
}

// WithAllow gives names, each "module.name", the verdict [VerdictKnown]. In a name * stands for any
// text; one with a * changes no dangerous verdict, since who wrote it may not have thought of that
// name.
func WithAllow(names ...string) Option {
	return func(c *config) { c.allow = append(c.allow[:len(c.allow):len(c.allow)], names...) }
}

// WithDeny gives names the verdict [VerdictDangerous], whatever else is said of them. In a name *
// stands for any text.
func WithDeny(names ...string) Option {
	return func(c *config) { c.deny = append(c.deny[:len(c.deny):len(c.deny)], names...) }
}

// ReadRules reads lists of names from lines "allow NAME" and "deny NAME". What follows a # is a
// comment.
func ReadRules(r io.Reader) (Option, error) {
	var allow, deny []string
	lines := bufio.NewScanner(r)
	for n := 1; lines.Scan(); n++ {
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if len(words) != 2 || words[0] != "allow" && words[0] != "deny" {
			return nil, fmt.Errorf("line %d: want allow NAME or deny NAME, not %q", n, text)
		}
		if _, err := path.Match(words[1], ""); err != nil {
			return nil, fmt.Errorf("line %d: %q: %w", n, words[1], err)
		}
		if words[0] == "allow" {
			allow = append(allow, words[1])
		} else {
			deny = append(deny, words[1])
		}
	}
	return func(c *config) {
		WithAllow(allow...)(c)
		WithDeny(deny...)(c)
	}, lines.Err()
}

func newConfig(opts []Option) *config {
	c := new(config)
	for _, o := range opts {
		if o != nil {
			o(c)
		}
	}
	c.all = c.limits.WithDefaults()
	return c
}

// npy returns the options for package npy. Arrays of objects are audited as pickles, not read.
func (c *config) npy() *npy.Options { return (&input.Options{Limits: c.limits}).NPY() }

// judge says what a name means, by the caller's lists and by that of the package.
func (c *config) judge(module, name string) judged {
	j := judgeOnce(module, name)
	full := module + "." + name
	for _, pattern := range c.allow {
		exact := pattern == full
		if ok, _ := path.Match(pattern, full); exact || ok && j.kind != kindDangerous {
			j = judged{kind: kindKnown, reason: becauseAllowed}
		}
	}
	for _, pattern := range c.deny {
		if ok, _ := path.Match(pattern, full); ok || pattern == full {
			j = judged{kind: kindDangerous, reason: becauseDenied}
		}
	}
	return j
}

// maxJudged bounds the names whose verdict is kept for other pickles, which use the same few.
const maxJudged = 1 << 12

var judgedNames struct {
	sync.RWMutex
	m map[pickle.Global]judged
}

// judgeOnce is the judge of the package's list, which is asked once for most names.
func judgeOnce(module, name string) judged {
	g := pickle.Global{Module: module, Name: name}
	judgedNames.RLock()
	j, ok := judgedNames.m[g]
	judgedNames.RUnlock()
	if ok {
		return j
	}
	j = names().judge(module, name)
	judgedNames.Lock()
	defer judgedNames.Unlock()
	if judgedNames.m == nil {
		judgedNames.m = map[pickle.Global]judged{}
	}
	// A name may be part of a mapped file, or long.
	if len(judgedNames.m) < maxJudged && len(module)+len(name) < maxNameText {
		judgedNames.m[pickle.Global{Module: strings.Clone(module), Name: strings.Clone(name)}] = j
	}
	return j
}

// unfolded returns the configuration for what n compressed bytes unfolded to: its opcodes may not
// build values out of proportion to them.
func (c *config) unfolded(n int64) *config {
	if c.valueBytes != nil {
		return c
	}
	inner := *c
	inner.usage = new(tape.Usage)
	inner.valueBytes = func(taken int64) (int64, error) {
		return tape.ValueBytesOf(taken, n, c.all.CompressionRatio)
	}
	return &inner
}
