package jsonval

import (
	"encoding/base64"
	"fmt"
	"math"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// formReaders read the special forms by their key.
var formReaders map[string]func(d *decoder, members types.Dict) (any, error)

func init() {
	formReaders = map[string]func(d *decoder, members types.Dict) (any, error){
		"$bytes": func(d *decoder, m types.Dict) (any, error) { return base64Of(m[0].Value) },
		"$bytearray": func(d *decoder, m types.Dict) (any, error) {
			b, err := base64Of(m[0].Value)
			return types.NewByteArrayFromSlice(b), err
		},
		"$complex": readComplex, "$dict": readDict, "$ndarray": readArray, "$masked": readMasked,
		"$object": readObject, "$global": readGlobal, "$ref": readRef,
		"$dtype": func(d *decoder, m types.Dict) (any, error) { return readDescr(m[0].Value) },
	}
}

func base64Of(v any) ([]byte, error) {
	text, ok := v.(string)
	if !ok {
		return nil, pickle.Malformed("not base64 text")
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, pickle.Malformed("%v", err)
	}
	return b, nil
}

var specialFloats = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

// floatOf reads a float as to-json writes it.
func floatOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int:
		return float64(v), true
	case string:
		f, ok := specialFloats[v]
		return f, ok
	}
	return 0, false
}

func readComplex(d *decoder, m types.Dict) (any, error) {
	parts, ok := m[0].Value.(*types.List)
	if ok && len(*parts) == 2 {
		re, ok1 := floatOf((*parts)[0])
		im, ok2 := floatOf((*parts)[1])
		if ok1 && ok2 {
			return complex(re, im), nil
		}
	}
	return nil, pickle.Malformed("want [real, imaginary]")
}

func readDict(d *decoder, m types.Dict) (any, error) {
	pairs, ok := m[0].Value.(*types.List)
	if !ok {
		return nil, pickle.Malformed("want a list of pairs")
	}
	entries := make([]types.DictEntry, len(*pairs))
	for i, p := range *pairs {
		pair, ok := p.(*types.List)
		if !ok || len(*pair) != 2 {
			return nil, pickle.Malformed("item %d is not [key, value]", i)
		}
		key := (*pair)[0]
		if l, ok := key.(*types.List); ok {
			// A list cannot be a key; it was a tuple.
			t := types.Tuple(*l)
			key = &t
		}
		entries[i] = types.DictEntry{Key: key, Value: (*pair)[1]}
	}
	return pickle.NewDict(entries...)
}

func globalNamed(v any) (pickle.Global, error) {
	name, _ := v.(string)
	dot := strings.LastIndexByte(name, '.')
	if dot <= 0 || dot == len(name)-1 {
		return pickle.Global{}, pickle.Malformed("want \"module.name\"")
	}
	return pickle.Global{Module: name[:dot], Name: name[dot+1:]}, nil
}

func readGlobal(d *decoder, m types.Dict) (any, error) { return globalNamed(m[0].Value) }

func readRef(d *decoder, m types.Dict) (any, error) {
	name, _ := m[0].Value.(string)
	v, ok := d.places[name]
	if !ok {
		return nil, pickle.Malformed("nothing is at %q before it", name)
	}
	d.referred[name] = true
	return v, nil
}

// readObject reads an object of a class that is not rebuilt. The document does not say
// which opcode made it: it is a call of the class with args, or without args an instance
// that its state fills.
func readObject(d *decoder, m types.Dict) (any, error) {
	o := &pickle.Object{Class: m[0].Value, Form: pickle.FormNewObj}
	if _, ok := o.Class.(string); ok {
		g, err := globalNamed(o.Class)
		if err != nil {
			return nil, err
		}
		o.Class = g
	}
	for _, e := range m[1:] {
		list, isList := e.Value.(*types.List)
		switch {
		case e.Key == any("state"):
			o.State, o.HasState = e.Value, true
		case e.Key == any("args") && isList:
			if o.Args = *list; len(o.Args) > 0 {
				o.Form = pickle.FormReduce
			}
		case e.Key == any("items") && isList:
			o.Items = *list
		case e.Key == any("items"), e.Key == any("dictitems"):
			dict, ok := e.Value.(*types.Dict)
			if !ok {
				return nil, pickle.Malformed("items are neither a list nor a dict")
			}
			o.DictItems = *dict
		case e.Key == any("kwargs"):
			dict, ok := e.Value.(*types.Dict)
			if !ok {
				return nil, pickle.Malformed("kwargs are no dict")
			}
			o.Kwargs, o.Form = dict, pickle.FormNewObjEx
		default:
			return nil, pickle.Malformed("unknown key %.40q", fmt.Sprint(e.Key))
		}
	}
	return o, nil
}

func readMasked(d *decoder, m types.Dict) (any, error) {
	parts, ok := m[0].Value.(*types.Dict)
	if !ok {
		return nil, pickle.Malformed("want an object")
	}
	masked := &ndarray.Masked{}
	for _, e := range *parts {
		a, isArray := e.Value.(*ndarray.Array)
		switch {
		case e.Key == any("data") && isArray:
			masked.Data = a
		case e.Key == any("mask") && isArray:
			masked.Mask = a
		case e.Key == any("mask") && e.Value == any(false):
		case e.Key == any("fill_value"):
			masked.FillValue = e.Value
			if _, ok := e.Value.(*types.Dict); ok {
				return nil, pickle.Malformed("a fill_value with fields cannot be read back")
			}
			if f, ok := floatOf(e.Value); ok && masked.Data != nil && masked.Data.DType().Kind() == ndarray.KindFloat {
				masked.FillValue = f
			}
		default:
			return nil, pickle.Malformed("unknown key or value of %.40q", fmt.Sprint(e.Key))
		}
	}
	if masked.Data == nil {
		return nil, pickle.Malformed("no data")
	}
	return masked, nil
}
