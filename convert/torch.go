package convert

import (
	"io"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/torch"
)

var torchFormat = &Format{
	Name: "torch", Endings: []string{".pt", ".pth"},
	About: "torch.save: tensors in a dict, a list or alone",
	Holds: KindScalar | KindList | KindDict | KindArray | KindNamed, read: readPickle,
	write: writeTorch,
}

// tensor is implemented by values of PyTorch that may be arrays.
type tensor interface {
	PlainArray() (*ndarray.Array, bool)
}

func writeTorch(out *output, v any) error {
	return out.write(func(w io.Writer) error { return torch.Save(w, goValue(v)) })
}
