package torch

import (
	"strings"
	"sync"

	"github.com/unpkl/unpkl/ndarray"
)

// dtypeInfo says what the elements of a torch dtype are in NumPy's terms.
type dtypeInfo struct {
	// array is the dtype of the array: a NumPy dtype string, or "ml_dtypes.NAME".
	array string
	// storage is the name of the storage class that torch.save writes for it; "" for the dtypes
	// that are newer than these classes, which are saved as untyped bytes.
	storage string
	// lossy says that the array does not tell the dtype: others have the same array.
	lossy bool
}

// dtypes are those of torch that have elements in memory, by name. A quantized one is the integer
// that is stored; one of several elements a byte, and one of bits without a meaning, is its bytes.
//
// Reference: torch/csrc/utils/tensor_dtypes.cpp, torch/storage.py.
var dtypes = map[string]dtypeInfo{
	"float64":         {array: "<f8", storage: "DoubleStorage"},
	"float32":         {array: "<f4", storage: "FloatStorage"},
	"float16":         {array: "<f2", storage: "HalfStorage"},
	"int64":           {array: "<i8", storage: "LongStorage"},
	"int32":           {array: "<i4", storage: "IntStorage"},
	"int16":           {array: "<i2", storage: "ShortStorage"},
	"int8":            {array: "|i1", storage: "CharStorage"},
	"uint8":           {array: "|u1", storage: "ByteStorage"},
	"bool":            {array: "|b1", storage: "BoolStorage"},
	"bfloat16":        {array: "ml_dtypes.bfloat16", storage: "BFloat16Storage"},
	"complex128":      {array: "<c16", storage: "ComplexDoubleStorage"},
	"complex64":       {array: "<c8", storage: "ComplexFloatStorage"},
	"quint8":          {array: "|u1", storage: "QUInt8Storage", lossy: true},
	"qint8":           {array: "|i1", storage: "QInt8Storage", lossy: true},
	"qint32":          {array: "<i4", storage: "QInt32Storage", lossy: true},
	"quint4x2":        {array: "|u1", storage: "QUInt4x2Storage", lossy: true},
	"quint2x4":        {array: "|u1", storage: "QUInt2x4Storage", lossy: true},
	"uint16":          {array: "<u2"},
	"uint32":          {array: "<u4"},
	"uint64":          {array: "<u8"},
	"complex32":       {array: "<f2,<f2"},
	"float8_e4m3fn":   {array: "ml_dtypes.float8_e4m3fn"},
	"float8_e4m3fnuz": {array: "ml_dtypes.float8_e4m3fnuz"},
	"float8_e5m2":     {array: "ml_dtypes.float8_e5m2"},
	"float8_e5m2fnuz": {array: "ml_dtypes.float8_e5m2fnuz"},
	"float8_e8m0fnu":  {array: "ml_dtypes.float8_e8m0fnu"},
	// Two elements a byte, the first in the lower half.
	"float4_e2m1fn_x2": {array: "|u1", lossy: true},
	"bits8":            {array: "|u1", lossy: true},
	"bits16":           {array: "<u2", lossy: true},
	"bits1x8":          {array: "|u1", lossy: true},
	"bits2x4":          {array: "|u1", lossy: true},
	"bits4x2":          {array: "|u1", lossy: true},
}

// dtypesWithoutData are the names of dtypes that no storage has.
var dtypesWithoutData = []string{
	"int1", "int2", "int3", "int4", "int5", "int6", "int7",
	"uint1", "uint2", "uint3", "uint4", "uint5", "uint6", "uint7",
}

// arrayDTypes are the dtypes of the arrays, by torch's name.
var arrayDTypes = sync.OnceValue(func() map[string]*ndarray.DType {
	m := make(map[string]*ndarray.DType, len(dtypes))
	for name, info := range dtypes {
		dt, err := parseDType(info.array)
		if err != nil {
			panic(err) // a name in the table is wrong
		}
		m[name] = dt
	}
	return m
})

// parseDType returns the dtype of a row of the table.
func parseDType(s string) (*ndarray.DType, error) {
	if s == dtypes["complex32"].array {
		half, err := ndarray.ParseDType("<f2")
		if err != nil {
			return nil, err
		}
		return ndarray.NewStruct([]ndarray.Field{{Name: "real", DType: half},
			{Name: "imag", DType: half}},
			false)
	}
	name, ok := strings.CutPrefix(s, "ml_dtypes.")
	if !ok {
		return ndarray.ParseDType(s)
	}
	size := 1
	if name == "bfloat16" {
		size = 2
	}
	return ndarray.NewDType(ndarray.DTypeSpec{Kind: ndarray.KindVoid, ItemSize: size,
		ScalarClass: s})
}

// storageDTypes are the dtypes by the names of their storage classes.
var storageDTypes = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for name, info := range dtypes {
		if info.storage != "" {
			m[info.storage] = name
		}
	}
	return m
})

// dtypeOf returns torch's name for the dtype of an array, whatever its byte order.
func dtypeOf(dt *ndarray.DType) (string, bool) {
	if name, ok := dt.SmallName(); ok {
		_, ok = dtypes[name]
		return name, ok
	}
	name, ok := arrayNames()[littleName(dt)]
	return name, ok
}

// littleName is the dtype as a string, in little-endian byte order.
func littleName(dt *ndarray.DType) string {
	return strings.Replace(dt.String(), ">", "<", -1)
}

// arrayNames are torch's names by the strings of dtypes.
var arrayNames = sync.OnceValue(func() map[string]string {
	m, arrays := map[string]string{}, arrayDTypes()
	for name, info := range dtypes {
		if !info.lossy {
			m[littleName(arrays[name])] = name
		}
	}
	return m
})
