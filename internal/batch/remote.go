package batch

import (
	"iter"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// remoteMatches yields the remote files that match a pattern. A pattern that ends in '/' matches
// all files whose paths begin with it. The result reports whether the list may go on.
func (l Listing) remoteMatches(pattern string, yield func(Source, error) bool) bool {
	prefix, rest := pattern, ""
	if i := strings.IndexAny(pattern, patternCharacters); i >= 0 {
		i = strings.LastIndexByte(pattern[:i], '/') + 1
		prefix, rest = pattern[:i], pattern[i:]
	}
	if !doublestar.ValidatePattern(rest) {
		yield(Source{Path: pattern}, errPattern)
		return false
	}
	found := false
	for s, err := range l.Remote.List(prefix) {
		if err != nil {
			yield(Source{Path: pattern}, err)
			return false
		}
		relative := strings.TrimPrefix(s.Path, prefix)
		if rest != "" && !doublestar.MatchUnvalidated(rest, relative) ||
			!l.Hidden && strings.Contains("/"+relative, "/.") &&
				!strings.Contains("/"+rest, "/.") {
			continue
		}
		found, s.Root, s.Walked = true, prefix, rest == ""
		if !yield(s, nil) {
			return false
		}
	}
	if !found && rest != "" {
		yield(Source{Path: pattern}, errNoMatch)
	}
	return found || rest == ""
}

// maxStats is the number of remote files whose sizes are requested at once.
const maxStats = 64

// WithInfo returns the list with the Info of its remote files, whose sizes count against the
// budget. It requests several at once. A file whose request fails keeps a nil Info; whoever opens
// it gets the error.
func (l Listing) WithInfo(all iter.Seq2[Source, error]) iter.Seq2[Source, error] {
	if l.Remote == nil {
		return all
	}
	type listed struct {
		source Source
		err    error
	}
	return func(yield func(Source, error) bool) {
		ahead := make(chan chan listed, maxStats)
		stop := make(chan struct{})
		defer close(stop)
		go func() { // nothing waits for it, because a read of standard input may never return
			defer close(ahead)
			for s, err := range all {
				one := make(chan listed, 1)
				select {
				case ahead <- one:
				case <-stop:
					return
				}
				if err != nil || s.Info != nil || !l.Remote.Has(s.Path) {
					one <- listed{s, err}
					continue
				}
				go func() {
					s.Info, _ = l.Remote.Stat(s.Path)
					one <- listed{s, nil}
				}()
			}
		}()
		for one := range ahead {
			if s := <-one; !yield(s.source, s.err) {
				return
			}
		}
	}
}
