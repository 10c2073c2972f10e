package torch

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// PickleReduce implements [pickle.Reducer]: the calls by which torch makes the tensor again, with
// its whole storage in the pickle, as Python's pickle.dump writes it.
func (t *Tensor) PickleReduce(int) (any, error) { return t.reduce(storageOf) }

// PickleReduce implements [pickle.Reducer].
func (s *Storage) PickleReduce(int) (any, error) {
	b, err := s.file()
	if err != nil {
		return nil, err
	}
	return call("torch.storage", "_load_from_bytes", b), nil
}

// PickleReduce implements [pickle.Reducer].
func (s Size) PickleReduce(int) (any, error) { return call("torch", "Size", tuple(s)), nil }

// PickleReduce implements [pickle.Reducer].
func (d Device) PickleReduce(int) (any, error) {
	kind, index, ok := strings.Cut(string(d), ":")
	if !ok {
		return call("torch", "device", kind), nil
	}
	n, err := strconv.Atoi(index)
	if err != nil {
		return nil, pickle.Unsupported("torch: the device %.40q", string(d))
	}
	return call("torch", "device", kind, n), nil
}

// call is an object made by REDUCE.
func call(module, name string, args ...any) *pickle.Object {
	return &pickle.Object{Class: pyName(module, name), Args: args}
}

func tuple(ints []int) *types.Tuple {
	t := make(types.Tuple, len(ints))
	for i, n := range ints {
		t[i] = n
	}
	return &t
}

// pyName names a class or function.
func pyName(module, name string) pickle.Named {
	return bridge.ProgramGlobal(module, name, false).(pickle.Named)
}

func torchName(name string) pickle.Named { return pyName("torch", name) }

// noHooks are the backward hooks of every tensor.
func noHooks() *pickle.Object { return call("collections", "OrderedDict") }

// part says where in a storage the elements of a tensor are.
type part struct {
	storage *Storage
	offset  int
	strides []int
}

// findStorage returns the storage of a tensor.
type findStorage func(t *Tensor) (part, error)

// reduce says how torch makes a tensor.
func (t *Tensor) reduce(find findStorage) (*pickle.Object, error) {
	o, err := t.reduceData(find)
	if err != nil {
		return nil, err
	}
	switch {
	case t.Class != pickle.Global{}:
		inner := types.Tuple(o.Args)
		return call("torch._tensor", "_rebuild_from_type_v2", o.Class, t.Class, &inner, t.State),
			nil
	case t.IsParameter && t.State != nil:
		return call("torch._utils", "_rebuild_parameter_with_state", o, t.RequiresGrad, noHooks(),
			t.State), nil
	case t.IsParameter:
		return call("torch._utils", "_rebuild_parameter", o, t.RequiresGrad, noHooks()), nil
	case t.State != nil:
		inner := types.Tuple(o.Args)
		return call("torch._tensor", "_rebuild_from_type_v2", o.Class,
			torchName("Tensor"), &inner, t.State), nil
	}
	return o, nil
}

// reduceData is reduce without class and attributes.
func (t *Tensor) reduceData(find findStorage) (*pickle.Object, error) {
	grad := t.RequiresGrad && !t.IsParameter
	switch {
	case t.Sparse != nil:
		return t.Sparse.reduce(t.Shape), nil
	case t.Array == nil && t.Device == "meta":
		strides := t.strides
		if strides == nil {
			strides = contiguousStrides(t.Shape)
		}
		return call("torch._utils", "_rebuild_meta_tensor_no_storage", torchName(t.DType),
			tuple(t.Shape),
			tuple(strides), t.RequiresGrad), nil
	case t.Array == nil:
		return nil, pickle.Unsupported("torch: a tensor without an array")
	}
	p, err := find(t)
	if err != nil {
		return nil, err
	}
	size, strides := tuple(t.shape()), tuple(p.strides)
	if q := t.Quantizer; q != nil {
		params := types.Tuple{torchName(q.Scheme), q.Scale, q.ZeroPoint}
		if q.Scales != nil {
			params = types.Tuple{torchName(q.Scheme), q.Scales, q.ZeroPoints, q.Axis}
		}
		return call("torch._utils", "_rebuild_qtensor", p.storage, p.offset, size, strides, &params,
			grad,
			noHooks()), nil
	}
	if dtypes[t.DType].storage == "" {
		return call("torch._utils", "_rebuild_tensor_v3", p.storage, p.offset, size, strides, grad,
			noHooks(),
			torchName(t.DType)), nil
	}
	return call("torch._utils", "_rebuild_tensor_v2", p.storage, p.offset, size, strides, grad,
		noHooks()), nil
}

// shape is the shape of the array, unless that is packed.
func (t *Tensor) shape() []int {
	if perByte[t.DType] > 0 {
		return t.Shape
	}
	return t.Array.Shape()
}

