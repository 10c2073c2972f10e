package jsonval

import (
	"bytes"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// Decode reads a JSON document as values of the object level: the inverse of an Encoder that is
// Lossless, and of one with ArraysBase64 as far as JSON tells. Objects become dicts with keys that
// are str, arrays lists, numbers int or float; the special forms with a key that begins with '$'
// become what they stand for. What to-json writes as plain text (dates, Decimal, NaN) stays text.
//
// Nothing recurses on the document. Errors are of the kinds of package pickle, and say where
// in the document they are.
func Decode(data []byte, limits pickle.Limits) (any, error) {
	d := decoder{lexer: lexer{data: data}, limits: limits.WithDefaults()}
	if bytes.Contains(data, []byte(`"$ref"`)) {
		d.places, d.referred = make(map[string]any), make(map[string]bool)
	}
	v, err := d.run()
	if err != nil {
		return nil, err
	}
	if d.next() != 0 {
		return nil, d.errorf("something follows the document")
	}
	return v, nil
}

// opened is a container that has not ended.
type opened struct {
	list *types.List
	dict *types.Dict // if not nil, key is that of the value that follows
	key  string
	path string // where it is, if there are references
	made any    // what the form will be, if a reference may lead to it from inside
}

type decoder struct {
	lexer
	limits pickle.Limits
	stack  []opened
	// places are the containers by their fragment, nil if no $ref occurs; referred those
	// that one leads to.
	places   map[string]any
	referred map[string]bool
}

// run reads one value with everything in it.
func (d *decoder) run() (any, error) {
	for {
		v, ended, err := d.value()
		if err != nil {
			return nil, err
		}
		for ended {
			if len(d.stack) == 0 {
				return v, nil
			}
			if v, ended, err = d.add(v); err != nil {
				return nil, err
			}
		}
	}
}

// value begins a value: a scalar or an empty container has ended with that.
func (d *decoder) value() (v any, ended bool, err error) {
	c := d.next()
	if c != '[' && c != '{' {
		v, err = d.scalar(d.limits.IntDigits)
		return v, true, err
	}
	if len(d.stack) >= d.limits.Depth {
		return nil, false, &pickle.LimitError{Limit: "Depth", Max: int64(d.limits.Depth),
			Want: int64(len(d.stack) + 1)}
	}
	d.at++
	o := opened{path: d.path()}
	if c == '[' {
		o.list = &types.List{}
		v = o.list
	} else {
		o.dict = &types.Dict{}
		v = o.dict
	}
	if d.places != nil {
		d.places[o.path] = v
	}
	if end := d.next(); end == c+2 { // ']' or '}'
		d.at++
		return v, true, nil
	}
	d.stack = append(d.stack, o)
	if c == '{' {
		err = d.key()
	}
	return nil, false, err
}

// path is where the value that begins is, as a fragment.
func (d *decoder) path() string {
	if d.places == nil {
		return ""
	}
	if len(d.stack) == 0 {
		return "#"
	}
	o := &d.stack[len(d.stack)-1]
	token := o.key
	if o.dict == nil {
		token = strconv.Itoa(len(*o.list))
	}
	return o.path + Pointer{token}.Fragment()[1:]
}

// key reads a key and its colon.
func (d *decoder) key() error {
	if d.next() != '"' {
		return d.errorf("not the key of an object")
	}
	key, err := d.string()
	if err != nil {
		return err
	}
	if d.next() != ':' {
		return d.errorf("no ':' after a key")
	}
	d.at++
	o := &d.stack[len(d.stack)-1]
	o.key = key
	if newForm := formMakers[key]; newForm != nil && d.places != nil && len(*o.dict) == 0 {
		o.made = newForm()
		d.places[o.path] = o.made
	}
	return nil
}

// add puts v into the container that is open. If that ends, it is the next value.
func (d *decoder) add(v any) (_ any, ended bool, err error) {
	o := &d.stack[len(d.stack)-1]
	end := byte(']')
	if o.dict != nil {
		end = '}'
		o.dict.Set(o.key, v)
	} else {
		o.list.Append(v)
	}
	switch d.next() {
	case ',':
		d.at++
		if o.dict != nil {
			err = d.key()
		}
		return nil, false, err
	case end:
		d.at++
	default:
		return nil, false, d.errorf("want ',' or '%c'", end)
	}
	path, made := o.path, o.made
	list, dict := o.list, o.dict
	d.stack = d.stack[:len(d.stack)-1]
	if dict == nil {
		return list, true, nil
	}
	v, err = d.object(dict, made)
	if err != nil {
		return nil, false, err
	}
	if d.places != nil {
		if v != any(dict) && v != made && d.referred[path] ||
			v == any(dict) && made != nil && d.referred[path] {
			return nil, false, d.errorf("a $ref to %s from inside it", path)
		}
		d.places[path] = v
	}
	return v, true, nil
}

// object returns what the members of an object stand for: made, where that is not nil and they
// are a form.
func (d *decoder) object(dict *types.Dict, made any) (any, error) {
	if name, _ := (*dict)[0].Key.(string); len(*dict) == 1 || name == "$object" {
		v, err, ok := any(nil), error(nil), true
		if newForm := formMakers[name]; newForm != nil {
			if v = made; v == nil {
				v = newForm()
			}
			err = fillForm(v, *dict)
		} else if read := formReaders[name]; read != nil {
			v, err = read(d, *dict)
		} else {
			ok = false
		}
		if err != nil {
			return nil, d.errorf("%s: %v", name, err)
		}
		if ok {
			return v, nil
		}
	}
	// The same dict with unlike keys: it may be referred to already.
	unlike, err := pickle.NewDict(*dict...)
	if err != nil {
		return nil, err
	}
	*dict = *unlike
	return dict, nil
}
