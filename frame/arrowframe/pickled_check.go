package arrowframe

import (
	"encoding/json"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/bitutil"
	"github.com/apache/arrow-go/v18/arrow/extensions"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/unpkl/unpkl/pickle"
)

// This file has the checks of an array that pyarrow's validate makes and Arrow's Go library does
// not.

// claimedNulls reads the null count that an array claims and compares it with the bitmap. -1 stands
// for a count that is not known.
func claimedNulls(typ arrow.DataType, v any, buffers []*memory.Buffer, length, offset int) (int,
	error) {
	said, ok := v.(int)
	if !ok || said < array.UnknownNullCount {
		return 0, pickle.Malformed("an Arrow array of %s nulls", sizeText(v))
	}
	nulls := 0
	switch {
	case storageOf(typ).ID() == arrow.NULL:
		nulls = length
	case len(buffers) > 0 && buffers[0] != nil:
		nulls = length - bitutil.CountSetBits(buffers[0].Bytes(), offset, length)
	}
	if said != array.UnknownNullCount && said != nulls {
		return 0, pickle.Malformed("an Arrow %s of %d nulls that claims %d", typ, nulls, said)
	}
	return nulls, nil
}

// checkValues checks the elements of types for which not all bytes are valid: decimals may have
// more digits than the type, and JSON may be malformed, on which the array's String method panics.
func checkValues(a arrow.Array) error {
	switch x := a.(type) {
	case *extensions.JSONArray:
		text, ok := x.Storage().(array.StringLike)
		for i := range x.Len() {
			if ok && x.IsValid(i) && !json.Valid([]byte(text.Value(i))) {
				return pickle.Malformed("element %d of an Arrow array of JSON is none", i)
			}
		}
		return nil
	case array.ExtensionArray:
		return checkValues(x.Storage())
	case *array.Dictionary:
		return checkValues(x.Dictionary())
	case array.ListLike:
		return checkValues(x.ListValues())
	case *array.Struct:
		return checkEach(x.NumField(), x.Field)
	case array.Union:
		return checkEach(x.NumFields(), x.Field)
	case *array.RunEndEncoded:
		return checkValues(x.Values())
	}
	if t, ok := a.DataType().(arrow.DecimalType); ok {
		return checkDecimals(a, t)
	}
	return nil
}

func checkEach(n int, child func(int) arrow.Array) error {
	for i := range n {
		if err := checkValues(child(i)); err != nil {
			return err
		}
	}
	return nil
}

func checkDecimals(a arrow.Array, t arrow.DecimalType) error {
	fits := func(int) bool { return true }
	precision := t.GetPrecision()
	switch x := a.(type) {
	case *array.Decimal32:
		fits = func(i int) bool { return x.Value(i).FitsInPrecision(precision) }
	case *array.Decimal64:
		fits = func(i int) bool { return x.Value(i).FitsInPrecision(precision) }
	case *array.Decimal128:
		fits = func(i int) bool { return x.Value(i).FitsInPrecision(precision) }
	case *array.Decimal256:
		fits = func(i int) bool { return x.Value(i).FitsInPrecision(precision) }
	}
	for i := range a.Len() {
		if a.IsValid(i) && !fits(i) {
			return pickle.Malformed("element %d of an Arrow %s has more digits", i, t)
		}
	}
	return nil
}
