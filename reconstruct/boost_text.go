package reconstruct

import (
	"bytes"
	"encoding/json"
	"io"
	"math/big"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// readModelJSON decodes JSON. Dicts keep the order of the text.
func readModelJSON(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := jsonValue(d, 0)
	if err != nil {
		return nil, pickle.Malformed("the model's JSON: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, pickle.Malformed("the model's JSON goes on behind its end")
	}
	return v, nil
}

// jsonValue decodes the next value.
func jsonValue(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := t.(type) {
	case json.Number:
		return jsonNumber(t)
	case json.Delim:
		if depth == maxModelDepth {
			return nil, &pickle.LimitError{Limit: "Depth", Max: maxModelDepth,
				Want: int64(depth + 1)}
		}
		if t == '[' {
			list := types.List{}
			for d.More() {
				v, err := jsonValue(d, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := d.Token()
			return &list, err
		}
		dict := types.Dict{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := jsonValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			dict = append(dict, types.DictEntry{Key: key, Value: v})
		}
		_, err := d.Token()
		return &dict, err
	}
	return t, nil
}

// jsonNumber returns a number as Python's json does: an int, unless it has a point or exponent.
func jsonNumber(n json.Number) (any, error) {
	if strings.ContainsAny(string(n), ".eE") {
		return n.Float64()
	}
	const most = 4300 // digits, Python's own limit
	i, ok := new(big.Int).SetString(string(n[:min(len(n), most)]), 10)
	if !ok || len(n) > most {
		return nil, pickle.Malformed("an int of %d digits", len(n))
	}
	return canonicalInt(i), nil
}

// readModelText parses LightGBM's model file. The result is a dict with "header", "trees" and the
// sections that follow them. Values are the text after the equals sign; a line without one is the
// value of the key "".
//
// Reference: LightGBM, src/boosting/gbdt_model_text.cpp.
func readModelText(text string) any {
	model, header, trees := types.Dict{}, &types.Dict{}, &types.List{}
	add := func(name string, v any) {
		model = append(model, types.DictEntry{Key: name, Value: v})
	}
	add("header", header)
	add("trees", trees)
	section := header
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		key, value, ok := strings.Cut(line, "=")
		switch {
		case line == "" || line == "end of trees" || line == "end of parameters":
			continue
		case key == "Tree" && ok:
			section = &types.Dict{}
			*trees = append(*trees, section)
		case !ok && strings.HasSuffix(line, ":"):
			section = &types.Dict{}
			add(strings.TrimSuffix(line, ":"), section)
			continue
		case !ok && strings.HasPrefix(line, "pandas_categorical:"):
			add("pandas_categorical", strings.TrimPrefix(line, "pandas_categorical:"))
			continue
		case !ok && strings.HasPrefix(line, "["): // [boosting: gbdt]
			key, value, _ = strings.Cut(strings.Trim(line, "[]"), ": ")
		}
		*section = append(*section, types.DictEntry{Key: key, Value: value})
	}
	return &model
}
