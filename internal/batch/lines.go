package batch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Lines is a codec whose blocks are lines of JSON: {"path": ..., "value": ...}.
type Lines struct {
	// Value writes the value of a source as JSON.
	Value func(w io.Writer, s Source) error
}

// Encode returns the line of a source.
func (l *Lines) Encode(s Source) ([]byte, error) {
	path, err := json.Marshal(s.Path)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"path":%s,"value":`, path)
	if err := l.Value(&b, s); err != nil {
		return nil, err
	}
	b.Truncate(len(bytes.TrimRight(b.Bytes(), "\n")))
	if bytes.IndexByte(b.Bytes(), '\n') >= 0 {
		var one bytes.Buffer
		if err := json.Compact(&one, append(b.Bytes(), '}')); err != nil {
			return nil, err
		}
		return append(one.Bytes(), '\n'), nil
	}
	b.WriteString("}\n")
	return b.Bytes(), nil
}

// Accept accepts every line.
func (l *Lines) Accept([]byte) error { return nil }

// Join writes the lines.
func (l *Lines) Join(w io.Writer, blocks Blocks) error {
	return blocks.Each(func(_ *Entry, r *io.SectionReader) error {
		_, err := io.Copy(w, r)
		return err
	})
}
