// Package torch reads and writes PyTorch's tensors and the files of torch.save.
//
// # Reading
//
// The functions of package unpkl read PyTorch's files like any other: Load, LoadFile, Open and
// Unmarshal accept the zip of torch.save since PyTorch 1.6, the format before it, the tar before
// 0.1.10, archives of torch.jit.save, and tensors in pickles of any kind. They return a tensor as
// an [*ndarray.Array], or with unpkl.WithObjects as a [*Tensor]:
//
//	PyTorch                                  plain value      object
//	Tensor, nn.Parameter                     *ndarray.Array   *Tensor
//	the same on the device "meta"            *Tensor          *Tensor: no Array
//	sparse (COO, CSR, CSC, BSR, BSC)         *Tensor          *Tensor: Sparse
//	quantized                                *Tensor          *Tensor: Array, Quantizer
//	storage                                  *ndarray.Array   *Storage
//	Size, device                             []any, string    Size, Device
//	dtype                                    pickle.Global    a name, such as torch.float32
//	nested tensor, nn.Module, others         *pickle.Object   *pickle.Object
//
// The arrays have the strides of the tensors, and tensors of one storage share its memory. Dtypes
// that NumPy lacks are those of ml_dtypes: bfloat16 and the kinds of float8, see [ndarray.BFloat16]
// and [ndarray.Float8]. complex32 is a structured dtype of two float16; quint4x2, quint2x4,
// float4_e2m1fn_x2 and the kinds of bits are bytes as stored. A tensor with torch's conjugate or
// negative bit becomes a copy with the numbers that the tensor shows.
//
// unpkl.Open reads no element before it is used, so that an archive of any size opens in
// milliseconds. Nothing is ever called or imported. The code in a TorchScript archive is ignored; a
// Decoder reads its second pickle, the constants, as the next value.
//
// A storage that is missing or shorter than its tensor, strides that lead outside of it, and
// indices of a sparse tensor outside of its shape are errors of the kind pickle.ErrMalformed.
//
// # Writing
//
// [Save] writes a zip that torch.load(weights_only=True) reads; unpkl.Marshal writes tensors as
// pickle.dump does.
//
// Reference: PyTorch 2.15, torch/serialization.py, torch/_utils.py,
// torch/_weights_only_unpickler.py.
package torch
