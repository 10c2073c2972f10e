// Package torch has PyTorch's tensors: what its files and pickles hold, and how such files are
// written.
//
// # Reading
//
// The functions of package unpkl read PyTorch's files as they read every other: Load, LoadFile,
// Open, Unmarshal take the zip of torch.save since PyTorch 1.6, the format before it, the tar
// before 0.1.10, archives of torch.jit.save, and tensors in pickles of any kind. A tensor is an
// [*ndarray.Array] there, and a [*Tensor] with unpkl.WithObjects:
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
// The arrays have the strides that the tensors had, and those of one storage share its memory. The
// dtypes that NumPy lacks are those of ml_dtypes: bfloat16 and the kinds of float8, see
// [ndarray.BFloat16] and [ndarray.Float8]. complex32 is a structured dtype of two float16;
// quint4x2, quint2x4, float4_e2m1fn_x2 and the kinds of bits are bytes as they are stored. A tensor
// with torch's conjugate or negative bit is a copy with the numbers that the tensor shows.
//
// With unpkl.Open no element is read before it is used: an archive of any size opens in
// milliseconds. Nothing is ever called or imported. Of TorchScript the code is left alone, and the
// second pickle of its archives, the constants, is what a Decoder reads next.
//
// A storage that is missing or shorter than its tensor, strides that lead outside it, and indices
// of a sparse tensor outside its shape are errors of the kind pickle.ErrMalformed.
//
// # Writing
//
// [Save] writes a zip that torch.load(weights_only=True) reads; unpkl.Marshal writes tensors as
// pickle.dump does.
//
// Reference: PyTorch 2.15, torch/serialization.py, torch/_utils.py,
// torch/_weights_only_unpickler.py.
package torch
