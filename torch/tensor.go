package torch

import (
	"slices"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Tensor is a torch.Tensor or torch.nn.Parameter, as an object has it. As a plain value it is the
// Array, or the Tensor itself where the elements do not say all: where it is sparse or
// quantized, or has none.
type Tensor struct {
	// Array has the elements, in the memory of the storage: tensors of one storage are views of the
	// same memory. Those of a quantized tensor are the integers that are stored. It is nil where
	// the tensor is sparse, and where it had no memory (device "meta").
	Array *ndarray.Array
	// DType is torch's name of the dtype, such as "float32", "bfloat16" or "quint8".
	DType string
	// Shape is the number of elements along each axis.
	Shape []int
	// Device is where the tensor was, such as "cpu" or "cuda:0".
	Device string
	// RequiresGrad and IsParameter are the attribute of that name, and whether it is a Parameter.
	RequiresGrad, IsParameter bool
	// Sparse is nil where the layout is torch.strided.
	Sparse *Sparse
	// Quantizer is nil where the tensor is not quantized.
	Quantizer *Quantizer
	// Class is the class of a subclass of Tensor, else zero.
	Class pickle.Global
	// State holds the attributes that Python code gave the tensor, most often a *types.Dict; nil
	// for none.
	State any

	made    *ndarray.Array // Array as a view of storage; another one is not
	storage *Storage       // nil where there is none
	offset  int            // in the storage, in elements
	strides []int          // in elements
}

// Sparse are the parts of a sparse tensor. The indices of each element are in the bounds of the
// shape.
//
// Reference: PyTorch manual, "torch.sparse".
type Sparse struct {
	// Layout is "sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr" or "sparse_bsc".
	Layout string
	// Indices of sparse_coo have a row for each sparse dimension and a column for each
	// element. Those of the other layouts are the plain ones: columns of csr and bsr, rows of csc
	// and bsc.
	Indices *Tensor
	// Compressed are where each row of csr and bsr begins, or each column of csc and bsc; nil of
	// coo.
	Compressed *Tensor
	// Values are the elements, in the order of the indices.
	Values *Tensor
	// Coalesced says of sparse_coo that no index occurs twice and that they are sorted.
	Coalesced bool
}

// Quantizer says which numbers the integers of a quantized tensor stand for: scale times the
// difference to the zero point.
type Quantizer struct {
	// Scheme is "per_tensor_affine", "per_channel_affine" or "per_channel_affine_float_qparams".
	Scheme string
	// Scale and ZeroPoint are those of per_tensor_affine.
	Scale     float64
	ZeroPoint int
	// Scales and ZeroPoints are those of each index along Axis in the other schemes, *Tensor each.
	Scales, ZeroPoints *Tensor
	Axis               int
}

// Plain returns what the tensor is as a plain value.
func (t *Tensor) Plain() any {
	if t.Array == nil || t.Quantizer != nil {
		return t
	}
	return t.Array
}

// PlainArray returns the elements, and false where they do not say all.
func (t *Tensor) PlainArray() (*ndarray.Array, bool) {
	return t.Array, t.Array != nil && t.Quantizer == nil
}

// MarshalJSON returns the tensor as JSON, for encoding/json.
func (t *Tensor) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(t) }

// NewTensor returns a tensor of the elements of an array on the CPU, in the array's memory. An
// array of a dtype that torch does not have is an error of the kind pickle.ErrUnsupported.
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
