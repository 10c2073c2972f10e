package ndarray

import "strconv"

// Descr returns the dtype as the header of an .npy file describes it, as values for JSON. It is
//
//   - a string such as "<f8"
//   - for a structured dtype a []any with a []any{name, descr} or []any{name, descr, shape} for
//     each field. The name of a field with a title is []any{title, name}. Bytes between fields are
//     fields named ""
//   - for a subarray by itself []any{descr, shape}
//   - for fields that overlap or are out of order, which no header can describe, a map[string]any
//     with names, formats, offsets and itemsize, as numpy.dtype accepts it
//   - for a StringDType "|O", as in files
//
// A shape is a []any of ints.
//
// Reference: numpy/lib/format.py, dtype_to_descr; numpy/_core/_internal.py, _array_descr.
func (d *DType) Descr() any {
	if base, shape := d.Subarray(); base != nil {
		return []any{base.Descr(), anyShape(shape)}
	}
	if d.kind == KindString {
		return "|O"
	}
	if !d.isStruct() {
		return d.Str()
	}
	if !d.inOrder() {
		return d.descrMap()
	}
	list := make([]any, 0, len(d.more.fields))
	end := 0
	for _, f := range d.more.fields {
		if f.Offset > end {
			list = append(list, padding(f.Offset-end))
		}
		var name any = f.Name
		if f.Title != nil {
			name = []any{f.Title, f.Name}
		}
		if base, shape := f.DType.Subarray(); base != nil {
			list = append(list, []any{name, base.Descr(), anyShape(shape)})
		} else {
			list = append(list, []any{name, f.DType.Descr()})
		}
		end = f.Offset + f.DType.itemsize
	}
	if d.itemsize > end {
		list = append(list, padding(d.itemsize-end))
	}
	return list
}

// inOrder reports whether each field begins after the end of the one before it.
func (d *DType) inOrder() bool {
	end := 0
	for _, f := range d.more.fields {
		if f.Offset < end {
			return false
		}
		end = f.Offset + f.DType.itemsize
	}
	return true
}

func (d *DType) descrMap() map[string]any {
	names, formats, offsets := []any{}, []any{}, []any{}
	for _, f := range d.more.fields {
		names = append(names, f.Name)
		formats = append(formats, f.DType.Descr())
		offsets = append(offsets, f.Offset)
	}
	return map[string]any{"names": names, "formats": formats, "offsets": offsets,
		"itemsize": d.itemsize}
}

func padding(n int) []any { return []any{"", "|V" + strconv.Itoa(n)} }

func anyShape(shape []int) []any {
	list := make([]any, len(shape))
	for i, n := range shape {
		list[i] = n
	}
	return list
}

// DescrLiteral returns Descr as the Python literal in the header of an .npy file. The error is of
// the kind ErrDType for what no header can describe: overlapping fields, or titles that are not
// strings.
func (d *DType) DescrLiteral() (string, error) {
	b, err := d.appendDescr(nil)
	return string(b), err
}

func (d *DType) appendDescr(b []byte) ([]byte, error) {
	if base, shape := d.Subarray(); base != nil {
		b, err := base.appendDescr(append(b, '('))
		return append(appendShape(append(b, ", "...), shape), ')'), err
	}
	if !d.isStruct() {
		return appendQuoted(b, d.Descr().(string)), nil
	}
	if !d.inOrder() {
		return b,
			errorf(ErrDType,
				"dtype %s has overlapping or out-of-order fields, which no descr describes",
				d.brief())
	}
	b = append(b, '[')
	end := 0
	for i, f := range d.more.fields {
		if i > 0 {
			b = append(b, ", "...)
		}
		if f.Offset > end {
			b = append(appendPadding(b, f.Offset-end), ", "...)
		}
		var err error
		if b, err = f.appendDescr(b); err != nil {
			return b, err
		}
		end = f.Offset + f.DType.itemsize
	}
	if d.itemsize > end {
		if len(d.more.fields) > 0 {
			b = append(b, ", "...)
		}
		b = appendPadding(b, d.itemsize-end)
	}
	return append(b, ']'), nil
}

func appendPadding(b []byte, n int) []byte {
	return append(strconv.AppendInt(append(b, "('', '|V"...), int64(n), 10), "')"...)
}

func (f Field) appendDescr(b []byte) ([]byte, error) {
	b = append(b, '(')
	if f.Title != nil {
		title, ok := f.Title.(string)
		if !ok {
			return b, errorf(ErrDType, "the title of field %q is a %T, which no descr holds",
				f.Name, f.Title)
		}
		b = append(appendQuoted(append(b, '('), title), ", "...)
		b = append(appendQuoted(b, f.Name), ')')
	} else {
		b = appendQuoted(b, f.Name)
	}
	b = append(b, ", "...)
	base, shape := f.DType.Subarray()
	if base == nil {
		b, err := f.DType.appendDescr(b)
		return append(b, ')'), err
	}
	b, err := base.appendDescr(b)
	return append(appendShape(append(b, ", "...), shape), ')'), err
}
