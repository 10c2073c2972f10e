package hdf5

import (
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// Frame writes a pandas DataFrame at the path in pandas' table format: read_hdf(file, path) gives
// it back. Columns of numbers, bools, text, datetime64 and timedelta64 keep their values and,
// but for text, their dtypes; labels of columns are text or ints, the index is one level of
// the same kinds. Another column, label or index is an error of the kind ErrUnsupported, as are
// more than some thousand columns of different dtypes, whose description HDF5 1.8's headers do
// not hold. There is no index for queries: pandas' create_table_index makes one.
//
// Of opts Deflate, LZF, Shuffle and Fletcher32 are used. Units of datetime64 other than ns need
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
		return inPath(err, path)
	}
	// PyTables has a table's own node in the group of the frame.
	if err := w.free(path + "/table"); err != nil {
		return err
	}
	if err := w.frameData(path+"/table", t, opts); err != nil {
		return inPath(err, path)
	}
	root := attrSetter{w: w, n: w.root}
	root.text("CLASS", "GROUP")
	root.text("TITLE", "")
	root.text("VERSION", "1.0")
	root.text("PYTABLES_FORMAT_VERSION", "2.1")
	if root.err != nil {
		return root.err
	}
	n, err := w.find(path)
	if err != nil {
		return err
	}
	return inPath(w.frameAttributes(n, t), path)
}

// frameTable is a frame as a PyTables table: fields of blocks of columns that have one dtype.
type frameTable struct {
	rows   int
	index  *frameBlock
	blocks []*frameBlock
	labels []string // pickles of the columns' labels
	header string   // a pickle of the name of the columns' labels
	name   string   // a pickle of the index's name, or ""
	kind   string   // pandas' word for the index's dtype
	absent string   // stands for text that is missing
}

// frameBlock is a field of the table.
type frameBlock struct {
	name    string
	dtype   string // pandas' name
	tz      string
	text    bool
	size    int       // bytes of an element
	typ     *fileType // of an element
	fill    any       // PyTables' default
	columns [][]byte  // the elements
	labels  []string  // pickles of the columns' labels
	key     frameKey  // what columns of the block have in common
}

type frameKey struct{ dtype, tz string }

func newFrameTable(f *frame.Frame) (*frameTable, error) {
	t := &frameTable{rows: f.Rows(), absent: "nan"}
	if err := f.Labels.Validate(); err != nil {
		return nil, errorf(ErrUnsupported, "%v", err)
	}
	for usesText(f, t.absent) {
		t.absent = "_" + t.absent + "_"
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
			return nil, inPath(err, label[1:len(label)-1])
		}
		b.labels = []string{label}
		if same := byKey[b.key]; same != nil && !b.text {
			same.columns = append(same.columns, b.columns[0])
			same.labels = append(same.labels, label)
			continue
		}
		byKey[b.key] = b
		b.name = "values_block_" + strconv.Itoa(len(t.blocks))
		t.blocks = append(t.blocks, b)
	}
	// pandas keeps the labels twice, each time in one attribute.
	if n := len(pickleList(t.labels)); n > maxMessage-1024 {
		return nil, errorf(ErrUnsupported, "labels of columns of %d bytes", n)
	}
	t.header = "N"
	if name := f.Labels.Name(); name != nil {
		var err error
		if t.header, err = pickleLabel(name); err != nil {
			return nil, err
		}
	}
	return t, t.setIndex(f.Index)
}

// isText tells whether a series is text, or objects that have to be.
func isText(s *frame.Series) bool {
	return s.Kind == frame.Text ||
		s.Kind == frame.Numpy && s.Values != nil && s.Values.HasObject()
}

