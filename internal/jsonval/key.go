package jsonval

import (
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// reserved has the keys of special forms. A dict that has one of them as a key is written in the
// $dict form, so that neither Decode nor a reader of the document takes it for a special form.
var reserved = map[string]bool{
	"$complex": true, "$bytes": true, "$bytearray": true, "$dict": true, "$ndarray": true,
	"$masked": true, "$object": true, "$dtype": true, "$global": true, "$ref": true,
	"$dataframe": true, "$series": true, "$index": true, "$sparse": true,
	"$interval": true, "$tensor": true, "$variable": true, "$dataarray": true, "$dataset": true,
	"$datatree": true,
	// Those of the types of reconstruct that have a Form method.
	"$awkward": true, "$booster": true, "$graph": true, "$image": true, "$prng_keys": true,
	"$quantity": true, "$skycoord": true, "$table": true, "$time": true, "$unit": true,
	"$vectors": true, "$zarr": true, "$zarr_group": true,
	"$py.tuple": true, "$py.set": true, "$py.frozenset": true, "$py.float": true, "$py.str": true,
	"$py.str2":       true,
	"$py.persistent": true,
}

// dict returns the JSON of a dict: an object if every key has a text and no two texts are equal, or
// else {"$dict": [[key, value], ...]}.
func (e *Encoder) dict(dict *types.Dict) (members, error) {
	d := *dict
	plain := true // Every key is a str, so no two texts are equal.
	for i := range d {
		s, ok := d[i].Key.(string)
		if !ok {
			plain = false
			break
		}
		if !isText(s) || s != "" && s[0] == '$' && reserved[s] {
			return pairsForm(d), nil
		}
	}
	if plain {
		return (*textDict)(dict), nil
	}
	return e.mixedDict(d)
}

// mixedDict is dict for keys that are not all str, or that may be equal.
func (e *Encoder) mixedDict(d types.Dict) (members, error) {
	o := object{member: make([]member, len(d))}
	seen := make(map[string]bool, len(d))
	for i, entry := range d {
		key, ok, err := e.keyText(entry.Key)
		if err != nil {
			return nil, err
		}
		if !ok || seen[key] || reserved[key] {
			return pairsForm(d), nil
		}
		seen[key] = true
		o.member[i] = member{key, entry.Value}
	}
	return o, nil
}

func pairsForm(d types.Dict) members { return form("$dict", pairs(d)) }

// keyText returns a dict key as json.dumps writes it. ok is false for a key that json.dumps does
// not accept, unless it is a bytes object that is UTF-8.
func (e *Encoder) keyText(k any) (text string, ok bool, err error) {
	switch k := k.(type) {
	case string:
		return k, isText(k), nil
	case pickle.Py2String:
		return string(k), utf8.ValidString(string(k)), nil
	case []byte:
		return string(k), utf8.Valid(k), nil
	case pickle.Bytes:
		return string(k), utf8.ValidString(string(k)), nil
	case int:
		return strconv.Itoa(k), true, nil
	case *big.Int:
		digits, err := appendBig(nil, k, e.limits.IntDigits)
		return string(digits), true, err
	case float64:
		return string(appendFloatKey(nil, k)), true, nil
	case bool:
		return strconv.FormatBool(k), true, nil
	case nil:
		return "null", true, nil
	}
	return "", false, nil
}

// textDict is a dict whose keys are all text, as members.
type textDict types.Dict

func (d textDict) len() int       { return len(d) }
func (d textDict) isObject() bool { return true }
func (d textDict) at(i int) (string, any, error) {
	return d[i].Key.(string), d[i].Value, nil
}

// pairs is a dict as [[key, value], ...].
type pairs types.Dict

func (p pairs) len() int       { return len(p) }
func (p pairs) isObject() bool { return false }
func (p pairs) at(i int) (string, any, error) {
	return "", list{p[i].Key, p[i].Value}, nil
}
