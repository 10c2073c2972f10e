package convert

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

var rawFormat = &Format{
	Name: "raw", Endings: []string{".raw", ".bin", ".memmap", ".mmap"},
	About: "numpy.tofile: bytes of one array",
	Holds: KindArray, Compressed: true, read: readRaw, write: writeRaw,
	openArray: openRaw, writeArray: writeRawStream,
}

// sidecar is the content of the file that describes raw bytes.
type sidecar struct {
	Descr        json.RawMessage `json:"descr"`
	FortranOrder bool            `json:"fortran_order"`
	Shape        []int           `json:"shape"`
	Offset       int64           `json:"offset,omitempty"`
}

// maxSidecar bounds the size of a sidecar, in bytes.
const maxSidecar = 1 << 20

func sidecarPath(path string) string { return path + ".json" }

// withSidecar returns the content of the sidecar, unless the caller describes the bytes or there is
// no sidecar.
func (r Raw) withSidecar(path string) (Raw, error) {
	if r.DType != nil || r.Shape != nil || r.Order != 0 || r.Offset != 0 {
		return r, nil
	}
	f, err := os.Open(sidecarPath(path))
	if os.IsNotExist(err) && !r.Sidecar {
		return r, nil
	}
	if err != nil {
		return r, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSidecar))
	if err != nil {
		return r, err
	}
	return parseSidecar(data)
}

// parseSidecar returns the content of a sidecar.
func parseSidecar(data []byte) (Raw, error) {
	var s sidecar
	if err := json.Unmarshal(data, &s); err != nil {
		return Raw{}, malformed("the sidecar of raw bytes: %v", err)
	}
	var descr any
	if err := json.Unmarshal(s.Descr, &descr); err != nil {
		return Raw{}, malformed("the sidecar of raw bytes: %v", err)
	}
	dt, err := ndarray.ParseDescr(descrLiteral(descr, 0))
	if err != nil {
		return Raw{}, malformed("the sidecar of raw bytes: %v", err)
	}
	if s.Offset < 0 || len(s.Shape) > ndarray.MaxDims {
		return Raw{}, malformed("the sidecar of raw bytes: offset %d, %d dimensions", s.Offset,
			len(s.Shape))
	}
	r := Raw{DType: dt, Shape: s.Shape, Offset: s.Offset, Sidecar: true, Order: ndarray.OrderC}
	if s.FortranOrder {
		r.Order = ndarray.OrderF
	}
	if r.Shape == nil {
		r.Shape = []int{}
	}
	return r, nil
}

// descrLiteral returns the descr of an .npy header, given as JSON, as a Python literal. JSON has no
// tuples, so the literal has tuples for the lists that describe fields and shapes.
func descrLiteral(v any, level int) string {
	switch x := v.(type) {
	case string:
		return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(x) + "'"
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	case []any:
		if level > ndarray.MaxDTypeDepth {
			return ""
		}
		var b strings.Builder
		for _, e := range x {
			b.WriteString(descrLiteral(e, level+1) + ", ")
		}
		// Only a list of fields contains lists: a field begins with its name, a shape has numbers.
		if inner, ok := firstItem(x).([]any); ok {
			if _, named := firstItem(inner).(string); named {
				return "[" + b.String() + "]"
			}
		}
		return "(" + b.String() + ")"
	}
	return ""
}

func firstItem(items []any) any {
	if len(items) == 0 {
		return nil
	}
	return items[0]
}

