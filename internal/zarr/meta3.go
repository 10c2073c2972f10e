package zarr

import (
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/ndarray"
)

// read3 parses a zarr.json.
func (a *Array) read3(data []byte) (err error) {
	m, err := decodeObject("zarr.json", data)
	if err != nil {
		return err
	}
	a.Format = 3
	a.FillValue = m["fill_value"]
	if a.Attrs, err = attributes3(data); err != nil {
		return err
	}
	if list, ok := m["storage_transformers"].([]any); ok && len(list) > 0 {
		return unsupported("storage transformers")
	}
	grid, _ := specOf(m["chunk_grid"])
	if grid.name != "regular" {
		return unsupported("the chunk grid %.40q", grid.name)
	}
	var isShape, isChunks bool
	a.Shape, isShape = intsOf(m["shape"])
	a.Chunks, isChunks = intsOf(grid.config["chunk_shape"])
	if !isShape || !isChunks {
		return malformed("zarr.json: no shape or chunks")
	}
	if err := a.checkShape(); err != nil {
		return err
	}
	if err := a.keys3(m["chunk_key_encoding"]); err != nil {
		return err
	}
	if err := a.names3(m["dimension_names"]); err != nil {
		return err
	}
	if a.DType, err = dtype3(m["data_type"], 0); err != nil {
		return err
	}
	codecs, _ := m["codecs"].([]any)
	return a.setPipeline(a.pipeline3(codecs, a.Chunks, 0))
}

// keys3 parses the encoding of the keys of chunks.
func (a *Array) keys3(v any) error {
	encoding, _ := specOf(v)
	separator, given := encoding.config["separator"].(string)
	switch encoding.name {
	case "default":
		if !given {
			separator = "/"
		}
		a.chunkKey = chunkKeys("c", separator)
	case "v2":
		if !given {
			separator = "."
		}
		a.chunkKey = chunkKeys("", separator)
	default:
		return unsupported("the encoding of keys %.40q", encoding.name)
	}
	return nil
}

// names3 parses the names of dimensions, some of which may be null.
func (a *Array) names3(v any) error {
	list, ok := v.([]any)
	if v == nil {
		return nil
	}
	if !ok || len(list) != len(a.Shape) {
		return malformed("dimension names of %.40v", v)
	}
	a.DimensionNames = make([]string, len(list))
	for i, name := range list {
		a.DimensionNames[i], ok = name.(string)
		if !ok && name != nil {
			return malformed("a dimension name of %.40v", name)
		}
	}
	return nil
}

// pipeline3 returns the pipeline of format 3 for chunks of the given shape.
func (a *Array) pipeline3(codecs []any, shape []int, depth int) (*pipeline, []string, error) {
	p := &pipeline{dt: a.DType, shape: shape}
	names, specs := namesOf(codecs)
	axes := make([]int, len(shape))
	for i := range axes {
		axes[i] = i
	}
	stored := false // whether the codec from elements to bytes was parsed
	for _, c := range specs {
		var err error
		switch {
		case stored:
			s := byteStage(c)
			if s == nil {
				return nil, names, unsupported("the codec %.40q", c.name)
			}
			p.stages = append(p.stages, s)
			continue
		case c.name == "transpose":
			order, _ := intsOf(c.config["order"])
			if axes, err = permuteAxes(axes, order); err != nil {
				return nil, names, err
			}
			continue
		case c.name == "bytes":
			if err = p.setEndian(a, c.config["endian"]); err != nil {
				return nil, names, err
			}
		case c.name == "vlen-utf8" || c.name == "vlen-bytes":
			if !a.DType.HasObject() {
				return nil, names, malformed("the codec %s of %s", c.name, a.DType)
			}
			p.vlen, p.binary = true, c.name == "vlen-bytes"
		case c.name == "sharding_indexed":
			var inner []string
			if len(names) > 1 && axes[0] != 0 {
				return nil, names, unsupported("shards of transposed chunks")
			}
			p.shard, inner, err = a.readShard(c, shape, depth)
			if names = append(names, inner...); err != nil {
				return nil, names, err
			}
		default:
			return nil, names, unsupported("the codec %.40q", c.name)
		}
		stored = true
	}
	if !stored || a.DType.HasObject() && !p.vlen && (p.shard == nil || !p.shard.inner.vlen) {
		return nil, names, malformed("codecs %q of %s", names, a.DType)
	}
	if p.shard != nil {
		p.binary = p.shard.inner.binary
	}
	p.strides = stridesOf(shape, axes)
	return p, names, nil
}

