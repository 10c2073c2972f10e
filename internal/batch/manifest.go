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

// Entry says what became of one source in a file of blocks.
type Entry struct {
	Index int64  `json:"index"`
	Path  string `json:"path"`
	// Size and Modified are those of the source, in bytes and nanoseconds since 1970: a part is not
	// used again for a source that is another. The manifest of a shard has neither.
	Size     int64 `json:"size,omitempty"`
	Modified int64 `json:"modified,omitempty"`
	// Bytes is how long the block of this source is; blocks stand one behind another.
	Bytes int64 `json:"bytes"`
	// Failure is why there is no block.
	Failure *Failure `json:"failure,omitempty"`
}

// Summary is the last line of a manifest.
type Summary struct {
	// Options says with what options the blocks were made.
	Options string `json:"options"`
	Entries int64  `json:"entries"`
	Failed  int64  `json:"failed"`
	// File is the name of the file beside the manifest, of Bytes bytes with the sum SHA256.
	File   string `json:"file"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// Shard is which of Shards this is, from 0. Listed is how many sources the whole list has, and
	// List the SHA-256 of their paths, each ended by a newline.
	Shard  int    `json:"shard"`
	Shards int    `json:"shards"`
	Listed int64  `json:"listed"`
	List   string `json:"list,omitempty"`
}

// summaryLine is a line with a summary, which no entry is taken for.
type summaryLine struct {
	Summary *Summary `json:"summary"`
}

// manifestWriter writes entries and a summary as JSON Lines under a temporary name.
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

// close writes the summary and gives the file its name.
func (m *manifestWriter) close() error {
	err := writeLine(m.w, summaryLine{&m.sum})
	return finish(m.f, m.path, errors.Join(err, m.w.Flush()))
}

// finish closes a temporary file, and gives it its name where there was no error.
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
	sum  *Summary // once the last line was read
}

func openManifest(path string) (*manifestReader, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	return &manifestReader{f: f, d: json.NewDecoder(bufio.NewReader(f)), path: path}, nil
}

// next returns the next entry, io.EOF behind the last.
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

// readManifest calls visit, which may be nil, with each entry and returns the summary.
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
