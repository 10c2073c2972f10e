package magic

import (
	"archive/tar"
	"bytes"
)

// TorchTarHead is the number of bytes at the start of a file that suffice for IsTorchTar: the
// extended headers of a member, and its own header.
const TorchTarHead = 4 << 9

// TorchTar lists the members, in order, of the tar that torch.save wrote before PyTorch 0.1.10.
var TorchTar = [...]string{"sys_info", "pickle", "tensors", "storages"}

// IsTorchTar reports whether a file begins with the first member of such a tar.
func IsTorchTar(head []byte) bool {
	h, err := tar.NewReader(bytes.NewReader(head[:min(len(head), TorchTarHead)])).Next()
	return err == nil && h.Typeflag == tar.TypeReg && h.Name == TorchTar[0]
}
