package reconstruct

import (
	"strings"

	"github.com/unpkl/unpkl/internal/known"
)

// fillNumpyNames adds names of NumPy that occur in pickles as values: scalar types, dtype classes,
// ufuncs, and classes whose instances stay objects.
func fillNumpyNames(t table) {
	for names, spec := range map[string]string{
		"bool_ bool bool8": "b1", "int8": "i1", "int16": "i2", "int32 intc long32": "i4",
		"int64 longlong intp": "i8",
		"uint8":               "u1", "uint16": "u2", "uint32 uintc": "u4",
		"uint64 ulonglong uintp": "u8",
		"float16":                "f2", "float32": "f4", "float64 float_": "f8", "float96": "f12",
		"float128 longdouble": "f16",
		"complex64":           "c8", "complex128 complex_": "c16", "complex192": "c24",
		"complex256 clongdouble": "c32",
		"datetime64":             "M8", "timedelta64": "m8", "bytes_ string_": "S",
		"str_ unicode_": "U",
		"void record":   "V", "object_": "O",
	} {
		t.addAll("numpy", &entry{scalar: spec}, strings.Fields(names)...)
	}
	t.addAll("numpy.core.records", &entry{scalar: "V"}, "record")
	t.addAll("numpy.rec", &entry{scalar: "V"}, "record")
	for _, module := range []string{"numpy.core.multiarray", "numpy.core._multiarray_umath",
		"scipy.base.multiarray"} {
		t.add(module, "scalar", &entry{call: callScalar, code: known.ClassScalar})
	}
	// The size of the C types long and ulong depends on the platform.
	t.addAll("numpy", inert, "long", "ulong", "generic", "number", "integer", "signedinteger",
		"unsignedinteger",
		"inexact", "floating", "complexfloating", "flexible", "character")
	t.addAll("numpy", inert, "iinfo", "finfo", "errstate", "vectorize", "poly1d", "ufunc")
	t.addAll("numpy.lib.polynomial", inert, "poly1d")
	t.addAll("numpy.dtypes", inert, strings.Fields(dtypeClassNames)...)

	for module, class := range map[string]string{
		"polynomial": "Polynomial", "chebyshev": "Chebyshev", "legendre": "Legendre",
		"laguerre": "Laguerre", "hermite": "Hermite", "hermite_e": "HermiteE",
	} {
		t.addAll("numpy.polynomial."+module, inert, class)
	}
	t.addAll("numpy.core", inert, "_ufunc_reconstruct", "_ufunc_reduce")
	ufuncs := strings.Fields(ufuncNames)
	for _, module := range []string{"numpy", "numpy.core.umath", "numpy.core._multiarray_umath"} {
		t.addAll(module, inert, ufuncs...)
	}
}

// dtypeClassNames lists the classes of numpy.dtypes in NumPy 2.5.
const dtypeClassNames = `BoolDType ByteDType BytesDType CLongDoubleDType Complex128DType Complex64DType DateTime64DType
Float16DType Float32DType Float64DType Int16DType Int32DType Int64DType Int8DType IntDType LongDType LongDoubleDType
LongLongDType ObjectDType ShortDType StrDType StringDType TimeDelta64DType UByteDType UInt16DType UInt32DType
UInt64DType UInt8DType UIntDType ULongDType ULongLongDType UShortDType VoidDType`

// ufuncNames lists the __name__ of the ufuncs in NumPy 1.11 to 2.5.
const ufuncNames = `_arg _center _expandtabs _expandtabs_length _ljust _lstrip_chars _lstrip_whitespace _ones_like _partition
_partition_index _replace _rjust _rpartition _rpartition_index _rstrip_chars _rstrip_whitespace _slice _strip_chars
_strip_whitespace _zfill absolute add arccos arccosh arcsin arcsinh arctan arctan2 arctanh bitwise_and bitwise_count
bitwise_or bitwise_xor cbrt ceil clip conjugate copysign cos cosh count deg2rad degrees divide divmod endswith equal
exp exp2 expm1 fabs find float_power floor floor_divide fmax fmin fmod frexp gcd greater greater_equal heaviside
hypot imag index invert isalnum isalpha isdecimal isdigit isfinite isinf islower isnan isnat isnumeric isspace
istitle isupper lcm ldexp left_shift less less_equal log log10 log1p log2 logaddexp logaddexp2 logical_and
logical_not logical_or logical_xor matmul matvec maximum minimum modf multiply negative nextafter not_equal positive
power rad2deg radians real reciprocal remainder rfind right_shift rindex rint sign signbit sin sinh spacing sqrt
square startswith str_len subtract tan tanh trunc vecdot vecmat`

// fillNumpyRandom adds the generators of numpy.random and their states. Their instances stay
// objects, which show class, arguments and state.
//
// Reference: numpy/random/_pickle.py, numpy/random/bit_generator.pyx.
func fillNumpyRandom(t table) {
	t.addAll("numpy.random", inert, "__RandomState_ctor", "RandomState", "Generator")
	t.addAll("numpy.random.mtrand", inert, "RandomState")
	t.addAll("numpy.random._generator", inert, "Generator")
	t.addAll("numpy.random._pickle", inert, "__randomstate_ctor", "__generator_ctor",
		"__bit_generator_ctor")
	for module, names := range map[string]string{
		"_mt19937": "MT19937", "_pcg64": "PCG64 PCG64DXSM", "_philox": "Philox", "_sfc64": "SFC64",
		"bit_generator": seedNames, "_bit_generator": seedNames,
	} {
		t.addAll("numpy.random."+module, inert, strings.Fields(names)...)
	}
}

// seedNames lists the classes of seed sequences and the functions that rebuild them.
const seedNames = `SeedSequence SeedlessSeedSequence ISeedSequence ISpawnableSeedSequence
__pyx_unpickle_SeedSequence __pyx_unpickle_SeedlessSeedSequence`
