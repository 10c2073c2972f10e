// Package safetensors reads and writes the headers of safetensors files. A file is eight bytes with
// the length of a JSON object, the object, which has the dtype, shape and place of each tensor, and
// the bytes of the tensors.
//
// Reference: github.com/huggingface/safetensors, README.md, "Format", and
// safetensors/src/tensor.rs.
package safetensors

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// MaxHeader is the length of the longest header in bytes, as in the reference implementation.
const MaxHeader = 100_000_000

// Tensor is one entry of a header.
type Tensor struct {
	Name  string
	DType *ndarray.DType
	Shape []int
	// Begin and End are the offsets of its bytes after the header.
	Begin, End int64
}

// Header is the content of a header.
type Header struct {
	Tensors  []Tensor // in the order of their bytes
	Metadata []Pair   // of "__metadata__", in the order of the file
	Len      int64    // length of the header in bytes: the offset of the tensors' bytes
}

// Pair is an item of the metadata.
type Pair struct{ Key, Value string }

// dtypes are the names of dtypes, in the order of the reference implementation, which is by
// alignment.
var dtypes = []struct{ name, dtype string }{
	{"BOOL", "?"}, {"U8", "u1"}, {"I8", "i1"}, {"F8_E5M2", "float8_e5m2"},
	{"F8_E4M3", "float8_e4m3fn"},
	{"F8_E8M0", "float8_e8m0fnu"}, {"F8_E4M3FNUZ", "float8_e4m3fnuz"},
	{"F8_E5M2FNUZ", "float8_e5m2fnuz"},
	{"I16", "<i2"}, {"U16", "<u2"}, {"F16", "<f2"}, {"BF16", "bfloat16"}, {"I32", "<i4"},
	{"U32", "<u4"},
	{"F32", "<f4"}, {"C64", "<c8"}, {"F64", "<f8"}, {"I64", "<i8"}, {"U64", "<u8"},
}

func malformed(format string, args ...any) error {
	return errkind.New(errkind.ErrMalformed, "safetensors: "+format, args...)
}

// NameOf returns the name of a dtype, in any byte order, and its rank in the order of writing. ok
// is false if the format does not have the dtype.
func NameOf(dt *ndarray.DType) (name string, rank int, ok bool) {
	text := dt.NewByteOrder(ndarray.LittleEndian).Str()
	if small, ok := dt.SmallName(); ok {
		text = small
	}
	for i, d := range dtypes {
		if d.dtype == text || "|"+d.dtype == text ||
			d.dtype == "?" && dt.Kind() == ndarray.KindBool {
			return d.name, i, true
		}
	}
	return "", 0, false
}

func dtypeOf(name string) (*ndarray.DType, bool) {
	for _, d := range dtypes {
		if d.name == name {
			dt, err := ndarray.ParseDType(d.dtype)
			return dt, err == nil
		}
	}
	return nil, false
}

// entry is the JSON of a tensor.
type entry struct {
	DType   *string `json:"dtype"`
	Shape   []int64 `json:"shape"`
	Offsets []int64 `json:"data_offsets"`
}

// ReadHeader parses the header of a file of the given size. data is the beginning of the file, with
// the whole header. It checks that the tensors fill the rest of the file without gaps.
func ReadHeader(data []byte, size int64) (*Header, error) {
	if len(data) < 8 {
		return nil, errkind.New(errkind.ErrTruncated,
			"safetensors: %d bytes, no length of the header", len(data))
	}
	n := binary.LittleEndian.Uint64(data)
	if n > MaxHeader {
		return nil, errkind.New(errkind.ErrLimit, "safetensors: a header of %d bytes", n)
	}
	if int64(n) > size-8 || int(n) > len(data)-8 {
		return nil, errkind.New(errkind.ErrTruncated,
			"safetensors: a header of %d bytes in a file of %d", n, size)
	}
	h, err := parse(data[8 : 8+n])
	if err != nil {
		return nil, err
	}
	h.Len = int64(8 + n)
	return h, h.check(size - h.Len)
}

// parse parses the JSON object member by member, so that a repeated name is noticed.
func parse(text []byte) (*Header, error) {
	h := &Header{}
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, malformed("the header is no JSON object")
	}
	names := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return nil, malformed("the header is no JSON object")
		}
		if names[name] {
			return nil, malformed("the header has %.80q twice", name)
		}
		names[name] = true
		if name == "__metadata__" {
			if err := h.metadata(d); err != nil {
				return nil, err
			}
			continue
		}
		var e entry
		if err := d.Decode(&e); err != nil {
			return nil, malformed("the header of %.80q: %v", name, err)
		}
		tensor, err := e.tensor(name)
		if err != nil {
			return nil, err
		}
		h.Tensors = append(h.Tensors, tensor)
	}
	if _, err := d.Token(); err != nil {
		return nil, malformed("the header: %v", err)
	}
	if rest := bytes.Trim(text[d.InputOffset():], " "); len(rest) > 0 {
		return nil, malformed("something follows the header's object")
	}
	return h, nil
}

