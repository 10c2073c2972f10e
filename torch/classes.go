package torch

import (
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Options configure how tensors are read. The zero value is the safe default.
type Options struct {
	// Limits bound the dimensions and elements of a tensor and the decompressed size of an archive.
	Limits pickle.Limits
	// Owner controls memory that may be released while tensors still use it, such as a mapped file;
	// see [ndarray.Array.SetOwner].
	Owner ndarray.Owner
	// SetUp sets hooks and limits of an Unpickler for a pickle in an archive. If it is nil, only
	// the classes of this package are known.
	SetUp func(u *pickle.Unpickler)
}

// Function returns the value of a call of a class or function of torch. It may keep args but must
// not change them. If it returns ErrUnread, the caller records the call unchanged.
type Function func(o *Options, args []any) (any, error)

// Classes returns the classes and functions of torch that occur in pickles of tensors. A nil
// Function marks a name that is never called. The caller must not change the map.
func Classes() map[pickle.Global]Function { return classes }

// classes is the result of Classes.
var classes map[pickle.Global]Function

func init() {
	classes = map[pickle.Global]Function{}
	add := func(module string, f Function, names ...string) {
		for _, name := range names {
			classes[pickle.Global{Module: module, Name: name}] = f
		}
	}
	for name, info := range dtypes {
		add("torch", nil, name)
		if info.storage != "" {
			add("torch", nil, info.storage)
			add("torch.cuda", nil, info.storage)
		}
	}
	add("torch", nil, dtypesWithoutData...)
	for _, module := range []string{"torch", "torch.cuda", "torch.sparse", "torch.cuda.sparse"} {
		add(module, nil, "DoubleTensor", "FloatTensor", "HalfTensor", "BFloat16Tensor",
			"LongTensor",
			"IntTensor", "ShortTensor", "CharTensor", "ByteTensor", "BoolTensor")
	}
	add("torch", nil, "Tensor", "strided", "sparse_coo", "per_tensor_affine",
		"per_tensor_symmetric",
		"per_channel_affine", "per_channel_symmetric", "per_channel_affine_float_qparams",
		"contiguous_format", "channels_last", "channels_last_3d", "preserve_format")
	add("torch", readSize, "Size")
	add("torch", readDevice, "device")
	add("torch.storage", nil, "UntypedStorage", "_UntypedStorage", "TypedStorage", "_TypedStorage")
	add("torch.storage", loadFromBytes, "_load_from_bytes")
	add("torch.serialization", readLayout, "_get_layout")
	add("torch.nn.parameter", nil, "Parameter", "Buffer")
	for name, f := range rebuilders {
		add("torch._utils", f, name)
	}
	for _, module := range []string{"torch._tensor", "torch.tensor"} {
		add(module, rebuildFromType, "_rebuild_from_type")
		add(module, rebuildFromTypeV2, "_rebuild_from_type_v2")
	}
	// Functions that TorchScript's own writer calls.
	for _, name := range []string{"build_intlist", "build_doublelist", "build_boollist",
		"build_tensorlist"} {
		add("torch.jit._pickle", firstArgument, name)
	}
	add("torch.jit._pickle", firstArgument, "restore_type_tag")
}

// firstArgument implements functions that return their first argument.
func firstArgument(_ *Options, args []any) (any, error) {
	if len(args) == 0 {
		return nil, malformed("a call of torch.jit._pickle without arguments")
	}
	return args[0], nil
}

// readSize implements torch.Size(sequence).
func readSize(_ *Options, args []any) (any, error) {
	if len(args) == 0 {
		return Size{}, nil
	}
	shape, err := ints(args[0], "torch.Size")
	return Size(shape), err
}

// readDevice implements torch.device(type[, index]).
func readDevice(_ *Options, args []any) (any, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, malformed("torch.device: %d arguments, want 1 or 2", len(args))
	}
	name, ok := text(args[0])
	if !ok {
		return nil, malformed("torch.device: its type is no str")
	}
	if len(args) == 2 && args[1] != nil {
		index, ok := args[1].(int)
		if !ok {
			return nil, malformed("torch.device: its index is no int")
		}
		name += ":" + strconv.Itoa(index)
	}
	return Device(name), nil
}

// Layout is a torch.layout, by its name without "torch.": "strided", "sparse_coo".
type Layout string

// Plain returns the name as a pickle.Global of the module torch.
func (l Layout) Plain() any { return pickle.Global{Module: "torch", Name: string(l)} }

// PickleReduce implements [pickle.Reducer].
func (l Layout) PickleReduce(int) (any, error) {
	return &pickle.Object{Class: getLayout, Args: []any{"torch." + string(l)}}, nil
}

var getLayout = pyName("torch.serialization", "_get_layout")

// readLayout implements torch.serialization._get_layout("torch.sparse_coo").
func readLayout(_ *Options, args []any) (any, error) {
	if len(args) == 1 {
		if name, ok := text(args[0]); ok {
			return Layout(trimTorch(name)), nil
		}
	}
	return nil, malformed("torch.serialization._get_layout: want one str")
}

// text returns a str of Python 2 or 3.
func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case pickle.Py2String:
		return string(v), true
	case []byte:
		return string(v), true
	}
	return "", false
}

// ints returns the numbers of a shape or of strides; what names them in errors.
func ints(v any, what string) ([]int, error) {
	var items []any
	switch v := v.(type) {
	case Size:
		return v, nil
	case *types.Tuple:
		items = *v
	case *types.List:
		items = *v
	default:
		return nil, malformed("%s is no tuple", what)
	}
	out := make([]int, len(items))
	for i, item := range items {
		n, ok := item.(int)
		if !ok {
			return nil, malformed("%s is no tuple of ints", what)
		}
		out[i] = n
	}
	return out, nil
}

// malformed returns an error of the kind pickle.ErrMalformed.
func malformed(format string, args ...any) error {
	return pickle.Malformed("torch: "+format, args...)
}
