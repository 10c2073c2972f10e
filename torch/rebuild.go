package torch

import (
	"errors"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// ErrUnread is what a [Function] returns for a call of which it makes nothing.
var ErrUnread = errors.New("torch: a call that is kept as it is")

// rebuilders are the functions of torch._utils that make tensors. A nil one is known and not read.
//
// Reference: torch/_utils.py.
var rebuilders = map[string]Function{
	"_rebuild_tensor":                        rebuildTensor,
	"_rebuild_tensor_v2":                     rebuildTensorV2,
	"_rebuild_tensor_v3":                     rebuildTensorV3,
	"_rebuild_parameter":                     rebuildParameter,
	"_rebuild_parameter_with_state":          rebuildParameter,
	"_rebuild_sparse_tensor":                 rebuildSparse,
	"_rebuild_sparse_csr_tensor":             rebuildSparse,
	"_rebuild_qtensor":                       rebuildQTensor,
	"_rebuild_meta_tensor_no_storage":        rebuildMeta,
	"_rebuild_device_tensor_from_numpy":      rebuildFromNumPy,
	"_rebuild_xla_tensor":                    rebuildFromNumPy,
	"_rebuild_device_tensor_from_cpu_tensor": rebuildFromCPU,
	"_rebuild_nested_tensor":                 nil,
	"_rebuild_wrapper_subclass":              nil,
}

// arguments are those of a call of a rebuilder.
type arguments struct {
	name string
	args []any
	err  error // of the first that is not what it must be
}

func (a *arguments) fail(i int, want string) {
	if a.err == nil {
		a.err = malformed("%s: argument %d is no %s", a.name, i+1, want)
	}
}

// count checks the number of arguments.
func (a *arguments) count(least, most int) error {
	if n := len(a.args); n < least || n > most {
		return malformed("%s: %d arguments, want %d to %d", a.name, n, least, most)
	}
	return nil
}

func (a *arguments) int(i int) int {
	n, ok := a.args[i].(int)
	if !ok {
		a.fail(i, "int")
	}
	return n
}

func (a *arguments) bool(i int) bool {
	b, ok := a.args[i].(bool)
	if n, isInt := a.args[i].(int); isInt {
		b, ok = n != 0, true
	}
	if !ok {
		a.fail(i, "bool")
	}
	return b
}

func (a *arguments) ints(i int) []int {
	out, err := ints(a.args[i], "an argument")
	if err != nil {
		a.fail(i, "tuple of ints")
	}
	return out
}

func (a *arguments) tuple(i int) []any {
	t, ok := a.args[i].(*types.Tuple)
	if !ok {
		a.fail(i, "tuple")
		return nil
	}
	return *t
}

func (a *arguments) storage(i int) *Storage {
	s, ok := a.args[i].(*Storage)
	if !ok {
		a.fail(i, "storage")
	}
	return s
}

func (a *arguments) tensor(i int) *Tensor {
	t, ok := a.args[i].(*Tensor)
	if !ok {
		a.fail(i, "tensor")
	}
	return t
}

// name returns the name of a dtype, layout or scheme of torch.
func (a *arguments) torchName(i int) string {
	switch v := a.args[i].(type) {
	case Layout:
		return string(v)
	case pickle.Named:
		if g := v.Global(); g.Module == "torch" {
			return g.Name
		}
	case string:
		return trimTorch(v)
	}
	a.fail(i, "name of torch")
	return ""
}

func (a *arguments) dtype(i int) string {
	name := a.torchName(i)
	if _, ok := dtypes[name]; !ok && a.err == nil {
		a.err = pickle.Unsupported("torch: %s: a tensor of dtype torch.%s", a.name, name)
	}
	return name
}

func trimTorch(name string) string { return strings.TrimPrefix(name, "torch.") }

// rebuildTensor is _rebuild_tensor(storage, storage_offset, size, stride).
func rebuildTensor(o *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_tensor", args: args}
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	return a.dense(o, "")
}

// rebuildTensorV2 is _rebuild_tensor_v2(storage, storage_offset, size, stride, requires_grad,
// backward_hooks, metadata=None).
func rebuildTensorV2(o *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_tensor_v2", args: args}
	if err := a.count(6, 7); err != nil {
		return nil, err
	}
	t, err := a.dense(o, "")
	if err != nil {
		return nil, err
	}
	t.RequiresGrad = a.bool(4)
	return t, a.metadata(t, 6)
}

// rebuildTensorV3 is _rebuild_tensor_v3, which has the dtype before the metadata.
func rebuildTensorV3(o *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_tensor_v3", args: args}
	if err := a.count(7, 8); err != nil {
		return nil, err
	}
	dtype := a.dtype(6)
	if a.err != nil {
		return nil, a.err
	}
	t, err := a.dense(o, dtype)
	if err != nil {
		return nil, err
	}
	t.RequiresGrad = a.bool(4)
	return t, a.metadata(t, 7)
}

// dense makes a tensor of a storage, offset, size and stride, of the storage's dtype where dtype is
// "".
func (a *arguments) dense(o *Options, dtype string) (*Tensor, error) {
	s, offset, shape, strides := a.storage(0), a.int(1), a.ints(2), a.ints(3)
	if a.err != nil {
		return nil, a.err
	}
	if dtype == "" {
		dtype = s.DType
	}
	t := &Tensor{DType: dtype, Shape: shape, Device: s.Device, storage: s, offset: offset,
		strides: strides}
	if err := o.check(shape); err != nil {
		return nil, err
	}
	return t, s.then(func() (err error) {
		if n := perByte[dtype]; n > 0 {
			t.Array, err = s.packed(offset, shape, strides, n)
			t.made = t.Array
			return err
		}
		t.Array, err = s.array(dtype, offset, shape, strides)
		t.made = t.Array
		return err
	})
}

// check keeps the limits on dimensions and elements.
func (o *Options) check(shape []int) error {
	limits := o.Limits.WithDefaults()
	if len(shape) > limits.Dims {
		return &pickle.LimitError{Limit: "Dims", Max: int64(limits.Dims), Want: int64(len(shape))}
	}
	size := int64(1)
	for _, n := range shape {
		if n == 0 {
			return nil
		}
		if n < 0 || size > limits.Elements/int64(n) {
			return &pickle.LimitError{Limit: "Elements", Max: limits.Elements, Want: -1}
		}
		size *= int64(n)
	}
	return nil
}

// metadata applies the bits that say that a tensor is the conjugate or the negative of its storage.
func (a *arguments) metadata(t *Tensor, i int) error {
	if a.err != nil || i >= len(a.args) || a.args[i] == nil {
		return a.err
	}
	d, ok := a.args[i].(*types.Dict)
	if !ok {
		return malformed("%s: its metadata is no dict", a.name)
	}
	for _, e := range *d {
		if on, _ := e.Value.(bool); !on {
			continue
		}
		name, _ := text(e.Key)
		if name != "conj" && name != "neg" {
			return pickle.Unsupported("torch: %s: a tensor with the bit %q", a.name, name)
		}
		err := t.storage.then(func() (err error) {
			t.Array, err = negated(t.Array, name == "neg")
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// negated returns a copy of an array with the other sign of each number, or of each imaginary part
// only.
func negated(a *ndarray.Array, all bool) (*ndarray.Array, error) {
	kind, size := a.DType().Kind(), a.DType().ItemSize()
	part := size
	switch {
	case kind == ndarray.KindComplex:
		part = size / 2
	case kind != ndarray.KindFloat || !all:
		return nil, malformed("a conjugate or negative tensor of dtype %s", a.DType())
	}
	c, err := a.Copy(ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	data, err := c.Bytes()
	if err != nil {
		return nil, err
	}
	sign := part - 1 // the byte that has it
	if c.DType().ByteOrder() == ndarray.BigEndian {
		sign = 0
	}
	for i := 0; i < len(data); i += part {
		if all || i/part%2 == 1 {
			data[i+sign] ^= 0x80
		}
	}
	return c, nil
}

// rebuildParameter is _rebuild_parameter(data, requires_grad, backward_hooks), and
// _rebuild_parameter_with_state, which has the attributes behind these.
func rebuildParameter(_ *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_parameter", args: args}
	if err := a.count(3, 4); err != nil {
		return nil, err
	}
	data, grad := a.tensor(0), a.bool(1)
	if a.err != nil {
		return nil, a.err
	}
	p := *data
	p.IsParameter, p.RequiresGrad = true, grad
	if len(args) == 4 {
		p.State = args[3]
	}
	return &p, data.then(func() error {
		p.Array, p.made = data.Array, data.made
		return nil
	})
}

// rebuildQTensor is _rebuild_qtensor(storage, storage_offset, size, stride, quantizer_params,
// requires_grad, backward_hooks).
func rebuildQTensor(o *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_qtensor", args: args}
	if err := a.count(7, 7); err != nil {
		return nil, err
	}
	params, grad := a.tuple(4), a.bool(5)
	if a.err != nil {
		return nil, a.err
	}
	q, err := readQuantizer(params, a.ints(2))
	if err != nil {
		return nil, err
	}
	t, err := a.dense(o, "")
	if err != nil {
		return nil, err
	}
	t.Quantizer, t.RequiresGrad = q, grad
	return t, nil
}

// readQuantizer reads quantizer_params: (scheme, scale, zero_point) or (scheme, scales,
// zero_points, axis).
func readQuantizer(params []any, shape []int) (*Quantizer, error) {
	a := &arguments{name: "_rebuild_qtensor: quantizer_params", args: params}
	if err := a.count(3, 4); err != nil {
		return nil, err
	}
	q := &Quantizer{Scheme: a.torchName(0)}
	if len(params) == 3 {
		scale, ok := params[1].(float64)
		if !ok {
			a.fail(1, "float")
		}
		q.Scale, q.ZeroPoint = scale, a.int(2)
		return q, a.err
	}
	q.Scales, q.ZeroPoints, q.Axis = a.tensor(1), a.tensor(2), a.int(3)
	if a.err != nil {
		return nil, a.err
	}
	if q.Axis < 0 || q.Axis >= len(shape) {
		return nil, malformed("%s: axis %d of a tensor of %d dimensions", a.name, q.Axis,
			len(shape))
	}
	for _, t := range []*Tensor{q.Scales, q.ZeroPoints} {
		if len(t.Shape) != 1 || t.Shape[0] != shape[q.Axis] {
			return nil, malformed("%s: shape %v for %d channels", a.name, t.Shape, shape[q.Axis])
		}
	}
	return q, nil
}

// rebuildMeta is _rebuild_meta_tensor_no_storage(dtype, size, stride, requires_grad).
func rebuildMeta(o *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_meta_tensor_no_storage", args: args}
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	t := &Tensor{DType: a.torchName(0), Shape: a.ints(1), strides: a.ints(2),
		RequiresGrad: a.bool(3),
		Device:       "meta"}
	if a.err != nil {
		return nil, a.err
	}
	return t, o.check(t.Shape)
}

// rebuildFromNumPy is _rebuild_device_tensor_from_numpy(data, dtype, device, requires_grad).
func rebuildFromNumPy(_ *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_device_tensor_from_numpy", args: args}
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	array, ok := args[0].(*ndarray.Array)
	device, isText := text(args[2])
	if d, isDevice := args[2].(Device); isDevice {
		device, isText = string(d), true
	}
	if !ok || !isText || pending.IsArray(array) {
		return nil, ErrUnread
	}
	t := &Tensor{Array: array, DType: a.torchName(1), Shape: array.Shape(), Device: device,
		RequiresGrad: a.bool(3)}
	return t, a.err
}

// rebuildFromCPU is _rebuild_device_tensor_from_cpu_tensor(data, dtype, device, requires_grad).
func rebuildFromCPU(_ *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_device_tensor_from_cpu_tensor", args: args}
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	data, dtype, grad := a.tensor(0), a.torchName(1), a.bool(3)
	device, isText := text(args[2])
	if d, isDevice := args[2].(Device); isDevice {
		device, isText = string(d), true
	}
	if a.err != nil {
		return nil, a.err
	}
	if !isText || dtype != data.DType {
		return nil, ErrUnread
	}
	t := *data
	t.Device, t.RequiresGrad = device, grad
	return &t, data.then(func() error {
		t.Array, t.made = data.Array, data.made
		return nil
	})
}

// rebuildFromType is _rebuild_from_type(func, type, args, dict) of PyTorch 1.7 to 1.10.
func rebuildFromType(o *Options, args []any) (any, error) {
	return rebuildFromTypeV2(o, args)
}

// rebuildFromTypeV2 is _rebuild_from_type_v2(func, new_type, args, state).
func rebuildFromTypeV2(_ *Options, args []any) (any, error) {
	a := &arguments{name: "_rebuild_from_type_v2", args: args}
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	class, ok := args[1].(pickle.Named)
	f, callable := args[0].(types.Callable)
	inner := a.tuple(2)
	if a.err != nil {
		return nil, a.err
	}
	if !ok || !callable {
		return nil, ErrUnread
	}
	if _, known := classes[namedGlobal(args[0])]; !known {
		return nil, ErrUnread
	}
	v, err := f.Call(inner...)
	if err != nil {
		return nil, err
	}
	t, ok := v.(*Tensor)
	if !ok {
		return nil, ErrUnread
	}
	if g := class.Global(); g != tensorClass && g != parameterClass {
		t.Class = g
	}
	t.State = args[3]
	return t, nil
}

var (
	tensorClass    = pickle.Global{Module: "torch", Name: "Tensor"}
	parameterClass = pickle.Global{Module: "torch.nn.parameter", Name: "Parameter"}
)

// namedGlobal is the name of a class, or the zero Global.
func namedGlobal(v any) pickle.Global {
	if n, ok := v.(pickle.Named); ok {
		return n.Global()
	}
	return pickle.Global{}
}
