package zarr

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/ndarray"
)

// decodeObject decodes a JSON object; its numbers stay json.Number.
func decodeObject(name string, data []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		return nil, malformed("%s: %v", name, err)
	}
	return m, nil
}

// chunkKeys returns a function that returns the keys of chunks.
func chunkKeys(start, separator string) func([]int) string {
	return func(index []int) string {
		if len(index) == 0 {
			if start != "" {
				return start
			}
			return "0"
		}
		parts := make([]string, 0, len(index)+1)
		if start != "" {
			parts = append(parts, start)
		}
		for _, n := range index {
			parts = append(parts, strconv.Itoa(n))
		}
		return strings.Join(parts, separator)
	}
}

// read2 parses .zarray and .zattrs.
func (a *Array) read2(data, attrs []byte) (err error) {
	m, err := decodeObject(".zarray", data)
	if err != nil {
		return err
	}
	a.Format = 2
	a.FillValue = m["fill_value"]
	a.Attrs = attrs
	var isShape, isChunks bool
	a.Shape, isShape = intsOf(m["shape"])
	a.Chunks, isChunks = intsOf(m["chunks"])
	if !isShape || !isChunks {
		return malformed(".zarray: no shape or chunks")
	}
	if err := a.checkShape(); err != nil {
		return err
	}
	separator, ok := m["dimension_separator"].(string)
	if !ok {
		separator = "."
	}
	a.chunkKey = chunkKeys("", separator)
	if a.DType, err = dtype2(m["dtype"], 0); err != nil {
		return err
	}
	filters, _ := m["filters"].([]any)
	if c := m["compressor"]; c != nil {
		filters = append(filters, c)
	}
	return a.setPipeline(a.pipeline2(filters, m["order"] == "F"))
}

// setPipeline sets the pipeline, or the error if a codec is not known.
func (a *Array) setPipeline(p *pipeline, names []string, err error) error {
	a.Codecs = names
	if errors.Is(err, errkind.ErrUnsupported) {
		a.codecErr, err = err, nil
		return nil
	}
	if a.pipe = p; err != nil || p.vlen {
		return err
	}
	_, err = fillElement(a.DType, a.FillValue)
	return err
}

// pipeline2 returns the pipeline of format 2: filters and a compressor, in the order of encoding.
func (a *Array) pipeline2(codecs []any, fOrder bool) (*pipeline, []string, error) {
	p := &pipeline{dt: a.DType, shape: a.Chunks, strides: cStrides(a.Chunks)}
	if fOrder {
		p.strides = fStrides(a.Chunks)
	}
	names, specs := namesOf(codecs)
	for i, c := range specs {
		switch {
		case (c.name == "vlen-utf8" || c.name == "vlen-bytes") && i == 0 && a.DType.HasObject():
			p.vlen, p.binary = true, c.name == "vlen-bytes"
		case c.name == "delta" && len(p.stages) == 0 && !p.vlen:
			// Only differences of the array's own dtype can be decoded.
			stored, err := dtype2(c.config["astype"], 0)
			if c.config["astype"] == nil {
				stored, err = a.DType, nil
			}
			if err != nil || !stored.Equal(a.DType) {
				return nil, names, unsupported("the codec delta of another dtype")
			}
			p.deltas = append(p.deltas, stored)
		default:
			s := byteStage(c)
			if s == nil {
				return nil, names, unsupported("the codec %.40q", c.name)
			}
			p.stages = append(p.stages, s)
		}
	}
	if a.DType.HasObject() && !p.vlen {
		return nil, names, unsupported("objects by the codecs %q", names)
	}
	return p, names, nil
}

// namesOf parses the codecs, and returns their names too.
func namesOf(codecs []any) (names []string, specs []codecSpec) {
	names = []string{}
	for _, v := range codecs {
		c, ok := specOf(v)
		if !ok {
			c.name = fmt.Sprintf("%.40v", v)
		}
		names, specs = append(names, c.name), append(specs, c)
	}
	return names, specs
}

// dtype2 parses a dtype of format 2: a string, or a list of fields.
func dtype2(v any, depth int) (*ndarray.DType, error) {
	if s, ok := v.(string); ok {
		dt, err := ndarray.ParseDType(s)
		if err != nil {
			return nil, malformed("%v", err)
		}
		return dt, nil
	}
	list, ok := v.([]any)
	if !ok || depth == ndarray.MaxDTypeDepth {
		return nil, malformed("a dtype of %.40v", v)
	}
	fields := make([]ndarray.Field, 0, len(list))
	offset := 0
	for _, x := range list {
		parts, ok := x.([]any)
		if !ok || len(parts) < 2 || len(parts) > 3 {
			return nil, malformed("a field of %.40v", x)
		}
		name, isName := parts[0].(string)
		dt, err := dtype2(parts[1], depth+1)
		if err != nil || !isName {
			return nil, malformed("a field of %.40v: %v", x, err)
		}
		if len(parts) == 3 {
			shape, ok := intsOf(parts[2])
			if !ok {
				return nil, malformed("a field of shape %.40v", parts[2])
			}
			if dt, err = ndarray.NewSubarray(dt, shape...); err != nil {
				return nil, malformed("%v", err)
			}
		}
		fields = append(fields, ndarray.Field{Name: name, DType: dt, Offset: offset})
		offset += dt.ItemSize()
	}
	return structured(fields)
}

func structured(fields []ndarray.Field) (*ndarray.DType, error) {
	dt, err := ndarray.NewStruct(fields, false)
	if err != nil {
		return nil, malformed("%v", err)
	}
	return dt, nil
}
