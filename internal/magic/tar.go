package magic

import (
	"archive/tar"
	"bytes"
)

// TorchTarHead is how many bytes at the start of a file suffice for IsTorchTar: headers about a
// member, and the member's own.
const TorchTarHead = 4 << 9

// TorchTar are the members of the tar that torch.save wrote before PyTorch 0.1.10, in their order.
var TorchTar = [...]string{"sys_info", "pickle", "tensors", "storages"}

// IsTorchTar reports whether a file begins as such a tar.
func IsTorchTar(head []byte) bool {
	h, err := tar.NewReader(bytes.NewReader(head[:min(len(head), TorchTarHead)])).Next()
	return err == nil && h.Typeflag == tar.TypeReg && h.Name == TorchTar[0]
}
