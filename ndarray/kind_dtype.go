package ndarray

import (
	"reflect"
	"strconv"
)

// kindDTypes are the dtypes of the kinds of Go's numbers.
var kindDTypes = map[reflect.Kind]*DType{
	reflect.Bool: boolDType,
	reflect.Int8: int8DType, reflect.Int16: int16DType, reflect.Int32: int32DType,
	reflect.Int64: int64DType,
	reflect.Uint8: uint8DType, reflect.Uint16: uint16DType, reflect.Uint32: uint32DType,
	reflect.Uint64:  uint64DType,
	reflect.Float32: float32DType, reflect.Float64: float64DType,
	reflect.Complex64: complex64DType, reflect.Complex128: complex128DType,
}

// DTypeOfKind returns the dtype whose elements lie in memory as Go values of a kind do, in this
// machine's byte order, and nil for a kind that no dtype has. Those of int and uint are of 4 or 8
// bytes, as the machine's are.
func DTypeOfKind(k reflect.Kind) *DType {
	switch {
	case k == reflect.Int && strconv.IntSize == 32:
		return int32DType
	case k == reflect.Int:
		return int64DType
	case k == reflect.Uint && strconv.IntSize == 32:
		return uint32DType
	case k == reflect.Uint:
		return uint64DType
	}
	return kindDTypes[k]
}
