package ndarray

import (
	"reflect"
	"strconv"
)

// kindDTypes are the dtypes of Go's kinds of numbers.
var kindDTypes = map[reflect.Kind]*DType{
	reflect.Bool: boolDType,
	reflect.Int8: int8DType, reflect.Int16: int16DType, reflect.Int32: int32DType,
	reflect.Int64: int64DType,
	reflect.Uint8: uint8DType, reflect.Uint16: uint16DType, reflect.Uint32: uint32DType,
	reflect.Uint64:  uint64DType,
	reflect.Float32: float32DType, reflect.Float64: float64DType,
	reflect.Complex64: complex64DType, reflect.Complex128: complex128DType,
}

// DTypeOfKind returns the dtype whose elements have the same memory representation as Go values of
// a kind on this machine, or nil if there is none. The dtypes of int and uint have 4 or 8 bytes, as
// on this machine.
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
