package fastread_test

import (
	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fastread"
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

// options are those of a load without options.
var options = fastread.Options{FindClass: reconstruct.FindClass}

// direct reports whether data takes the direct way into the Go value that v points to.
func direct(data []byte, v any) bool {
	switch v.(type) {
	case *any, *map[string]any, *[]any:
		return false // plain values
	}
	return options.Unmarshal(data, v)
}

// plainDirectly reports whether data takes the direct way into plain values.
func plainDirectly(data []byte) bool {
	var v any
	return options.Unmarshal(data, &v)
}
