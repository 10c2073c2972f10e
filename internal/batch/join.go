package batch

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
)

// Shards are checked shards that together cover one list of files.
type Shards struct {
	manifests []string // by number
	sums      []*Summary
}

// ErrShards is the kind of error of shards that are incomplete or do not belong together.
var ErrShards = errors.New("the shards are not whole")

// OpenShards checks the shards with the given manifests. A name is a manifest or a folder with
// manifests. Each shard must be there exactly once, complete and unchanged; all must be of the same
// list and the same options; and every file of the list must be in one of them.
func OpenShards(names []string) (*Shards, error) {
	manifests, err := shardManifests(names)
	if err != nil {
		return nil, err
	}
	if len(manifests) == 0 {
		return nil, fmt.Errorf("batch: %w: there is no manifest shard-*.json", ErrShards)
	}
	s := &Shards{}
	var entries int64
	for _, path := range manifests {
		sum, err := readManifest(path, nil)
		if err != nil {
			return nil, err
		}
		if err := s.add(path, sum); err != nil {
			return nil, err
		}
		entries += sum.Entries
	}
	if i := slices.Index(s.manifests, ""); i >= 0 {
		return nil, fmt.Errorf("batch: %w: shard %d of %d is not there", ErrShards, i,
			len(s.manifests))
	}
	if listed := s.sums[0].Listed; listed != entries {
		return nil, fmt.Errorf("batch: %w: %d files were listed and %d are in shards", ErrShards,
			listed, entries)
	}
	for i := range s.sums {
		if err := s.check(i); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// shardManifests returns the paths of the manifests that the names stand for.
func shardManifests(names []string) ([]string, error) {
	var manifests []string
	for _, name := range names {
		info, err := os.Stat(name)
		switch {
		case err != nil:
			return nil, err
		case !info.IsDir():
			manifests = append(manifests, name)
			continue
		}
		entries, err := os.ReadDir(name)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if ok, _ := filepath.Match("shard-*-of-*.json", e.Name()); ok {
				manifests = append(manifests, filepath.Join(name, e.Name()))
			}
		}
	}
	return manifests, nil
}

// add puts a shard in its place, unless it does not belong with those added before.
func (s *Shards) add(path string, sum *Summary) error {
	const most = 1 << 20
	if sum.Shards < 1 || sum.Shards > most || sum.Shard < 0 || sum.Shard >= sum.Shards {
		return fmt.Errorf("batch: %w: %s is of shard %d of %d", ErrShards, path, sum.Shard,
			sum.Shards)
	}
	if s.sums == nil {
		s.manifests, s.sums = make([]string, sum.Shards), make([]*Summary, sum.Shards)
	}
	var first *Summary
	for _, other := range s.sums {
		if other != nil {
			first = other
		}
	}
	switch {
	case sum.Shards != len(s.sums):
		return fmt.Errorf("batch: %w: %s is of %d shards, others of %d", ErrShards, path,
			sum.Shards, len(s.sums))
	case s.sums[sum.Shard] != nil:
		return fmt.Errorf("batch: %w: %s and %s are both shard %d", ErrShards,
			s.manifests[sum.Shard], path, sum.Shard)
	case first != nil && (first.List != sum.List || first.Listed != sum.Listed):
		return fmt.Errorf("batch: %w: %s is of another list of files", ErrShards, path)
	case first != nil && first.Options != sum.Options:
		return fmt.Errorf("batch: %w: %s was made with other options", ErrShards, path)
	}
	s.manifests[sum.Shard], s.sums[sum.Shard] = path, sum
	return nil
}

// dataName returns the path of a shard's file, which is in the folder of its manifest.
func (s *Shards) dataName(i int) string {
	return filepath.Join(filepath.Dir(s.manifests[i]), filepath.Base(s.sums[i].File))
}

// check compares the length and checksum of a shard's file with its manifest.
func (s *Shards) check(i int) error {
	f, err := os.Open(s.dataName(i))
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	n, err := io.Copy(sum, f)
	if err != nil {
		return err
	}
	if n != s.sums[i].Bytes || hex.EncodeToString(sum.Sum(nil)) != s.sums[i].SHA256 {
		return fmt.Errorf("batch: %w: %s is not what its manifest says: %d bytes of %d, or another checksum",
			ErrShards, f.Name(), n, s.sums[i].Bytes)
	}
	return nil
}

// Totals returns the number of shards, of files, and of files that failed.
func (s *Shards) Totals() (shards int, files, failed int64) {
	for _, sum := range s.sums {
		files += sum.Entries
		failed += sum.Failed
	}
	return len(s.sums), files, failed
}

// shardCursor is a position in one of the shards that are read side by side.
type shardCursor struct {
	m    *manifestReader
	f    *os.File
	r    *bufio.Reader
	next *Entry // nil at the end
}

// advance reads the next entry.
func (c *shardCursor) advance() (err error) {
	if c.next, err = c.m.next(); err == io.EOF {
		c.next, err = nil, nil
	}
	return err
}

// Join writes the lines of all shards in the order of the list, which is the output of one run
// without shards. The shards must be files of lines. Join calls failed with each failure, in the
// order of the list too.
func (s *Shards) Join(w io.Writer, failed func(*Failure) error) error {
	cursors := make([]*shardCursor, len(s.sums))
	defer func() {
		for _, c := range cursors {
			if c != nil {
				c.m.close()
				c.f.Close()
			}
		}
	}()
	for i := range cursors {
		m, err := openManifest(s.manifests[i])
		if err != nil {
			return err
		}
		f, err := os.Open(s.dataName(i))
		if err != nil {
			m.close()
			return err
		}
		cursors[i] = &shardCursor{m: m, f: f, r: bufio.NewReader(f)}
		if err := cursors[i].advance(); err != nil {
			return err
		}
	}
	for at := int64(0); at < s.sums[0].Listed; at++ {
		i := slices.IndexFunc(cursors, func(c *shardCursor) bool {
			return c.next != nil && c.next.Index == at
		})
		if i < 0 {
			return fmt.Errorf("batch: %w: file %d of the list is in no shard", ErrShards, at)
		}
		c := cursors[i]
		if _, err := io.CopyN(w, c.r, c.next.Bytes); err != nil {
			return err
		}
		if f := c.next.Failure; f != nil {
			if err := failed(f); err != nil {
				return err
			}
		}
		if err := c.advance(); err != nil {
			return err
		}
	}
	return nil
}

// AreLines reports whether the shards are files of lines.
func (s *Shards) AreLines() bool { return filepath.Ext(s.sums[0].File) == ".jsonl" }
