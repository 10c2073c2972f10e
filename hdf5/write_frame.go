package hdf5

import (
	"slices"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// Frame writes a pandas DataFrame at the path in pandas' table format, which read_hdf(file, path)
// reads. Columns of numbers, bools, text, datetime64, timedelta64 and categories keep their values
// and, except for text, their dtypes. Labels of columns must be text or ints. The index is one
// level of the same kinds except categories, or a MultiIndex whose levels have names of text or no
// names. Another column, label or index is an error of the kind ErrUnsupported, and so are more
// than some thousand columns of different dtypes, whose description does not fit the headers of
// HDF5 1.8. No index for queries is written: pandas' create_table_index creates one.
//
// Deflate, LZF, Shuffle and Fletcher32 of opts are used. Units of datetime64 other than ns need
// pandas 3.
//
// Reference: pandas/io/pytables.py, AppendableFrameTable; PyTables User's Guide, "PyTables File
// Format", Table, format version 2.7.
func (w *Writer) Frame(path string, f *frame.Frame, opts *DatasetOptions) error {
	if err := w.ready(); err != nil {
		return err
	}
	t, err := newFrameTable(f)
	if err != nil {
		return withPath(err, path)
	}
	// PyTables stores the rows in a node of their own, in the group of the frame.
	if err := w.checkPath(path + "/table"); err != nil {
		return err
	}
	if err := w.frameTable(path, t, opts); err != nil {
		return withPath(err, path)
	}
	root := attrSetter{w: w, n: w.root}
	root.group()
	root.text("PYTABLES_FORMAT_VERSION", "2.1")
	return root.err
}

// frameTable writes the group of a frame, and the groups of its categories.
func (w *Writer) frameTable(path string, t *frameTable, opts *DatasetOptions) error {
	if err := w.frameData(path+"/table", t, opts); err != nil {
		return err
	}
	for _, b := range t.blocks {
		if b.categories == nil {
			continue
		}
		if err := w.frameTable(path+"/meta/"+b.name+"/meta", b.categories, opts); err != nil {
			return err
		}
	}
	n, err := w.find(path)
	if err != nil {
		return err
	}
	return w.frameAttributes(n, t)
}

// frameTable describes a frame as a PyTables table. Each field is a block of columns of one dtype.
type frameTable struct {
	rows        int
	index       *frameBlock
	blocks      []*frameBlock
	labels      []string // pickles of the columns' labels, after those of the index's levels
	levels      []string // pickles of the names of a MultiIndex's levels
	labelsName  string   // a pickle of the name of the columns' labels
	indexName   string   // a pickle of the index's name, or ""
	indexKind   string   // pandas' word for the dtype of the index
	missingText string   // the text that stands for a missing text
	series      bool     // the table holds the elements of a pandas.Series
}

// frameBlock is a field of the table.
type frameBlock struct {
	name         string
	dtype        string // pandas' name
	tz           string
	text         bool
	size         int       // bytes of an element
	typ          *fileType // of an element
	fill         any       // PyTables' default
	columns      [][]byte  // the elements of each column
	labels       []string  // pickles of the columns' labels
	key          frameKey  // columns with the same key share a block
	isDataColumn bool      // one column, in a field with a name of its own: pandas' "data column"
	ordered      bool      // of categories
	// categories has the values for the codes of a categorical block; nil for other blocks.
	categories *frameTable
}

type frameKey struct{ dtype, tz string }

func newFrameTable(f *frame.Frame) (*frameTable, error) {
	t := &frameTable{rows: f.Rows(), missingText: "nan"}
	if err := f.Labels.Validate(); err != nil {
		return nil, errorf(ErrUnsupported, "%v", err)
	}
	for usesText(f, t.missingText) {
		t.missingText = "_" + t.missingText + "_"
	}
	byKey := map[frameKey]*frameBlock{}
	for i, s := range f.Columns {
		label, err := pickleLabel(f.Labels.At(i))
		if err != nil {
			return nil, err
		}
		t.labels = append(t.labels, label)
		b, err := t.column(s)
		if err != nil {
			return nil, withPath(err, label[1:len(label)-1])
		}
		b.labels = []string{label}
		if same := byKey[b.key]; same != nil && !b.text && b.categories == nil {
			same.columns = append(same.columns, b.columns[0])
			same.labels = append(same.labels, label)
			continue
		}
		if b.categories == nil {
			byKey[b.key] = b
		}
		b.name = "values_block_" + strconv.Itoa(len(t.blocks))
		t.blocks = append(t.blocks, b)
	}
	t.labelsName = "N"
	if name := f.Labels.Name(); name != nil {
		var err error
		if t.labelsName, err = pickleLabel(name); err != nil {
			return nil, err
		}
	}
	if err := t.setIndex(f.Index); err != nil {
		return nil, err
	}
	// pandas stores all labels in each of two attributes.
	if n := len(pickleList(t.labels)); n > maxMessage-1024 {
		return nil, errorf(ErrUnsupported, "labels of columns of %d bytes", n)
	}
	return t, nil
}

// isText reports whether a series is text, or objects that have to be text.
func isText(s *frame.Series) bool {
	return s.Kind == frame.Text ||
		s.Kind == frame.Numpy && s.Values != nil && s.Values.HasObject()
}

// usesText reports whether the given text occurs in the frame.
func usesText(f *frame.Frame, text string) bool {
	series := slices.Clone(f.Columns)
	for _, x := range append([]*frame.Index{f.Index}, f.Index.Levels...) {
		if x.Values != nil {
			series = append(series, x.Values)
		}
	}
	for _, s := range series {
		if !isText(s) {
			continue
		}
		for i := range s.Len() {
			if v, ok := s.At(i).(string); ok && v == text && !s.IsNull(i) {
				return true
			}
		}
	}
	return false
}

func (t *frameTable) setIndex(x *frame.Index) error {
	if x.IsMulti() {
		if err := t.setLevels(x); err != nil {
			return withPath(err, "index")
		}
		x = frame.NewRangeIndex(t.rows)
	}
	var err error
	if name := x.Name(); name != nil {
		if t.indexName, err = pickleLabel(name); err != nil {
			return err
		}
	}
	s, err := labelsOf(x)
	if err == nil {
		t.index, err = t.column(s)
	}
	if err == nil && t.index.categories != nil {
		err = errorf(ErrUnsupported, "an index of the class %s", x.Class) // as in pandas
	}
	if err != nil {
		return withPath(err, "index")
	}
	t.index.name, t.index.isDataColumn = "index", true
	t.indexKind, err = pandasIndexKind(s, t.index)
	return err
}

// pandasIndexKind returns pandas' word for the kind of an index.
func pandasIndexKind(s *frame.Series, b *frameBlock) (string, error) {
	switch {
	case b.text:
		return "string", nil
	case s.Kind == frame.Datetime || s.Kind == frame.Timedelta:
		return b.dtype, nil
	case s.Values.DType().Kind() == ndarray.KindFloat:
		return "float", nil
	case s.Values.DType().Kind() == ndarray.KindBool:
		return "bool", nil
	case s.Values.DType().Kind() == ndarray.KindComplex:
		return "", errorf(ErrUnsupported, "an index of the dtype %s", s.DType)
	}
	return "integer", nil
}

// column returns a block of one column.
func (t *frameTable) column(s *frame.Series) (*frameBlock, error) {
	switch {
	case isText(s):
		return t.textColumn(s)
	case s.Kind == frame.Datetime || s.Kind == frame.Timedelta:
		dt := s.Values.DType()
		// A name without a unit means ns, also to pandas 1, which knows no other unit.
		b := &frameBlock{
			tz: s.TZ, dtype: strings.TrimSuffix(dt.Name(), "[ns]"), size: 8, fill: int64(0),
		}
		b.typ = &fileType{message: integerMessage(nil, 8, signedBit), size: 8}
		return b.setElements(s.Values, dt.NewByteOrder(ndarray.LittleEndian))
	case s.Kind == frame.Categorical && s.Values != nil && s.Categories != nil:
		return categoricalColumn(s)
	case s.Kind == frame.Numpy && s.Values != nil:
		return numberColumn(s)
	}
	return nil, errorf(ErrUnsupported, "a column of the dtype %s", s.DType)
}

func numberColumn(s *frame.Series) (*frameBlock, error) {
	dt := s.Values.DType().NewByteOrder(ndarray.LittleEndian)
	b := &frameBlock{dtype: dt.Name(), size: dt.ItemSize()}
	var err error
	switch dt.Kind() {
	case ndarray.KindBool:
		// PyTables' bool is a bit field.
		b.typ = &fileType{message: bitfieldMessage(), size: 1}
		b.fill = false
	case ndarray.KindInt, ndarray.KindUint, ndarray.KindFloat, ndarray.KindComplex:
		if b.typ, err = newFileType(dt); err != nil {
			return nil, err
		}
		zero, err := ndarray.Zeros(dt)
		if err != nil {
			return nil, err
		}
		b.fill = zero
	default:
		return nil, errorf(ErrUnsupported, "a column of the dtype %s", s.DType)
	}
	return b.setElements(s.Values, dt)
}

// setElements sets the elements of the only column to those of an array, converted to dt.
func (b *frameBlock) setElements(a *ndarray.Array, dt *ndarray.DType) (*frameBlock, error) {
	if !a.DType().Equal(dt) {
		var err error
		if a, err = withOrder(a, dt); err != nil {
			return nil, err
		}
	}
	data, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	b.columns = [][]byte{data}
	b.key = frameKey{b.dtype, b.tz}
	return b, nil
}

// textColumn returns a block of UTF-8 text, whose elements have the size of the longest one.
func (t *frameTable) textColumn(s *frame.Series) (*frameBlock, error) {
	b := &frameBlock{text: true, size: 1, fill: []byte{}}
	texts := make([]string, s.Len())
	for i := range texts {
		if texts[i] = t.missingText; !s.IsNull(i) {
			text, ok := s.At(i).(string)
			if !ok {
				return nil, errorf(ErrUnsupported, "a column of objects with a %T", s.At(i))
			}
			texts[i] = text
		}
		b.size = max(b.size, len(texts[i]))
	}
	b.dtype = "bytes" + strconv.Itoa(8*b.size)
	b.typ = &fileType{
		message: typeHeader(nil, 1, ClassString, padNullTerm, b.size), size: b.size,
	}
	data := make([]byte, b.size*len(texts))
	for i, text := range texts {
		copy(data[i*b.size:], text)
	}
	b.columns = [][]byte{data}
	return b, nil
}

// bitfieldMessage returns the type of PyTables' bool: a bit field of one byte.
func bitfieldMessage() []byte {
	b := typeHeader(nil, 1, ClassBitfield, 0, 1)
	b = wire.AppendUint16(b, 0) // bit offset
	return wire.AppendUint16(b, 8)
}

// fileType returns the compound of a row: the index, and for each block an array of its columns.
func (t *frameTable) fileType() (*fileType, error) {
	size := t.index.size
	members := appendMember(nil, t.index.name, 0, t.index.typ, 2)
	for _, b := range t.blocks {
		field := b.typ
		if !b.isDataColumn {
			field = &fileType{size: b.size * len(b.columns)}
			field.message = append(arrayMessage(field.size, []int{len(b.columns)}),
				b.typ.message...)
		}
		members = appendMember(members, b.name, size, field, 2)
		size += field.size
	}
	header := typeHeader(nil, 2, ClassCompound, uint32(1+len(t.blocks)), size)
	row := &fileType{message: append(header, members...), size: size}
	if !fitsMessage(row.message) {
		return nil, errorf(ErrUnsupported, "a frame of %d blocks of columns", len(t.blocks))
	}
	return row, nil
}

// frameData writes the rows.
func (w *Writer) frameData(path string, t *frameTable, opts *DatasetOptions) error {
	row, err := t.fileType()
	if err != nil {
		return err
	}
	o := DatasetOptions{MaxShape: []int{Unlimited}, Chunks: rowChunk(nil, row.size)}
	if opts != nil {
		o.Deflate, o.LZF = opts.Deflate, opts.LZF
		o.Shuffle, o.Fletcher32 = opts.Shuffle, opts.Fletcher32
	}
	d, err := w.newDataset(row, nil, []int{t.rows}, &o)
	if err != nil {
		return err
	}
	blocks := append([]*frameBlock{t.index}, t.blocks...)
	band := o.Chunks[0]
	buf := make([]byte, 0, min(band, t.rows)*row.size)
	for at := 0; at < t.rows; at += band {
		n := min(band, t.rows-at)
		buf = buf[:n*row.size]
		offset := 0
		for _, b := range blocks {
			for _, data := range b.columns {
				for i := range n {
					copy(buf[i*row.size+offset:], data[(at+i)*b.size:(at+i+1)*b.size])
				}
				offset += b.size
			}
		}
		if err := d.chunks.writeBand(at, n, nil, buf, false); err != nil {
			return err
		}
	}
	if err := d.finish(); err != nil {
		return err
	}
	n, err := w.add(path, false)
	if err != nil {
		return err
	}
	n.data = d
	return w.tableAttributes(n, t, blocks)
}