// setEndian sets the byte order of the stored elements in the array's dtype.
func (p *pipeline) setEndian(a *Array, endian any) error {
	order := ndarray.LittleEndian
	switch endian {
	case "big":
		order = ndarray.BigEndian
	case "little", nil:
	default:
		return malformed("an endian of %.40v", endian)
	}
	if a.DType.HasObject() {
		return malformed("the codec bytes of %s", a.DType)
	}
	a.DType = a.DType.NewByteOrder(order)
	p.dt = a.DType
	return nil
}

// simple3 are data types of format 3 without a configuration whose names are not those of NumPy.
var simple3 = map[string]string{"string": "O", "variable_length_bytes": "O", "bytes": "O",
	"bool": "?", "complex64": "c8", "complex128": "c16"}

// dtype3 parses a data type of format 3.
//
// Reference: Zarr core specification, version 3, "Data types"; zarr-extensions, data-types.
func dtype3(v any, depth int) (*ndarray.DType, error) {
	c, ok := specOf(v)
	if !ok || depth == ndarray.MaxDTypeDepth {
		return nil, malformed("a data type of %.40v", v)
	}
	spec, known := simple3[c.name]
	size, isSize := positiveInt(c.config["length_bytes"])
	switch {
	case known:
	case strings.HasPrefix(c.name, "int"), strings.HasPrefix(c.name, "uint"),
		strings.HasPrefix(c.name, "float"):
		spec = c.name
	case c.name == "fixed_length_utf32" && isSize && size%4 == 0:
		spec = "<U" + strconv.Itoa(size/4)
	case c.name == "null_terminated_bytes" && isSize:
		spec = "S" + strconv.Itoa(size)
	case c.name == "raw_bytes" && isSize:
		spec = "V" + strconv.Itoa(size)
	case c.name == "numpy.datetime64", c.name == "numpy.timedelta64":
		return time3(c)
	case c.name == "struct", c.name == "structured":
		return struct3(c, depth)
	case strings.HasPrefix(c.name, "r"):
		bits, err := strconv.Atoi(c.name[1:])
		if err != nil || bits < 8 || bits%8 != 0 {
			return nil, unsupported("the data type %.40q", c.name)
		}
		spec = "V" + strconv.Itoa(bits/8)
	}
	dt, err := ndarray.ParseDType(spec)
	if spec == "" || err != nil {
		return nil, unsupported("the data type %.40q", c.name)
	}
	return dt, nil
}

// time3 parses the data type of a datetime or timedelta.
func time3(c codecSpec) (*ndarray.DType, error) {
	unit, _ := c.config["unit"].(string)
	letter := map[bool]string{true: "<M8", false: "<m8"}[c.name == "numpy.datetime64"]
	if unit == "generic" {
		return ndarray.ParseDType(letter)
	}
	factor, ok := positiveInt(c.config["scale_factor"])
	if !ok {
		factor = 1
	}
	if unit == "μs" {
		unit = "us"
	}
	dt, err := ndarray.ParseDType(letter + "[" + strconv.Itoa(factor) + unit + "]")
	if err != nil {
		return nil, malformed("%v", err)
	}
	return dt, nil
}

// struct3 parses a data type with fields, each {"name", "data_type"} or [name, data type].
func struct3(c codecSpec, depth int) (*ndarray.DType, error) {
	list, _ := c.config["fields"].([]any)
	fields := make([]ndarray.Field, 0, len(list))
	offset := 0
	for _, v := range list {
		var name, kind any
		switch f := v.(type) {
		case map[string]any:
			name, kind = f["name"], f["data_type"]
		case []any:
			if len(f) == 2 {
				name, kind = f[0], f[1]
			}
		}
		text, ok := name.(string)
		if !ok {
			return nil, malformed("a field of %.40v", v)
		}
		dt, err := dtype3(kind, depth+1)
		if err != nil {
			return nil, err
		}
		fields = append(fields, ndarray.Field{Name: text, DType: dt, Offset: offset})
		offset += dt.ItemSize()
	}
	return structured(fields)
}