// layout returns the dtype, shape and order of size bytes after the offset.
func (r Raw) layout(size int64) (*ndarray.DType, []int, ndarray.Order, error) {
	dt, order := r.DType, r.Order
	if dt == nil {
		dt = ndarray.DTypeOf[float64]()
	}
	if order == 0 {
		order = ndarray.OrderC
	}
	item := int64(dt.ItemSize())
	if dt.HasObject() || item == 0 {
		return nil, nil, 0, unsupported("raw bytes of dtype %s", dt)
	}
	if size < 0 {
		return nil, nil, 0, malformed("the offset %d is behind the end of the file", r.Offset)
	}
	if r.Shape == nil {
		if size%item != 0 {
			return nil, nil, 0, malformed("%d bytes are no whole number of elements of dtype %s",
				size, dt)
		}
		return dt, []int{int(size / item)}, order, nil
	}
	shape := append([]int{}, r.Shape...)
	known, open := int64(1), -1
	for i, n := range shape {
		switch {
		case n == -1 && open < 0:
			open = i
		case n < 0:
			return nil, nil, 0, malformed("the shape %v", r.Shape)
		case n > 0 && known > size/int64(n)+1:
			return nil, nil, 0, malformed("the shape %v needs more than the %d bytes there are",
				r.Shape, size)
		default:
			known *= int64(n)
		}
	}
	if open >= 0 {
		if known == 0 || size%(known*item) != 0 {
			return nil, nil, 0, malformed("%d bytes do not fill the shape %v of dtype %s", size,
				r.Shape, dt)
		}
		shape[open] = int(size / item / known)
	} else if known*item > size {
		return nil, nil, 0, malformed("the shape %v of dtype %s needs %d bytes, there are %d",
			r.Shape, dt, known*item, size)
	}
	return dt, shape, order, nil
}

func readRaw(in *input) (any, error) {
	r, err := in.raw.withSidecar(in.path)
	if err != nil {
		return nil, err
	}
	data, err := in.bytes()
	if err != nil {
		return nil, err
	}
	dt, shape, order, err := r.layout(int64(len(data)) - r.Offset)
	if err != nil {
		return nil, err
	}
	data = data[r.Offset:]
	return ndarray.New(dt, shape, order, data[:elements(shape)*dt.ItemSize()])
}

// elements returns the product of a shape that was checked.
func elements(shape []int) int {
	n := 1
	for _, dim := range shape {
		n *= dim
	}
	return n
}

// forRaw returns the array to write, in the dtype and shape of the options, and its order.
func (out *output) forRaw(v any) (*ndarray.Array, ndarray.Order, error) {
	d := out.document()
	a, err := d.array(v, "")
	if err != nil {
		return nil, 0, err
	}
	if a.HasObject() {
		return nil, 0, d.refuse("", describe(a), KindObject)
	}
	if out.raw.DType != nil {
		if a, err = convertArray(a, out.raw.DType); err != nil {
			return nil, 0, err
		}
	}
	if out.raw.Shape != nil {
		if a, err = a.Reshape(out.raw.Shape...); err != nil {
			return nil, 0, fmt.Errorf("convert: %w", err)
		}
	}
	order := out.raw.Order
	if order == 0 || order == ndarray.OrderA || order == ndarray.OrderK {
		order = ndarray.OrderC
	}
	if !out.raw.Sidecar && out.raw.DType == nil && out.raw.Shape == nil {
		out.warning(fmt.Sprintf("raw keeps no dtype, shape or order: %s, %v, %s; a sidecar does",
			a.DType().Str(), a.Shape(), order))
	}
	return a, order, nil
}

func writeRaw(out *output, v any) error {
	a, order, err := out.forRaw(v)
	if err != nil {
		return err
	}
	err = out.write(func(w io.Writer) error {
		if err := zeros(w, out.raw.Offset); err != nil {
			return err
		}
		_, err := a.WriteTo(w, order)
		return err
	})
	if err == nil && out.raw.Sidecar {
		err = out.writeSidecar(a.DType(), a.Shape(), order)
	}
	return err
}

// zeros writes n zero bytes.
func zeros(w io.Writer, n int64) error {
	var block [4096]byte
	for ; n > 0; n -= int64(len(block)) {
		if _, err := w.Write(block[:min(n, int64(len(block)))]); err != nil {
			return err
		}
	}
	return nil
}

// writeSidecar writes the description of raw bytes to the file beside them.
func (out *output) writeSidecar(dt *ndarray.DType, shape []int, order ndarray.Order) error {
	descr, err := json.Marshal(dt.Descr())
	if err != nil {
		return err
	}
	data, err := json.Marshal(sidecar{descr, order == ndarray.OrderF, shape, out.raw.Offset})
	if err != nil {
		return err
	}
	beside := &output{config: &config{}, format: formatNamed("json"), path: sidecarPath(out.path)}
	return beside.replace(func(f *os.File) error {
		_, err := f.Write(append(data, '\n'))
		return err
	})
}
