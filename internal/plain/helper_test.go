package plain_test

import (
	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/oracle"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// withoutFastPaths makes everything go the general way.
func withoutFastPaths() unpkl.Option { return oracle.WithoutFastPaths().(unpkl.Option) }

// isTree reports whether nothing in the pickle is met twice.
func isTree(data []byte) bool {
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.FindClass
	u.Atomic = pyvalue.IsAtomic
	_, err := u.Load()
	return err == nil && !u.Shared()
}
