package jsonval

import (
	"fmt"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/reconstruct"
)

// stdlib is the family of the standard library's types.
func stdlib(e *Encoder, v any) (any, bool, error) {
	var j any
	var err error
	switch v := v.(type) {
	case *reconstruct.OrderedDict:
		j, err = e.mapping("OrderedDict", &v.Dict, v.Attrs)
	case *reconstruct.DefaultDict:
		j, err = e.mapping("defaultdict", &v.Dict, v.Attrs)
	case *reconstruct.Counter:
		j, err = e.mapping("Counter", &v.Dict, v.Attrs)
	case *reconstruct.Deque:
		j = (*list)(&v.Items)
	case interface{ ISOFormat() string }: // Date, *Time, *Datetime
		j = v.ISOFormat()
	case reconstruct.Timedelta:
		j = v.TotalSeconds()
	case reconstruct.Decimal, reconstruct.Fraction, *reconstruct.UUID, *reconstruct.Path,
		*reconstruct.Geometry, reconstruct.CRS:
		j = fmt.Sprint(v)
	case *reconstruct.TypedArray:
		j = call("array.array", list{string(v.TypeCode), typedItems(v.TypeCode, v.Values)})
	case *reconstruct.Timezone:
		args := list{v.Offset}
		if v.HasName {
			args = append(args, v.Name)
		}
		j = call("datetime.timezone", args)
	case *reconstruct.ZoneInfo:
		j = call("zoneinfo.ZoneInfo", list{v.Key})
	case *reconstruct.Range:
		j = call("builtins.range", list{v.Start, v.Stop, v.Step})
	case *reconstruct.Slice:
		j = call("builtins.slice", list{v.Start, v.Stop, v.Step})
	default:
		return nil, false, nil
	}
	return j, true, err
}

// mapping returns the form of an instance of a subclass of dict: that of a dict, or if the instance
// has attributes, that of an object.
func (e *Encoder) mapping(class string, d *types.Dict, attrs any) (any, error) {
	items, err := e.dict(d)
	if attrs == nil || err != nil {
		return items, err
	}
	return object{[]member{
		{"$object", "collections." + class}, {"state", attrs}, {"items", items},
	}}, nil
}

// call returns the form of an object that has only a class and arguments.
func call(class string, args list) members {
	return object{[]member{{"$object", class}, {"args", args}}}
}

// typedItems returns the items of an array.array: a list of numbers or of characters.
func typedItems(code byte, values any) any {
	switch v := values.(type) {
	case []byte:
		if code == 'c' { // Python 2's characters
			chars := make(list, len(v))
			for i := range v {
				chars[i] = textOrBytes(string(v[i : i+1]))
			}
			return chars
		}
		return numbers[uint8](v)
	case []int8:
		return numbers[int8](v)
	case []int16:
		return numbers[int16](v)
	case []uint16:
		return numbers[uint16](v)
	case []int32:
		return numbers[int32](v)
	case []uint32:
		return numbers[uint32](v)
	case []int64:
		return numbers[int64](v)
	case []uint64:
		return numbers[uint64](v)
	case []float32:
		return numbers[float32](v)
	case []float64:
		return numbers[float64](v)
	}
	return values
}

// numbers is a list of numbers.
type numbers[T any] []T

func (s numbers[T]) len() int                      { return len(s) }
func (s numbers[T]) isObject() bool                { return false }
func (s numbers[T]) at(i int) (string, any, error) { return "", s[i], nil }