func (h *Header) metadata(d *json.Decoder) error {
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return malformed("__metadata__ is no object")
	}
	for d.More() {
		key, err1 := d.Token()
		value, err2 := d.Token()
		k, ok1 := key.(string)
		v, ok2 := value.(string)
		if err1 != nil || err2 != nil || !ok1 || !ok2 {
			return malformed("__metadata__ has something else than text")
		}
		h.Metadata = append(h.Metadata, Pair{k, v})
	}
	_, err := d.Token()
	return err
}

func (e *entry) tensor(name string) (t Tensor, err error) {
	if e.DType == nil || e.Shape == nil || len(e.Offsets) != 2 || len(e.Shape) > ndarray.MaxDims {
		return t, malformed("%.80q lacks its dtype, shape or data_offsets", name)
	}
	dt, ok := dtypeOf(*e.DType)
	if !ok {
		return t, errkind.New(errkind.ErrUnsupported, "safetensors: dtype %.40q of %.80q", *e.DType,
			name)
	}
	t = Tensor{Name: name, DType: dt, Shape: make([]int, len(e.Shape)), Begin: e.Offsets[0],
		End: e.Offsets[1]}
	if t.Begin < 0 || t.End < t.Begin {
		return t, malformed("%.80q is at %d to %d", name, t.Begin, t.End)
	}
	size := int64(dt.ItemSize())
	for i, n := range e.Shape {
		if n < 0 || n > 1<<53 || int64(int(n)) != n {
			return t, malformed("%.80q has the shape %v", name, e.Shape)
		}
		t.Shape[i] = int(n)
		if n > 0 && size > (1<<62)/n {
			return t, malformed("%.80q has the shape %v", name, e.Shape)
		}
		size *= n
	}
	if size != t.End-t.Begin {
		return t, malformed("%.80q of dtype %s and shape %v has %d bytes, not %d", name, *e.DType,
			e.Shape, t.End-t.Begin, size)
	}
	return t, nil
}

// check sorts the tensors by their offsets, and checks that they fill the size bytes after the
// header.
func (h *Header) check(size int64) error {
	slices.SortStableFunc(h.Tensors, func(a, b Tensor) int {
		if a.Begin != b.Begin {
			return int(min(max(a.Begin-b.Begin, -1), 1))
		}
		return int(min(max(a.End-b.End, -1), 1))
	})
	var end int64
	for _, t := range h.Tensors {
		if t.Begin != end {
			return malformed("%.80q begins at %d, the one before ends at %d", t.Name, t.Begin, end)
		}
		end = t.End
	}
	switch {
	case end > size:
		return errkind.New(errkind.ErrTruncated,
			"safetensors: the tensors have %d bytes, the file %d", end, size)
	case end < size:
		return malformed("%d bytes follow the tensors", size-end)
	}
	return nil
}

// Lay assigns places to tensors, whose Name, DType and Shape are set, and returns the header of a
// file with them. The tensors are in the order of the reference implementation, by dtype and name.
func Lay(tensors []Tensor, metadata []Pair) ([]Tensor, []byte, error) {
	out := slices.Clone(tensors)
	slices.SortStableFunc(out, func(a, b Tensor) int {
		_, x, _ := NameOf(a.DType)
		_, y, _ := NameOf(b.DType)
		if x != y {
			return y - x
		}
		return strings.Compare(a.Name, b.Name)
	})
	text := []byte{'{'}
	member := func(name string, value any) error {
		key, err := marshal(name)
		if err != nil {
			return err
		}
		v, err := marshal(value)
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(append(append(text, key...), ':'), v...)
		return err
	}
	if len(metadata) > 0 {
		m := map[string]string{}
		for _, p := range metadata {
			m[p.Key] = p.Value
		}
		if err := member("__metadata__", m); err != nil {
			return nil, nil, err
		}
	}
	var end int64
	for i := range out {
		t := &out[i]
		name, _, ok := NameOf(t.DType)
		if !ok {
			return nil, nil, errkind.New(errkind.ErrUnsupported, "safetensors: dtype %s of %q",
				t.DType, t.Name)
		}
		size := int64(t.DType.ItemSize())
		shape := make([]int64, len(t.Shape))
		for k, n := range t.Shape {
			shape[k] = int64(n)
			size *= int64(n)
		}
		t.Begin, t.End = end, end+size
		end = t.End
		if err := member(t.Name, entry{&name, shape, []int64{t.Begin, t.End}}); err != nil {
			return nil, nil, err
		}
	}
	text = append(text, '}')
	for len(text)%8 != 0 {
		text = append(text, ' ')
	}
	return out, append(binary.LittleEndian.AppendUint64(nil, uint64(len(text))), text...), nil
}

// marshal is json.Marshal without escapes for <, > and &.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
