package torch

import (
	"strings"
	"sync"

	"github.com/unpkl/unpkl/ndarray"
)

// dtypeInfo describes the elements of a torch dtype.
type dtypeInfo struct {
	// array is the dtype of the array: a NumPy typespec, or "ml_dtypes.NAME".
	array string
	// storage is the storage class that torch.save writes for the dtype. It is "" for dtypes newer
	// than these classes, which are saved as untyped bytes.
	storage string
	// lossy is true if the dtype of the array does not identify the torch dtype.
	lossy bool
}

// dtypes lists the torch dtypes that have elements in memory. A quantized dtype has the stored
// integers; a dtype with several elements in a byte, or with bits without meaning, has the bytes.
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
	// Two elements in a byte, the first in its lower half.
	"float4_e2m1fn_x2": {array: "|u1", lossy: true},
	"bits8":            {array: "|u1", lossy: true},
	"bits16":           {array: "<u2", lossy: true},
	"bits1x8":          {array: "|u1", lossy: true},
	"bits2x4":          {array: "|u1", lossy: true},
	"bits4x2":          {array: "|u1", lossy: true},
}

// dtypesWithoutData lists the dtypes that no storage has.
var dtypesWithoutData = []string{
	"int1", "int2", "int3", "int4", "int5", "int6", "int7",
	"uint1", "uint2", "uint3", "uint4", "uint5", "uint6", "uint7",
}

// arrayDTypes maps torch's names to the dtypes of the arrays.
var arrayDTypes = sync.OnceValue(func() map[string]*ndarray.DType {
	m := make(map[string]*ndarray.DType, len(dtypes))
	for name, info := range dtypes {
		dt, err := parseDType(info.array)
		if err != nil {
			panic(err) // the table has a wrong name
		}
		m[name] = dt
	}
	return m
})

// parseDType returns the dtype for dtypeInfo.array.
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

// storageDTypes maps storage classes to torch's names of dtypes.
var storageDTypes = sync.OnceValue(func() map[string]string {
	m := map[string]string{}
	for name, info := range dtypes {
		if info.storage != "" {
			m[info.storage] = name
		}
	}
	return m
})

// dtypeOf returns torch's name for the dtype of an array of either byte order.
func dtypeOf(dt *ndarray.DType) (string, bool) {
	if name, ok := dt.SmallName(); ok {
		_, ok = dtypes[name]
		return name, ok
	}
	name, ok := arrayNames()[littleName(dt)]
	return name, ok
}

// littleName returns the name of a dtype in little-endian byte order.
func littleName(dt *ndarray.DType) string {
	return strings.Replace(dt.String(), ">", "<", -1)
}

// arrayNames maps the names of dtypes, as littleName returns them, to torch's names.
var arrayNames = sync.OnceValue(func() map[string]string {
	m, arrays := map[string]string{}, arrayDTypes()
	for name, info := range dtypes {
		if !info.lossy {
			m[littleName(arrays[name])] = name
		}
	}
	return m
})
