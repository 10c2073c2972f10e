package hdf5

import "strconv"

// tableAttributes sets the attributes of the table that PyTables and pandas read.
func (w *Writer) tableAttributes(n *node, t *frameTable, blocks []*frameBlock) error {
	a := attrSetter{w: w, n: n}
	a.text("CLASS", "TABLE")
	a.text("TITLE", "")
	a.text("VERSION", "2.7")
	a.value("NROWS", int64(t.rows))
	a.text("index_kind", t.indexKind)
	for i, b := range blocks {
		field := "FIELD_" + strconv.Itoa(i)
		a.text(field+"_NAME", b.name)
		a.value(field+"_FILL", b.fill)
		if b.text {
			a.text(b.name+"_nan_rep", t.missingText)
		}
		if b == t.index {
			continue
		}
		a.text(b.name+"_dtype", b.dtype)
		a.pickle(b.name+"_kind", pickleList(b.labels))
		if b.categories != nil {
			a.text(b.name+"_meta", "category")
		} else {
			a.pickle(b.name+"_meta", "N")
		}
	}
	return a.err
}

// frameAttributes sets the attributes of the frame's group that pandas reads.
func (w *Writer) frameAttributes(n *node, t *frameTable) error {
	a := attrSetter{w: w, n: n}
	a.group()
	kind, table := "frame_table", "appendable_frame"
	switch {
	case t.series:
		kind, table = "series_table", "appendable_series"
	case t.levels != nil:
		table = "appendable_multiframe"
	}
	a.text("pandas_type", kind)
	a.text("pandas_version", "0.15.2")
	a.text("table_type", table)
	a.text("encoding", "UTF-8")
	a.text("errors", "strict")
	a.text("nan_rep", t.missingText)
	if t.levels != nil {
		a.pickle("levels", pickleList(t.levels))
	} else {
		a.value("levels", int64(1))
	}
	a.pickle("index_cols", pickleList([]string{"(I0\nVindex\nt"}))
	a.pickle("non_index_axes", pickleList([]string{"(I1\n" + pickleList(t.labels) + "t"}))
	var names, single []string
	index := ""
	if t.indexName != "" {
		index += "Vindex_name\n" + t.indexName + "s"
	}
	if t.index.tz != "" {
		index += "Vtz\n" + pickleText(t.index.tz) + "s"
	}
	info := "(dI1\n(dVnames\n" + pickleList([]string{t.labelsName}) + "sVtype\nVIndex\nss" +
		"Vindex\n(d" + index + "s"
	for _, b := range t.blocks {
		names = append(names, pickleText(b.name))
		if b.isDataColumn {
			single = append(single, pickleText(b.name))
		}
		more := ""
		if b.tz != "" {
			more = "Vtz\n" + pickleText(b.tz) + "s"
		}
		if b.categories != nil {
			more = "Vordered\n" + pickleBool(b.ordered) + "s"
		}
		info += pickleText(b.name) + "(d" + more + "s"
	}
	a.pickle("data_columns", pickleList(single))
	a.pickle("info", info)
	a.pickle("values_cols", pickleList(names))
	return a.err
}

// attrSetter sets attributes until an error occurs, and then does nothing.
type attrSetter struct {
	w   *Writer
	n   *node
	err error
}

func (a *attrSetter) value(name string, v any) {
	if a.err == nil {
		var message []byte
		if message, a.err = a.w.attribute(name, v); a.err == nil {
			a.err = a.w.setAttr(a.n, name, message)
		}
	}
}

// group sets the attributes of every PyTables group.
func (a *attrSetter) group() {
	a.text("CLASS", "GROUP")
	a.text("TITLE", "")
	a.text("VERSION", "1.0")
}

func (a *attrSetter) text(name, text string) {
	if a.err == nil {
		a.err = a.w.setText(a.n, name, text)
	}
}

// pickle sets an attribute to a list or dict. PyTables stores these as pickles of protocol 0; here
// they hold nothing but text and ints.
func (a *attrSetter) pickle(name, text string) { a.value(name, []byte(text+".")) }

// setText sets a text of fixed length as PyTables does: without a NUL, as UTF-8 even if it is ASCII
// (PyTables reads ASCII as bytes), and with a null dataspace if it is empty.
func (w *Writer) setText(n *node, name, text string) error {
	typ := typeHeader(nil, 1, ClassString, padNullTerm|charsetUTF8<<4, max(1, len(text)))
	space := dataspaceMessage(nil, nil)
	if text == "" {
		space = []byte{2, 0, 0, 2}
	}
	if !fitsMessage([]byte(name), typ, space, []byte(text)) {
		return errorf(ErrUnsupported, "an attribute of %d bytes", len(text))
	}
	return w.setAttr(n, name, attributeMessage(name, typ, space, []byte(text)))
}

// pickleLabel returns the pickle, of protocol 0, of a label that is text or an int.
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

// pickleBool returns the pickle of a bool.
func pickleBool(b bool) string {
	if b {
		return "I01\n"
	}
	return "I00\n"
}

// pickleText returns the pickle of a str; characters other than printable ASCII are escaped.
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

// pickleList returns the pickle of a list whose items are pickled already.
func pickleList(items []string) string {
	b := []byte("(l")
	for _, item := range items {
		b = append(append(b, item...), 'a')
	}
	return string(b)
}
