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

// config holds the options of an audit.
type config struct {
	limits      pickle.Limits              // as the caller gave them
	effective   pickle.Limits              // limits with the defaults filled in
	allow, deny []string                   // patterns of names
	valueBytes  func(int64) (int64, error) // see tape.Limits
	// usage counts what the pickles of one compressed input or archive have used of the limits
	// together. It is nil where the limits hold for each pickle by itself.
	usage *tape.Usage
}

// WithLimits sets the limits; a field that is zero keeps its default.
func WithLimits(limits pickle.Limits) Option {
	return func(c *config) { c.limits = limits }
}

// WithAllow gives names, each "module.name", the verdict [VerdictKnown]. In a name, * stands for
// any text. A name with a * does not change the verdict dangerous, because its author may not have
// thought of the dangerous names that it matches.
func WithAllow(names ...string) Option {
	return func(c *config) { c.allow = append(c.allow[:len(c.allow):len(c.allow)], names...) }
}

// WithDeny gives names the verdict [VerdictDangerous], which overrides every other rule. In a name,
// * stands for any text.
func WithDeny(names ...string) Option {
	return func(c *config) { c.deny = append(c.deny[:len(c.deny):len(c.deny)], names...) }
}

// ReadRules reads lines "allow NAME" and "deny NAME", which have the meaning of [WithAllow] and
// [WithDeny]. Text after a # is a comment.
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
	c.effective = c.limits.WithDefaults()
	return c
}

// npy returns the options for package npy, which reads only the headers: arrays of objects are
// audited as pickles.
func (c *config) npy() *npy.Options { return (&input.Options{Limits: c.limits}).NPY() }

// judge returns what is known of a name, from the caller's lists and from the package's list.
func (c *config) judge(module, name string) judgement {
	j := judgeOnce(module, name)
	full := module + "." + name
	for _, pattern := range c.allow {
		exact := pattern == full
		if ok, _ := path.Match(pattern, full); exact || ok && j.kind != kindDangerous {
			j = judgement{kind: kindKnown, reason: becauseAllowed}
		}
	}
	for _, pattern := range c.deny {
		if ok, _ := path.Match(pattern, full); ok || pattern == full {
			j = judgement{kind: kindDangerous, reason: becauseDenied}
		}
	}
	return j
}

// maxJudged bounds the judgements that are kept for later pickles, most of which use the same
// names.
const maxJudged = 1 << 12

var judgedNames struct {
	sync.RWMutex
	m map[pickle.Global]judgement
}

// judgeOnce returns the judgement of the package's list, from a cache for most names.
func judgeOnce(module, name string) judgement {
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
		judgedNames.m = map[pickle.Global]judgement{}
	}
	// The strings are copied because a name may be a part of a mapped file.
	if len(judgedNames.m) < maxJudged && len(module)+len(name) < maxNameText {
		judgedNames.m[pickle.Global{Module: strings.Clone(module), Name: strings.Clone(name)}] = j
	}
	return j
}

// forDecompressed returns the configuration for data that was decompressed from n bytes: the values
// that its opcodes build must stay in proportion to n.
func (c *config) forDecompressed(n int64) *config {
	if c.valueBytes != nil {
		return c
	}
	inner := *c
	inner.usage = new(tape.Usage)
	inner.valueBytes = func(taken int64) (int64, error) {
		return tape.ValueBytesOf(taken, n, c.effective.CompressionRatio)
	}
	return &inner
}
