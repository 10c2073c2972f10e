package torch

import (
	"slices"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Tensor is a torch.Tensor or torch.nn.Parameter. Its plain value is Array. If Array does not
// describe the tensor completely, because it is sparse, quantized or without memory, the plain
// value is the Tensor itself.
type Tensor struct {
	// Array has the elements. It uses the memory of the storage, which other tensors may share. For
	// a quantized tensor it has the stored integers. It is nil if the tensor is sparse, or on the
	// device "meta", where tensors have no memory.
	Array *ndarray.Array
	// DType is torch's name of the dtype, such as "float32", "bfloat16" or "quint8".
	DType string
	// Shape is the number of elements along each axis.
	Shape []int
	// Device is the device of the tensor, such as "cpu" or "cuda:0".
	Device string
	// RequiresGrad is the attribute requires_grad. IsParameter is true for a torch.nn.Parameter.
	RequiresGrad, IsParameter bool
	// Sparse is nil if the layout is torch.strided.
	Sparse *Sparse
	// Quantizer is nil if the tensor is not quantized.
	Quantizer *Quantizer
	// Class is the class if it is a subclass of Tensor, otherwise zero.
	Class pickle.Global
	// State has the attributes that Python code has set on the tensor, usually a *types.Dict, or
	// nil.
	State any

	made    *ndarray.Array // Array when it is a view of storage; Array may be replaced
	storage *Storage       // nil if there is none
	offset  int            // of the first element in the storage, in elements
	strides []int          // in elements
}

// Sparse has the parts of a sparse tensor. The indices of all elements are within the shape.
//
// Reference: PyTorch manual, "torch.sparse".
type Sparse struct {
	// Layout is "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr" or "sparse_bsc".
	Layout string
	// Indices of sparse_coo have a row for each sparse dimension and a column for each element. In
	// the other layouts they are the plain indices: columns for csr and bsr, rows for csc and bsc.
	Indices *Tensor
	// Compressed has the start of each row of csr and bsr, or of each column of csc and bsc. It is
	// nil for coo.
	Compressed *Tensor
	// Values are the elements, in the order of the indices.
	Values *Tensor
	// Coalesced is true for a sparse_coo tensor whose indices are sorted and distinct.
	Coalesced bool
}

// Quantizer maps the integers of a quantized tensor to numbers: the scale times the difference to
// the zero point.
type Quantizer struct {
	// Scheme is "per_tensor_affine", "per_channel_affine" or "per_channel_affine_float_qparams".
	Scheme string
	// Scale and ZeroPoint belong to per_tensor_affine.
	Scale     float64
	ZeroPoint int
	// Scales and ZeroPoints belong to the other schemes and have one element for each index along
	// Axis.
	Scales, ZeroPoints *Tensor
	Axis               int
}

// Plain returns the plain value of the tensor: see [Tensor].
func (t *Tensor) Plain() any {
	if t.Array == nil || t.Quantizer != nil {
		return t
	}
	return t.Array
}

// PlainArray returns Array, and whether it describes the tensor completely.
func (t *Tensor) PlainArray() (*ndarray.Array, bool) {
	return t.Array, t.Array != nil && t.Quantizer == nil
}

// MarshalJSON returns the tensor as JSON, for encoding/json.
func (t *Tensor) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(t) }

// NewTensor returns a tensor on the CPU over the memory of an array. A dtype that torch does not
// have is an error of the kind pickle.ErrUnsupported.
func NewTensor(a *ndarray.Array) (*Tensor, error) {
	name, ok := dtypeOf(a.DType())
	if !ok {
		return nil, pickle.Unsupported("torch has no tensors of dtype %s", a.DType())
	}
	return &Tensor{Array: a, DType: name, Shape: slices.Clone(a.Shape()), Device: cpu}, nil
}

// cpu is the name of the usual device.
const cpu = "cpu"

// Size is a torch.Size: a shape.
type Size []int

// Plain returns the numbers as a list.
func (s Size) Plain() any {
	list := make([]any, len(s))
	for i, n := range s {
		list[i] = n
	}
	return list
}

// MarshalJSON returns the numbers as JSON, for encoding/json.
func (s Size) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(s) }

// Device is a torch.device: "cpu", "cuda:0".
type Device string

// Plain returns the name.
func (d Device) Plain() any { return string(d) }
