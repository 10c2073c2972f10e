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

// Source is a file of a batch.
type Source struct {
	// Index is the position in the whole list, from 0, shards or not.
	Index int64
	// Path is the name as it was given, or found in a folder.
	Path string
	// Root is the folder or the beginning of the pattern that Path was found below, "" of a file
	// that was named itself.
	Root string
	// Walked says that it was found in a folder, so that it need not be what the work is about.
	Walked bool
	// Info is what the list knows of the file, nil where it did not ask.
	Info fs.FileInfo
}

// info returns the size and time of a source.
func (s *Source) info() (fs.FileInfo, error) {
	if s.Info != nil {
		return s.Info, nil
	}
	return os.Stat(s.Path)
}

// Remote is where files are that the operating system does not have: an object store. It is safe
// for concurrent use.
type Remote interface {
	// Has reports whether a path, or the pattern of one, is of such a file.
	Has(path string) bool
	// List lists the files whose paths begin with a prefix, in the order of their paths' bytes,
	// with Path and Info.
	List(prefix string) iter.Seq2[Source, error]
	// Stat asks for the size and time of a file.
	Stat(path string) (fs.FileInfo, error)
}

// Listing says how files are listed. Its zero value lists those of the operating system.
type Listing struct {
	// Hidden says that files and folders whose names begin with a dot are not passed over.
	Hidden bool
	// Remote has files beside those of the operating system, or is nil.
	Remote Remote
}

// errStop ends a walk whose consumer wants no more.
var errStop = errors.New("stop")

// patternCharacters are those that make an argument a pattern.
const patternCharacters = "*?[{"

// IsPattern reports whether an argument is a pattern with *, ?, [ or {, and no file of that name.
func IsPattern(arg string) bool {
	if !strings.ContainsAny(arg, patternCharacters) {
		return false
	}
	_, err := os.Lstat(arg)
	return err != nil
}

// Sources lists the files that arguments stand for, as [Listing.Sources] does.
func Sources(args []string) iter.Seq2[Source, error] { return Listing{}.Sources(args) }

// Sources lists the files that arguments stand for: a file, a folder with all that is below it, a
// pattern in which ** stands for any number of folders; of remote files those whose paths begin
// with an argument that ends in '/' are its folder. Files are in the order of the arguments,
// and below a folder in that of their names. Hidden files, symbolic links and what is not a regular
// file are passed over below folders and patterns. A pattern that nothing is found for, and a
// folder that cannot be read, are errors that end the list.
func (l Listing) Sources(args []string) iter.Seq2[Source, error] {
	return numbered(func(yield func(Source, error) bool) {
		for _, arg := range args {
			if !l.sourcesOf(arg, yield) {
				return
			}
		}
	})
}

// IsSeveral reports whether an argument stands for other than one file.
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

// numbered sets the index of each source.
func numbered(all iter.Seq2[Source, error]) iter.Seq2[Source, error] {
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

// sourcesOf yields the files of one argument and reports whether there may be more.
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
		return yield(Source{Path: arg}, nil) // who opens it says what is wrong
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
	return ended(arg, err, yield)
}

// ended yields the error of a walk, if it had one, and reports whether there may be more.
func ended(arg string, err error, yield func(Source, error) bool) bool {
	if err != nil && err != errStop {
		yield(Source{Path: arg}, err)
	}
	return err == nil
}

func hidden(name string) bool { return strings.HasPrefix(name, ".") }

var errPattern = fmt.Errorf("the pattern has a bracket without its end: %w",
	doublestar.ErrBadPattern)

// errNoMatch is the error of a pattern that no file is of.
var errNoMatch = fmt.Errorf("no file is of this pattern: %w", fs.ErrNotExist)

// matches yields the files that a pattern stands for. The folders are walked in the order of names,
// so that the list is the same each time.
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
			return belowOnly(d, relative, rest)
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
	return ended(pattern, err, yield)
}

// belowOnly passes over a folder that is deeper than a pattern without ** reaches.
func belowOnly(d fs.DirEntry, relative, rest string) error {
	if d.IsDir() && relative != "." && !strings.Contains(rest, "**") &&
		strings.Count(relative, "/")+1 > strings.Count(rest, "/") {
		return fs.SkipDir
	}
	return nil
}

// maxPath is the longest line of a list of paths, in bytes.
const maxPath = 1 << 16

// Listed lists the files whose paths stand in r, one a line, or where the first line holds a NUL,
// each ended by one, as find -print0 has them. Empty lines are passed over. The reader is read as
// files are asked for.
func Listed(r io.Reader) iter.Seq2[Source, error] {
	return numbered(func(yield func(Source, error) bool) {
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

// splitPaths returns a function that splits at ends of lines, or at NULs where one comes first.
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