// reduce says how torch makes a sparse tensor.
func (s *Sparse) reduce(shape []int) *pickle.Object {
	size := Size(shape)
	data := types.Tuple{s.Indices, s.Values, size, s.Coalesced}
	if s.Compressed != nil {
		data = types.Tuple{s.Compressed, s.Indices, s.Values, size}
	}
	return call("torch._utils", "_rebuild_sparse_tensor", Layout(s.Layout), &data)
}

// contiguousStrides are those of C order, in elements.
func contiguousStrides(shape []int) []int {
	strides, step := make([]int, len(shape)), 1
	for i := len(shape) - 1; i >= 0; i-- {
		strides[i] = step
		step *= max(shape[i], 1)
	}
	return strides
}

// storageOf returns the storage that a tensor came from, or a new one of the array's memory, or of
// a copy where that is in no order or not little-endian.
func storageOf(t *Tensor) (part, error) {
	info, ok := dtypes[t.DType]
	if !ok {
		return part{}, pickle.Unsupported("torch: a tensor of dtype %.40q", t.DType)
	}
	if s := t.storage; s != nil && t.Array == t.made && s.order == ndarray.LittleEndian {
		// The newer dtypes lie in bytes, the others in a storage of their own type.
		if info.storage == "" && s.DType == "uint8" || s.DType == t.DType && !s.Untyped {
			return part{s, t.offset, t.strides}, nil
		}
	}
	a, dt := t.Array, arrayDTypes()[t.DType]
	if littleName(a.DType()) != littleName(dt) {
		return part{}, pickle.Malformed("torch: a tensor of %s with an array of dtype %s", t.DType,
			a.DType())
	}
	data, strides, err := littleEndian(a)
	if err != nil {
		return part{}, err
	}
	if n := perByte[t.DType]; n > 0 { // the shape and strides are those of the elements
		if err := checkPacked(t.DType, t.Shape, n, len(data)); err != nil {
			return part{}, err
		}
		strides = contiguousStrides(t.Shape)
	}
	s := &Storage{DType: t.DType, Device: t.Device, Size: len(data) / dt.ItemSize(), data: data,
		order: ndarray.LittleEndian}
	if info.storage == "" {
		s.DType, s.Untyped, s.Size = "uint8", true, len(data)
	}
	if s.Device == "" {
		s.Device = cpu
	}
	return part{s, 0, strides}, nil
}

// littleEndian returns the elements of an array in its own memory if they are contiguous and
// little-endian, else in a copy, and their strides.
func littleEndian(a *ndarray.Array) (data []byte, strides []int, err error) {
	if a.DType().ByteOrder() == ndarray.BigEndian {
		if a, err = swappedCopy(a); err != nil {
			return nil, nil, err
		}
	}
	if !a.IsCContiguous() && !a.IsFContiguous() {
		if a, err = a.Copy(ndarray.OrderC); err != nil {
			return nil, nil, err
		}
	}
	if data, err = a.Bytes(); err != nil {
		return nil, nil, err
	}
	strides = make([]int, a.NDim())
	for i, n := range a.Strides() {
		strides[i] = n / a.DType().ItemSize()
	}
	return data, strides, nil
}

// swappedCopy returns a copy of an array of numbers in little-endian order.
func swappedCopy(a *ndarray.Array) (*ndarray.Array, error) {
	data, err := a.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	word := a.DType().ItemSize()
	if a.DType().Kind() == ndarray.KindComplex {
		word /= 2
	}
	for i := 0; i+word <= len(data); i += word {
		for j, k := i, i+word-1; j < k; j, k = j+1, k-1 {
			data[j], data[k] = data[k], data[j]
		}
	}
	return ndarray.New(a.DType().NewByteOrder(ndarray.LittleEndian), a.Shape(), ndarray.OrderC,
		data)
}

// file returns the storage as a file of the legacy format, which torch.storage._load_from_bytes
// reads.
func (s *Storage) file() ([]byte, error) {
	if s.order == ndarray.BigEndian {
		return nil, pickle.Unsupported("torch: a storage of a big-endian machine")
	}
	if s.owner != nil {
		if err := s.owner.Closed(); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	key, dtype, size := "0", s.DType, s.Size
	p := pickle.NewPickler(&b)
	p.Protocol = pickle.ProtocolOf(2)
	p.PersistentID = func(v any) (any, error) {
		if v != any(s) {
			return nil, nil
		}
		// torch reads no untyped storage in this format, though it writes them.
		class := torchName(dtypes[dtype].storage)
		return &types.Tuple{"storage", class, key, s.Device, size, nil}, nil
	}
	info, err := pickle.NewDict(types.DictEntry{Key: "protocol_version", Value: legacyVersion},
		types.DictEntry{Key: "little_endian", Value: true})
	if err != nil {
		return nil, err
	}
	for _, v := range []any{magicNumber, legacyVersion, info, s, &types.List{key}} {
		if err := p.Dump(v); err != nil {
			return nil, err
		}
	}
	out := binary.LittleEndian.AppendUint64(b.Bytes(), uint64(size))
	return append(out, s.data[:size*s.itemsize()]...), nil
}

// legacyVersion is the version of the legacy format.
const legacyVersion = 1001
