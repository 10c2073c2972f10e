package batch

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/zeebo/xxh3"
)

// Shard is one of several disjoint parts of a list of sources. The list must be read to its end by
// [Shard.Sources] before the shard is written.
type Shard struct {
	// Number is the number of this shard, from 0; Of is how many shards there are.
	Number, Of int

	listed int64     // sources of the list so far, in this shard or not
	list   hash.Hash // of their paths
}

// ParseShard parses "I/N".
func ParseShard(text string) (*Shard, error) {
	number, of, ok := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(number)
	n, err2 := strconv.Atoi(of)
	if !ok || err1 != nil || err2 != nil || i < 0 || i >= n {
		return nil, fmt.Errorf("%q is no shard such as 0/8, of which the first is 0 and the last 7",
			text)
	}
	return &Shard{Number: i, Of: n, list: sha256.New()}, nil
}

// ShardOf returns the number of the shard, of n, that a path belongs to: the XXH3 of the path, with
// slashes as separators, modulo n. It is the same on every machine.
func ShardOf(path string, n int) int {
	return int(xxh3.HashString(filepath.ToSlash(path)) % uint64(n))
}

// Sources returns the sources of a list that belong to the shard; they keep their positions in the
// list. The whole list is read.
func (s *Shard) Sources(all iter.Seq2[Source, error]) iter.Seq2[Source, error] {
	return func(yield func(Source, error) bool) {
		for source, err := range all {
			if err != nil {
				yield(source, err)
				return
			}
			s.listed++
			fmt.Fprintf(s.list, "%s\n", filepath.ToSlash(source.Path))
			if ShardOf(source.Path, s.Of) == s.Number && !yield(source, nil) {
				return
			}
		}
	}
}

// Name returns the name of the shard's file without its extension: shard-00000-of-00008.
func (s *Shard) Name() string { return fmt.Sprintf("shard-%05d-of-%05d", s.Number, s.Of) }

// Write writes the shard's file into a folder, and then its manifest. A shard without a manifest is
// incomplete.
func (s *Shard) Write(folder, ending string, p *Parts) error {
	file := s.Name() + ending
	sum := sha256.New()
	var size int64
	err := WriteFile(filepath.Join(folder, file), func(w io.Writer) error {
		counted := &countingWriter{w: io.MultiWriter(w, sum)}
		b := bufio.NewWriterSize(counted, 1<<18)
		err := errors.Join(p.Codec.Join(b, p.All()), b.Flush())
		size = counted.written
		return err
	})
	if err != nil {
		return err
	}
	m, err := newManifest(filepath.Join(folder, s.Name()+".json"))
	if err != nil {
		return err
	}
	err = p.All().Each(func(e *Entry, _ *io.SectionReader) error {
		own := *e
		own.Size, own.Modified = 0, 0
		return m.add(&own)
	})
	if err != nil {
		m.f.Close()
		return errors.Join(err, os.Remove(m.f.Name()))
	}
	m.sum.Options, m.sum.File, m.sum.Bytes, m.sum.SHA256 = p.Options, file, size,
		hex.EncodeToString(sum.Sum(nil))
	m.sum.Shard, m.sum.Shards, m.sum.Listed = s.Number, s.Of, s.listed
	m.sum.List = hex.EncodeToString(s.list.Sum(nil))
	return m.close()
}

// countingWriter counts the bytes that it passes on.
type countingWriter struct {
	w       io.Writer
	written int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.written += int64(n)
	return n, err
}
