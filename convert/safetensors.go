package convert

import (
	"fmt"
	"io"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/safetensors"
	"github.com/unpkl/unpkl/ndarray"
)

var safetensorsFormat = &Format{
	Name: "safetensors", Endings: []string{".safetensors"}, About: "safetensors: arrays by name",
	Holds: KindNamed, read: readSafetensors, write: writeSafetensors,
}

// metadataName is the key of the document under which the metadata of a file stand: texts by name.
const metadataName = "__metadata__"

func readSafetensors(in *input) (any, error) {
	data, err := in.bytes()
	if err != nil {
		return nil, err
	}
	h, err := safetensors.ReadHeader(data, int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	out := types.Dict{}
	if len(h.Metadata) > 0 {
		texts := make(types.Dict, len(h.Metadata))
		for i, p := range h.Metadata {
			texts[i] = types.DictEntry{Key: p.Key, Value: p.Value}
		}
		out = append(out, types.DictEntry{Key: metadataName, Value: &texts})
	}
	for _, t := range h.Tensors {
		a, err := ndarray.New(t.DType, t.Shape, ndarray.OrderC, data[h.Len+t.Begin:h.Len+t.End])
		if err != nil {
			return nil, fmt.Errorf("convert: %q: %w", t.Name, err)
		}
		out = append(out, types.DictEntry{Key: t.Name, Value: a})
	}
	return &out, nil
}

func writeSafetensors(out *output, v any) error {
	d := out.document()
	v, metadata, err := d.splitMetadata(v)
	if err != nil {
		return err
	}
	arrays, err := d.named(v)
	if err != nil {
		return err
	}
	byName := map[string]*ndarray.Array{}
	var tensors []safetensors.Tensor
	for _, n := range arrays {
		a := n.array
		if _, _, ok := safetensors.NameOf(a.DType()); !ok {
			err := d.refuse(child("", n.name), describe(a), kindFor(a)|KindNamed)
			if !d.lossy {
				return err
			}
			d.warning(err.Error()[len("convert: "):] + ": left out")
			continue
		}
		dt := a.DType()
		if _, small := dt.SmallName(); !small {
			dt = dt.NewByteOrder(ndarray.LittleEndian)
		}
		if a, err = convertArray(a, dt); err != nil {
			return err
		}
		byName[n.name] = a
		tensors = append(tensors, safetensors.Tensor{Name: n.name, DType: dt, Shape: a.Shape()})
	}
	tensors, header, err := safetensors.Lay(tensors, metadata)
	if err != nil {
		return err
	}
	return out.write(func(w io.Writer) error {
		if _, err := w.Write(header); err != nil {
			return err
		}
		for _, t := range tensors {
			if _, err := byName[t.Name].WriteTo(w, ndarray.OrderC); err != nil {
				return err
			}
		}
		return nil
	})
}

// splitMetadata splits a document into its arrays and its metadata.
func (d *document) splitMetadata(v any) (any, []safetensors.Pair, error) {
	v, err := d.normalize(v, "")
	items, ok := v.(dict)
	if err != nil || !ok {
		return v, nil, err
	}
	var rest dict
	var out []safetensors.Pair
	for _, e := range items {
		m, err := d.normalize(e.value, child("", e.name))
		texts, ok := m.(dict)
		if err != nil || !ok || e.name != metadataName {
			rest = append(rest, e)
			continue
		}
		for _, p := range texts {
			s, ok := scalarOf(p.value)
			text, isText := s.(string)
			if !ok || !isText {
				return nil, nil, d.refuse(child(child("", e.name), p.name), describe(p.value),
					KindDict)
			}
			out = append(out, safetensors.Pair{Key: p.name, Value: text})
		}
	}
	return rest, out, nil
}
