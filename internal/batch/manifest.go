package batch

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Entry describes the result of one source in a file of blocks.
type Entry struct {
	Index int64  `json:"index"`
	Path  string `json:"path"`
	// Size and Modified are the source's size in bytes and its time of modification in nanoseconds
	// since 1970. If they differ, the source has changed and its part is not used again. The
	// manifest of a shard has neither.
	Size     int64 `json:"size,omitempty"`
	Modified int64 `json:"modified,omitempty"`
	// Bytes is the length of the source's block. Blocks follow one another without gaps.
	Bytes int64 `json:"bytes"`
	// Failure says why the source failed, nil if it did not. Its block may then be incomplete or
	// empty.
	Failure *Failure `json:"failure,omitempty"`
}

// Summary is the last line of a manifest.
type Summary struct {
	// Options describes the options that the blocks depend on.
	Options string `json:"options"`
	Entries int64  `json:"entries"`
	Failed  int64  `json:"failed"`
	// File is the name of the file of blocks, which is in the manifest's folder; Bytes is its
	// length and SHA256 its checksum.
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Shard is the number of this shard of Shards, from 0. Listed is the number of sources in the
	// whole list, and List the SHA-256 of their paths, each ended by a newline.
	Shard  int    `json:"shard"`
	Shards int    `json:"shards"`
	Listed int64  `json:"listed"`
	List   string `json:"list,omitempty"`
}

// summaryLine is the line of a summary. Its key tells it from the line of an entry.
type summaryLine struct {
	Summary *Summary `json:"summary"`
}

// manifestWriter writes entries and then a summary as JSON Lines, under a temporary name until it
// is closed.
type manifestWriter struct {
	f    *os.File
	w    *bufio.Writer
	path string
	sum  Summary
}

func newManifest(path string) (*manifestWriter, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, err
	}
	return &manifestWriter{f: f, w: bufio.NewWriter(f), path: path}, nil
}

func (m *manifestWriter) add(e *Entry) error {
	m.sum.Entries++
	if e.Failure != nil {
		m.sum.Failed++
	}
	return writeLine(m.w, e)
}

// close writes the summary and gives the file its final name.
func (m *manifestWriter) close() error {
	err := writeLine(m.w, summaryLine{&m.sum})
	return finish(m.f, m.path, errors.Join(err, m.w.Flush()))
}

// finish closes a temporary file and renames it to path. If err is not nil, or if that fails, it
// removes the file and returns the error.
func finish(f *os.File, path string, err error) error {
	if err == nil {
		err = f.Chmod(0o644)
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

func writeLine(w io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// manifestReader reads a manifest line by line.
type manifestReader struct {
	f    *os.File
	d    *json.Decoder
	path string
	sum  *Summary // nil until the last line was read
}

func openManifest(path string) (*manifestReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &manifestReader{f: f, d: json.NewDecoder(bufio.NewReader(f)), path: path}, nil
}

// next returns the next entry, or io.EOF after the last.
func (m *manifestReader) next() (*Entry, error) {
	if m.sum != nil {
		return nil, io.EOF
	}
	var line struct {
		Entry
		summaryLine
	}
	if err := m.d.Decode(&line); err != nil {
		return nil, fmt.Errorf("batch: %s is no whole manifest: %w", m.path, err)
	}
	if line.Summary != nil {
		m.sum = line.Summary
		return nil, io.EOF
	}
	return &line.Entry, nil
}

func (m *manifestReader) close() error { return m.f.Close() }

// readManifest calls visit with each entry, unless visit is nil, and returns the summary.
func readManifest(path string, visit func(*Entry) error) (*Summary, error) {
	m, err := openManifest(path)
	if err != nil {
		return nil, err
	}
	defer m.close()
	for {
		e, err := m.next()
		if err == io.EOF {
			return m.sum, nil
		}
		if err == nil && visit != nil {
			err = visit(e)
		}
		if err != nil {
			return nil, err
		}
	}
}
