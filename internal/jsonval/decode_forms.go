package jsonval

import (
	"encoding/base64"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// formReaders has a function for each special form that cannot contain a reference to itself.
var formReaders map[string]func(d *decoder, members types.Dict) (any, error)

func init() {
	formReaders = map[string]func(d *decoder, members types.Dict) (any, error){
		"$bytes": func(d *decoder, m types.Dict) (any, error) { return base64Of(m[0].Value) },
		"$bytearray": func(d *decoder, m types.Dict) (any, error) {
			b, err := base64Of(m[0].Value)
			return types.NewByteArrayFromSlice(b), err
		},
		"$complex": readComplex, "$masked": readMasked, "$global": readGlobal, "$ref": readRef,
		"$py.float": readFloat,
		"$py.str2": func(d *decoder, m types.Dict) (any, error) {
			b, err := base64Of(m[0].Value)
			return pickle.Py2String(b), err
		},
		"$py.str": func(d *decoder, m types.Dict) (any, error) {
			b, err := base64Of(m[0].Value)
			if err == nil && !isText(string(b)) {
				err = pickle.Malformed("not text")
			}
			return string(b), err
		},
		"$py.persistent": func(d *decoder, m types.Dict) (any, error) {
			return &pickle.PersistentRef{ID: m[0].Value}, nil
		},
		"$dtype": func(d *decoder, m types.Dict) (any, error) {
			return readDescr(m[0].Value)
		},
	}
}

// formMakers has a function for each special form that can contain a reference to itself. It
// returns an empty value, which fillForm fills.
var formMakers = map[string]func() any{
	"$dict":         func() any { return &types.Dict{} },
	"$py.tuple":     func() any { return &types.Tuple{} },
	"$py.set":       func() any { return &pickle.Set{} },
	"$py.frozenset": func() any { return &pickle.FrozenSet{} },
	"$object":       func() any { return &pickle.Object{} },
	"$ndarray":      func() any { return pending.NewArray("", setArray) },
}

// fillForm fills the value form of a special form from the members of the JSON object.
func fillForm(form any, m types.Dict) error {
	switch form := form.(type) {
	case *types.Dict:
		return readDict(form, m)
	case *pickle.Object:
		return readObject(form, m)
	case *ndarray.Array:
		return form.PySetState(m)
	}
	items, ok := m[0].Value.(*types.List)
	if !ok {
		return pickle.Malformed("want a list")
	}
	switch form := form.(type) {
	case *types.Tuple:
		*form = types.Tuple(*items)
	case *pickle.FrozenSet:
		set, err := pickle.NewFrozenSet(*items...)
		if err != nil {
			return err
		}
		form.Items = set.Items
	case *pickle.Set:
		for _, v := range *items {
			if err := form.Insert(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// base64Of decodes a string of base64.
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

var specialFloats = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1),
	"-Infinity": math.Inf(-1)}

// floatOf returns a float from a number, or from a string such as "NaN".
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

// readFloat reads the form of a float that is infinite, or a NaN given by its bits.
func readFloat(d *decoder, m types.Dict) (any, error) {
	text, _ := m[0].Value.(string)
	if digits, ok := strings.CutPrefix(text, "0x"); ok {
		bits, err := strconv.ParseUint(digits, 16, 64)
		if err != nil {
			return nil, pickle.Malformed("%v", err)
		}
		return math.Float64frombits(bits), nil
	}
	f, ok := specialFloats[text]
	if !ok {
		return nil, pickle.Malformed("want Infinity, -Infinity or the bits of a NaN")
	}
	return f, nil
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

func readDict(into *types.Dict, m types.Dict) error {
	entries, err := pairsOf(m[0].Value)
	if err != nil {
		return err
	}
	dict, err := pickle.NewDict(entries...)
	if err == nil {
		*into = *dict
	}
	return err
}

// pairsOf reads a list of [key, value].
func pairsOf(v any) ([]types.DictEntry, error) {
	pairs, ok := v.(*types.List)
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
			// A list cannot be a key, so it was a tuple.
			t := types.Tuple(*l)
			key = &t
		}
		entries[i] = types.DictEntry{Key: key, Value: (*pair)[1]}
	}
	return entries, nil
}

// globalNamed reads the name of a global: "module.name", or [module, name].
func globalNamed(v any) (pickle.Global, error) {
	if parts, ok := v.(*types.List); ok && len(*parts) == 2 {
		module, ok1 := (*parts)[0].(string)
		name, ok2 := (*parts)[1].(string)
		if ok1 && ok2 {
			return pickle.Global{Module: module, Name: name}, nil
		}
	}
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
	v, ok := d.byPath[name]
	if !ok {
		return nil, pickle.Malformed("nothing is at %q before it", name)
	}
	d.referred[name] = true
	return v, nil
}

// readObject reads an instance of a class that this module does not know. If the document has no
// member "opcode", the object is a call of the class with args, or without args an instance that
// only its state fills.
func readObject(o *pickle.Object, m types.Dict) error {
	o.Class, o.Form = m[0].Value, pickle.FormNewObj
	if _, ok := o.Class.(string); ok {
		g, err := globalNamed(o.Class)
		if err != nil {
			return err
		}
		o.Class = g
	}
	opcode := ""
	for _, e := range m[1:] {
		list, isList := e.Value.(*types.List)
		dict, isDict := e.Value.(*types.Dict)
		switch {
		case e.Key == any("state"):
			o.State, o.HasState = e.Value, true
		case e.Key == any("args") && isList:
			if o.Args = *list; len(o.Args) > 0 {
				o.Form = pickle.FormReduce
			}
		case e.Key == any("items") && isList:
			o.Items = *list
		case e.Key == any("calls") && isList:
			for _, v := range *list {
				call, ok := v.(*pickle.Object)
				if !ok {
					return pickle.Malformed("a call is no object")
				}
				o.Calls = append(o.Calls, call)
			}
		case e.Key == any("dictitems") && isList:
			pairs, err := pairsOf(list)
			if err != nil {
				return err
			}
			o.DictItems = pairs
		case (e.Key == any("items") || e.Key == any("dictitems")) && isDict:
			o.DictItems = *dict
		case e.Key == any("kwargs") && isDict:
			o.Kwargs, o.Form = dict, pickle.FormNewObjEx
		case e.Key == any("opcode"):
			opcode, _ = e.Value.(string)
		default:
			return pickle.Malformed("unknown key or value of %.40q", fmt.Sprint(e.Key))
		}
	}
	if opcode == "" {
		return nil
	}
	for form, name := range formNames {
		if name == opcode {
			o.Form = form
			return nil
		}
	}
	return pickle.Malformed("no opcode %.40q makes objects", opcode)
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
			if f, ok := floatOf(e.Value); ok && masked.Data != nil &&
				masked.Data.DType().Kind() == ndarray.KindFloat {
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