// usesText tells whether a text of the frame is the given one.
func usesText(f *frame.Frame, text string) bool {
	series := f.Columns
	if f.Index.Values != nil {
		series = append(append([]*frame.Series(nil), series...), f.Index.Values)
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
	var err error
	if name := x.Name(); name != nil {
		if t.name, err = pickleLabel(name); err != nil {
			return err
		}
	}
	s := x.Values
	switch {
	case x.IsMulti() || s == nil && !x.IsRange():
		return errorf(ErrUnsupported, "an index of the class %s", x.Class)
	case s == nil:
		labels := make([]int64, x.Len())
		for i := range labels {
			labels[i] = int64(x.Start + i*x.Step)
		}
		s, err = frame.NewSeries("", labels)
	}
	if err == nil {
		t.index, err = t.column(s)
	}
	if err != nil {
		return inPath(err, "index")
	}
	t.index.name = "index"
	t.kind, err = indexWord(s, t.index)
	return err
}

// indexWord is pandas' word for what an index holds.
func indexWord(s *frame.Series, b *frameBlock) (string, error) {
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

// column makes a block of one column.
func (t *frameTable) column(s *frame.Series) (*frameBlock, error) {
	switch {
	case isText(s):
		return t.textColumn(s)
	case s.Kind == frame.Datetime || s.Kind == frame.Timedelta:
		dt := s.Values.DType()
		// Without a unit the name means ns, also to pandas 1, which knows no other.
		b := &frameBlock{
			tz: s.TZ, dtype: strings.TrimSuffix(dt.Name(), "[ns]"), size: 8, fill: int64(0),
		}
		b.typ = &fileType{message: integerMessage(nil, 8, signedBit), size: 8}
		return b.take(s.Values, dt.NewByteOrder(ndarray.LittleEndian))
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
	return b.take(s.Values, dt)
}

// take keeps the bytes of the elements, in the order of dt.
func (b *frameBlock) take(a *ndarray.Array, dt *ndarray.DType) (*frameBlock, error) {
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

// textColumn stores text as UTF-8 of the longest element's length.
func (t *frameTable) textColumn(s *frame.Series) (*frameBlock, error) {
	b := &frameBlock{text: true, size: 1, fill: []byte{}}
	texts := make([]string, s.Len())
	for i := range texts {
		if texts[i] = t.absent; !s.IsNull(i) {
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
		message: typeHeader(nil, 1, typeString, padNullTerm, b.size), size: b.size,
	}
	data := make([]byte, b.size*len(texts))
	for i, text := range texts {
		copy(data[i*b.size:], text)
	}
	b.columns = [][]byte{data}
	return b, nil
}

// bitfieldMessage is an unsigned byte whose bits have a meaning each.
func bitfieldMessage() []byte {
	const typeBitfield = 4
	b := typeHeader(nil, 1, typeBitfield, 0, 1)
	b = wire.AppendUint16(b, 0) // bit offset
	return wire.AppendUint16(b, 8)
}

// fileType is the table's compound: the index, and for each block an array of its columns.
func (t *frameTable) fileType() (*fileType, error) {
	size := t.index.size
	members := appendMember(nil, t.index.name, 0, t.index.typ, 2)
	for _, b := range t.blocks {
		array := &fileType{size: b.size * len(b.columns)}
		array.message = append(arrayMessage(array.size, []int{len(b.columns)}), b.typ.message...)
		members = appendMember(members, b.name, size, array, 2)
		size += array.size
	}
	header := typeHeader(nil, 2, typeCompound, uint32(1+len(t.blocks)), size)
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

// tableAttributes gives the table what PyTables and pandas look for.
func (w *Writer) tableAttributes(n *node, t *frameTable, blocks []*frameBlock) error {
	a := attrSetter{w: w, n: n}
	a.text("CLASS", "TABLE")
	a.text("TITLE", "")
	a.text("VERSION", "2.7")
	a.value("NROWS", int64(t.rows))
	a.text("index_kind", t.kind)
	for i, b := range blocks {
		field := "FIELD_" + strconv.Itoa(i)
		a.text(field+"_NAME", b.name)
		a.value(field+"_FILL", b.fill)
		if b.text {
			a.text(b.name+"_nan_rep", t.absent)
		}
		if b == t.index {
			continue
		}
		a.text(b.name+"_dtype", b.dtype)
		a.pickle(b.name+"_kind", pickleList(b.labels))
		a.pickle(b.name+"_meta", "N")
	}
	return a.err
}

// frameAttributes gives the group of the frame what pandas looks for.
func (w *Writer) frameAttributes(n *node, t *frameTable) error {
	a := attrSetter{w: w, n: n}
	a.text("CLASS", "GROUP")
	a.text("TITLE", "")
	a.text("VERSION", "1.0")
	a.text("pandas_type", "frame_table")
	a.text("pandas_version", "0.15.2")
	a.text("table_type", "appendable_frame")
	a.text("encoding", "UTF-8")
	a.text("errors", "strict")
	a.text("nan_rep", t.absent)
	a.value("levels", int64(1))
	a.pickle("data_columns", pickleList(nil))
	a.pickle("index_cols", pickleList([]string{"(I0\nVindex\nt"}))
	a.pickle("non_index_axes", pickleList([]string{"(I1\n" + pickleList(t.labels) + "t"}))
	var names []string
	index := ""
	if t.name != "" {
		index += "Vindex_name\n" + t.name + "s"
	}
	if t.index.tz != "" {
		index += "Vtz\n" + pickleText(t.index.tz) + "s"
	}
	info := "(dI1\n(dVnames\n" + pickleList([]string{t.header}) + "sVtype\nVIndex\nss" +
		"Vindex\n(d" + index + "s"
	for _, b := range t.blocks {
		names = append(names, pickleText(b.name))
		zone := ""
		if b.tz != "" {
			zone = "Vtz\n" + pickleText(b.tz) + "s"
		}
		info += pickleText(b.name) + "(d" + zone + "s"
	}
	a.pickle("info", info)
	a.pickle("values_cols", pickleList(names))
	return a.err
}

// attrSetter sets attributes up to the first error.
type attrSetter struct {
	w   *Writer
	n   *node
	err error
}

func (a *attrSetter) value(name string, v any) {
	if a.err == nil {
		var message []byte
		if message, a.err = a.w.attribute(name, v); a.err == nil {
			a.err = a.n.setAttr(name, message)
		}
	}
}

func (a *attrSetter) text(name, text string) {
	if a.err == nil {
		a.err = a.w.setText(a.n, name, text)
	}
}

// pickle sets a list or dict, which PyTables keeps as a pickle in the text protocol, without
// evaluating anything: the lists have only text and ints in them.
func (a *attrSetter) pickle(name, text string) { a.value(name, []byte(text+".")) }

// setText sets a text of fixed length as PyTables does: UTF-8 even where it is ASCII, since
// others are bytes to it, without a NUL, and with a dataspace of nothing where it is empty.
func (w *Writer) setText(n *node, name, text string) error {
	typ := typeHeader(nil, 1, typeString, padNullTerm|charsetUTF8<<4, max(1, len(text)))
	space := dataspaceMessage(nil, nil)
	if text == "" {
		space = []byte{2, 0, 0, 2}
	}
	if !fitsMessage([]byte(name), typ, space, []byte(text)) {
		return errorf(ErrUnsupported, "an attribute of %d bytes", len(text))
	}
	return n.setAttr(name, attributeMessage(name, typ, space, []byte(text)))
}

// pickleLabel is a label, text or an int, in the text protocol of pickles.
func pickleLabel(label any) (string, error) {
	switch v := label.(type) {
	case string:
		return pickleText(v), nil
	case int:
		return "I" + strconv.Itoa(v) + "\n", nil
	case int64:
		return "I" + strconv.FormatInt(v, 10) + "\n", nil
	}
	return "", errorf(ErrUnsupported, "a label that is a %T", label)
}

// pickleText is a str: everything but plain ASCII as an escape.
func pickleText(s string) string {
	b := []byte{'V'}
	for _, r := range s {
		switch {
		case r == '\\' || r == '\n' || r == '\r' || r == 0 || r == 0x1a || r > 0x7e && r <= 0xffff:
			b = append(b, `\u`...)
			b = appendHex(b, uint32(r), 4)
		case r > 0xffff:
			b = append(b, `\U`...)
			b = appendHex(b, uint32(r), 8)
		default:
			b = append(b, byte(r))
		}
	}
	return string(append(b, '\n'))
}

func appendHex(b []byte, x uint32, digits int) []byte {
	for i := digits - 1; i >= 0; i-- {
		b = append(b, "0123456789abcdef"[x>>(4*i)&15])
	}
	return b
}

// pickleList is a list of what is pickled already.
func pickleList(items []string) string {
	b := []byte("(l")
	for _, item := range items {
		b = append(append(b, item...), 'a')
	}
	return string(b)
}
