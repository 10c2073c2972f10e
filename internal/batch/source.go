package batch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Source is one file of a batch.
type Source struct {
	// Index is the position in the whole list, from 0, even if only a shard is worked on.
	Index int64
	// Path is the path as it was given or as it was found.
	Path string
	// Root is the folder, or the fixed beginning of the pattern, below which Path was found; "" if
	// the file itself was given.
	Root string
	// Walked says that the file was found in a folder, so it may not be of the kind that the work
	// is for.
	Walked bool
	// Info describes the file if the listing already knows it, else nil.
	Info fs.FileInfo
}

// info returns the size and time of a source.
func (s *Source) info() (fs.FileInfo, error) {
	if s.Info != nil {
		return s.Info, nil
	}
	return os.Stat(s.Path)
}

// Remote gives access to files outside the file system, in an object store. It is safe for
// concurrent use.
type Remote interface {
	// Has reports whether a path or pattern is that of remote files.
	Has(path string) bool
	// List lists the files whose paths begin with a prefix, ordered by the bytes of their paths,
	// with Path and Info set.
	List(prefix string) iter.Seq2[Source, error]
	// Stat requests the size and time of modification of a file.
	Stat(path string) (fs.FileInfo, error)
}

// Listing holds the options of a list of files. Its zero value lists files of the file system and
// skips hidden ones.
type Listing struct {
	// Hidden includes files and folders whose names begin with a dot.
	Hidden bool
	// Remote gives access to remote files; it may be nil.
	Remote Remote
}

// errStop ends a walk whose consumer wants no more files.
var errStop = errors.New("stop")

// patternCharacters are the characters that make an argument a pattern.
const patternCharacters = "*?[{"

// IsPattern reports whether an argument has one of *, ?, [ and {, and is not the name of a file.
func IsPattern(arg string) bool {
	if !strings.ContainsAny(arg, patternCharacters) {
		return false
	}
	_, err := os.Lstat(arg)
	return err != nil
}

// Sources lists the files that the arguments stand for, as [Listing.Sources] of the zero value
// does.
func Sources(args []string) iter.Seq2[Source, error] { return Listing{}.Sources(args) }

// Sources lists the files that the arguments stand for. An argument is a file, a folder with all
// files below it, or a pattern in which ** matches any number of folders. A remote path that ends
// in '/' is a folder. Files are in the order of the arguments, and below a folder in the order of
// their names. Below folders and in patterns, symbolic links, files that are not regular and,
// unless Hidden is set, hidden files are skipped. A pattern that matches nothing and a folder that
// cannot be read are errors, which end the list.
func (l Listing) Sources(args []string) iter.Seq2[Source, error] {
	return withIndex(func(yield func(Source, error) bool) {
		for _, arg := range args {
			if !l.sourcesOf(arg, yield) {
				return
			}
		}
	})
}

// IsSeveral reports whether an argument is a folder or a pattern and not a single file.
func (l Listing) IsSeveral(arg string) bool {
	if l.isRemote(arg) {
		return strings.HasSuffix(arg, "/") || strings.ContainsAny(arg, patternCharacters)
	}
	if IsPattern(arg) {
		return true
	}
	info, err := os.Stat(arg)
	return err == nil && info.IsDir()
}

func (l Listing) isRemote(path string) bool { return l.Remote != nil && l.Remote.Has(path) }

// withIndex sets the index of each source.
func withIndex(all iter.Seq2[Source, error]) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) {
		var n int64
		for s, err := range all {
			s.Index = n
			n++
			if !yield(s, err) {
				return
			}
		}
	}
}

// sourcesOf yields the files of one argument and reports whether the list may go on.
func (l Listing) sourcesOf(arg string, yield func(Source, error) bool) bool {
	switch {
	case l.isRemote(arg) && l.IsSeveral(arg):
		return l.remoteMatches(arg, yield)
	case l.isRemote(arg):
		return yield(Source{Path: arg}, nil)
	case IsPattern(arg):
		return l.matches(arg, yield)
	}
	info, err := os.Stat(arg)
	if err != nil || !info.IsDir() {
		return yield(Source{Path: arg}, nil) // whoever opens a missing file reports the error
	}
	err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !l.Hidden && hidden(d.Name()) && path != arg:
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.Type().IsRegular() && !yield(Source{Path: path, Root: arg, Walked: true}, nil):
			return errStop
		}
		return nil
	})
	return endWalk(arg, err, yield)
}

// endWalk yields the error of a walk, if there is one, and reports whether the list may go on.
func endWalk(arg string, err error, yield func(Source, error) bool) bool {
	if err != nil && err != errStop {
		yield(Source{Path: arg}, err)
	}
	return err == nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }

var errPattern = fmt.Errorf("the pattern has a bracket without its end: %w",
	doublestar.ErrBadPattern)

// errNoMatch is the error of a pattern that matches no file.
var errNoMatch = fmt.Errorf("no file is of this pattern: %w", fs.ErrNotExist)

// matches yields the files that match a pattern. It walks the folders in the order of their names,
// so the list is the same each time.
func (l Listing) matches(pattern string, yield func(Source, error) bool) bool {
	slashed := filepath.ToSlash(pattern)
	if !doublestar.ValidatePattern(slashed) {
		yield(Source{Path: pattern}, errPattern)
		return false
	}
	base, rest := doublestar.SplitPattern(slashed)
	root, found := filepath.FromSlash(base), false
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		relative = filepath.ToSlash(relative)
		if path != root && !l.Hidden && hidden(d.Name()) && !strings.Contains("/"+rest, "/.") {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if ok := doublestar.MatchUnvalidated(rest, relative); !ok || !d.Type().IsRegular() {
			return skipBelow(d, relative, rest)
		}
		found = true
		if !yield(Source{Path: path, Root: root}, nil) {
			return errStop
		}
		return nil
	})
	if err == nil && !found {
		err = errNoMatch
	}
	return endWalk(pattern, err, yield)
}

// skipBelow returns fs.SkipDir for a folder so deep that a pattern without ** matches nothing in
// it.
func skipBelow(d fs.DirEntry, relative, rest string) error {
	if d.IsDir() && relative != "." && !strings.Contains(rest, "**") &&
		strings.Count(relative, "/")+1 > strings.Count(rest, "/") {
		return fs.SkipDir
	}
	return nil
}

// maxPath is the longest allowed line of a list of paths, in bytes.
const maxPath = 1 << 16

// Listed lists the files whose paths are in r: one on each line, or, if a NUL comes before the
// first newline, each ended by a NUL as find -print0 writes them. Empty lines are skipped. The
// reader is read only as far as files are taken from the list.
func Listed(r io.Reader) iter.Seq2[Source, error] {
	return withIndex(func(yield func(Source, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxPath)
		lines.Split(splitPaths())
		for lines.Scan() {
			if path := lines.Text(); path != "" && !yield(Source{Path: path}, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Source{}, err)
		}
	})
}

// splitPaths returns a function that splits at newlines or at NULs, whichever comes first in the
// data.
func splitPaths() bufio.SplitFunc {
	end := byte(0)
	known := false
	return func(data []byte, atEOF bool) (int, []byte, error) {
		if !known {
			i := bytes.IndexAny(data, "\x00\n")
			if known = i >= 0; known {
				end = data[i]
			}
		}
		if i := bytes.IndexByte(data, end); known && i >= 0 {
			path := data[:i]
			if end == '\n' {
				path = bytes.TrimSuffix(path, []byte("\r"))
			}
			return i + 1, path, nil
		}
		if atEOF && len(data) > 0 {
			return len(data), data, nil
		}
		return 0, nil, nil
	}
}
