package jsonval

import (
	"bytes"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// Decode reads a JSON document and returns objects. It is the inverse of a Lossless Encoder, and,
// as far as JSON has the information, of one with ArraysBase64. JSON objects become dicts with str
// keys, arrays become lists, numbers become int or float. Special forms, whose key begins with '$',
// become the objects that they represent. What to-json writes as plain text (dates, Decimal, NaN)
// stays text.
//
// Decode does not recurse on the document. Errors are of the kinds of package pickle, and contain
// the position in the document.
func Decode(data []byte, limits pickle.Limits) (any, error) {
	d := decoder{lexer: lexer{data: data}, limits: limits.WithDefaults()}
	if bytes.Contains(data, []byte(`"$ref"`)) {
		d.byPath, d.referred = make(map[string]any), make(map[string]bool)
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

// opened is a container that has begun and not ended.
type opened struct {
	list *types.List // of an array
	dict *types.Dict // of an object
	key  string      // of the current member of dict
	path string      // of the container, as a fragment; "" if there are no references
	// form is what a special form will become. It is created early if references inside the form
	// may refer to it, and otherwise nil.
	form any
}

// decoder is the state of Decode.
type decoder struct {
	lexer
	limits pickle.Limits
	stack  []opened
	// byPath has the containers so far by their paths, and referred the paths that a $ref refers
	// to. Both are nil if the document has no $ref.
	byPath   map[string]any
	referred map[string]bool
}

// run reads one value.
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

// value reads a scalar or an empty container, or the beginning of another container. ended says
// whether the value is complete.
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
	if d.byPath != nil {
		d.byPath[o.path] = v
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

// path returns the path of the value that begins, as a fragment.
func (d *decoder) path() string {
	if d.byPath == nil {
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

// key reads a key and the colon after it.
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
	if newForm := formMakers[key]; newForm != nil && d.byPath != nil && len(*o.dict) == 0 {
		o.form = newForm()
		d.byPath[o.path] = o.form
	}
	return nil
}

// add adds v to the innermost container. If that ends, add returns it as the next value to add.
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
	path, early := o.path, o.form
	list, dict := o.list, o.dict
	d.stack = d.stack[:len(d.stack)-1]
	if dict == nil {
		return list, true, nil
	}
	v, err = d.object(dict, early)
	if err != nil {
		return nil, false, err
	}
	if d.byPath != nil {
		// A reference from inside refers to early if that was created, and to dict otherwise.
		if v != any(dict) && v != early && d.referred[path] ||
			v == any(dict) && early != nil && d.referred[path] {
			return nil, false, d.errorf("a $ref to %s from inside it", path)
		}
		d.byPath[path] = v
	}
	return v, true, nil
}

// object returns the value of a JSON object with at least one member: dict itself, or what it
// represents if it is a special form. form is the value to fill in that case, if it was created
// before.
func (d *decoder) object(dict *types.Dict, form any) (any, error) {
	if name, _ := (*dict)[0].Key.(string); len(*dict) == 1 || name == "$object" {
		v, err, ok := any(nil), error(nil), true
		if newForm := formMakers[name]; newForm != nil {
			if v = form; v == nil {
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
	// NewDict merges equal keys. The dict is changed in place, because a reference may refer to it.
	distinct, err := pickle.NewDict(*dict...)
	if err != nil {
		return nil, err
	}
	*dict = *distinct
	return dict, nil
}
