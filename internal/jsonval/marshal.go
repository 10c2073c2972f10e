package jsonval

import (
	"bytes"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"time"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/uuid"
	"github.com/nlpodyssey/gopickle/types"

	tables "github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/xr"
)

func init() { jsonhook.Set(marshal) }

// marshal implements MarshalJSON of arrays, tables and objects: it returns the JSON of to-json
// --arrays=values. A large document has references if they make it small.
func marshal(v any) ([]byte, error) {
	var out bytes.Buffer
	const refsAt = 8 << 20
	o := Options{Arrays: ArraysValues, RefsAt: refsAt}
	err := NewEncoder(&out, o).Encode(v)
	if errors.Is(err, ErrUnfolds) {
		out.Reset()
		o.Refs = true
		err = NewEncoder(&out, o).Encode(v)
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(out.Bytes(), "\n"), nil
}

// goFamily is the family of plain values: Go's own maps and types, and the values that package
// reconstruct creates from objects of libraries.
func goFamily(e *Encoder, v any) (any, bool, error) {
	// A program may have built the value, so it may be inconsistent.
	if c, ok := v.(interface{ Validate() error }); ok {
		if err := c.Validate(); err != nil {
			return nil, false, err
		}
	}
	switch v := v.(type) {
	case *tables.Frame:
		return e.table("$dataframe", e.tableForm(v)), true, nil
	case *tables.Series:
		return e.table("$series", e.seriesForm(v)), true, nil
	case *tables.Index:
		return e.table("$index", e.indexForm(v)), true, nil
	case *xr.Variable, *xr.DataArray, *xr.Dataset, *xr.DataTree:
		j, ok := e.xarrayForm(v)
		return j, ok, nil
	case *reconstruct.Sparse:
		return e.table("$sparse", e.sparseForm(v)), true, nil
	case reconstruct.LibraryValue:
		return e.table(v.Form(), libraryForm(v)), true, nil
	case tables.PeriodValue:
		return v.String(), true, nil
	case tables.IntervalValue:
		return interval(v.Left, v.Right, v.Closed), true, nil
	case time.Duration:
		return v.Seconds(), true, nil
	case time.Time:
		return v.Format("2006-01-02T15:04:05.999999999Z07:00"), true, nil
	case *apd.Decimal, *big.Rat, uuid.UUID:
		return fmt.Sprint(v), true, nil
	case map[string]any:
		j, err := e.dict(goDict(reflect.ValueOf(v)))
		return j, true, err
	case map[any]any:
		j, err := e.dict(goDict(reflect.ValueOf(v)))
		return j, true, err
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.Array &&
		r.Type().Elem().Kind() == reflect.Interface {
		items := make(list, r.Len()) // the key of a plain map for a tuple
		for i := range items {
			items[i] = r.Index(i).Interface()
		}
		return items, true, nil
	}
	return nil, false, nil
}

// goDict returns a Go map as a dict, sorted by the texts of its keys.
func goDict(m reflect.Value) *types.Dict {
	d := make(types.Dict, 0, m.Len())
	for it := m.MapRange(); it.Next(); {
		d = append(d, types.DictEntry{Key: it.Key().Interface(), Value: it.Value().Interface()})
	}
	slices.SortFunc(d, func(a, b types.DictEntry) int {
		return bytes.Compare([]byte(keyOrder(a.Key)), []byte(keyOrder(b.Key)))
	})
	return &d
}

// keyOrder returns the text by which the key k is sorted.
func keyOrder(k any) string {
	if s, ok := k.(string); ok {
		return s
	}
	if _, ok := k.(*pickle.Object); ok {
		return ""
	}
	return texts.Sprint(k)
}
