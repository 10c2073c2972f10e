package convert

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/internal/jsonval"
)

// recordsTable is a file of JSON Lines that is read as a table in parts. Like a long text it is
// read twice: once for the kinds of the columns, which a part alone does not tell, and once for the
// elements.
type recordsTable struct {
	in          *input
	document    *document
	names       []string
	columnIndex map[string]int // by name
	kinds       []elementKind
	present     []int // number of records that have each column
	rows        int
	r           *rowsReader
}

// openJSONLines opens a long file of records of scalars. It returns nil if the file has to be read
// whole.
func openJSONLines(in *input) (*tableReader, error) {
	info, err := os.Stat(in.path)
	if err != nil {
		return nil, err
	}
	if _, compressed := formatOfPath(in.path); info.Size() <= maxWholeSize && !compressed {
		return nil, nil
	}
	t := &recordsTable{in: in, columnIndex: map[string]int{},
		document: in.document(formatNamed("jsonl"))}
	if ok, err := t.scan(); !ok || err != nil {
		return nil, err
	}
	if err := t.begin(); err != nil {
		return nil, err
	}
	return partsReader(t.read, t.r.Close, t.rows)
}

func (t *recordsTable) begin() error {
	file, err := t.in.open()
	if err != nil {
		return err
	}
	t.r = &rowsReader{inputReader: file, partBytes: textPartBytes, nextLine: 1}
	return nil
}

// records calls do with each record of the next part. ok is false if a line is not a record, or do
// returns false.
func (t *recordsTable) records(do func(r dict) bool) (ok bool, err error) {
	text, err := t.r.read()
	if err != nil {
		return false, err
	}
	line := t.r.partLine - 1
	for row := range bytes.Lines(text) {
		line++
		if len(bytes.TrimSpace(row)) == 0 {
			continue
		}
		v, err := jsonval.Decode(row, t.in.limits)
		if err == nil {
			v, err = t.document.normalize(v, "")
		}
		if err != nil {
			return false, fmt.Errorf("convert: line %d: %w", line, err)
		}
		r, isDict := v.(dict)
		if !isDict || !do(r) {
			return false, nil
		}
	}
	return true, nil
}

// scan reads the file for the names and kinds of the columns; ok is false if the file has to be
// read whole.
func (t *recordsTable) scan() (ok bool, err error) {
	if err := t.begin(); err != nil {
		return false, err
	}
	defer t.r.Close()
	for {
		ok, err := t.records(t.add)
		if err == io.EOF {
			break
		}
		if !ok || err != nil {
			return false, err
		}
	}
	for c, kind := range t.kinds {
		missing := t.present[c] < t.rows
		switch {
		case kind == intElement && missing:
			t.kinds[c] = floatElement
		case kind == boolElement && missing:
			return false, nil
		}
	}
	return t.rows > 0 && len(t.names) > 0, nil
}

// add notes the columns of a record. It returns false if a member is not a number, bool or text.
func (t *recordsTable) add(r dict) bool {
	for _, e := range r {
		at, ok := t.columnIndex[e.name]
		if !ok {
			at = len(t.names)
			t.columnIndex[e.name], t.names = at, append(t.names, e.name)
			t.kinds, t.present = append(t.kinds, noneElement), append(t.present, 0)
		}
		v, ok := elementOf(e.value)
		if !ok {
			return false
		}
		if v == nil {
			continue
		}
		t.present[at]++
		kind := kindOfElement(v)
		switch t.kinds[at] = widen(t.kinds[at], kind); t.kinds[at] {
		case boolElement, intElement, floatElement, textElement:
		default:
			return false
		}
	}
	t.rows++
	return len(t.names) <= maxColumns
}

// read returns the next part as a batch.
func (t *recordsTable) read() (arrow.RecordBatch, error) {
	columns := make([][]any, len(t.names))
	rows := 0
	ok, err := t.records(func(r dict) bool {
		for c := range columns {
			columns[c] = append(columns[c], nil)
		}
		for _, e := range r {
			at, known := t.columnIndex[e.name]
			v, ok := elementOf(e.value)
			if !known || !ok {
				return false
			}
			columns[at][rows] = v
		}
		rows++
		return true
	})
	if err == nil && !ok {
		err = malformed("the file changed while it was read")
	}
	if err != nil {
		return nil, err
	}
	series := make([]*frame.Series, len(columns))
	for c, items := range columns {
		switch name := t.names[c]; t.kinds[c] {
		case floatElement:
			series[c] = floatColumn(name, items)
		case textElement:
			series[c] = textsWithGaps(name, items)
		default:
			series[c] = columnOf(name, items)
		}
	}
	f, err := frame.New(series...)
	if err != nil {
		return nil, err
	}
	return arrowframe.FromFrame(memory.DefaultAllocator, f)
}
