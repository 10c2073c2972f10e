package plain_test

import (
	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/plain"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// viaObjects makes the plain value of a pickle of its objects, and not of its cells.
func viaObjects(data []byte, o plain.Options) (any, error) {
	o.BigInt = func(digits string) any { return unpkl.BigInt(digits) }
	u := pickle.NewUnpicklerBytes(data)
	u.FindClass = reconstruct.New(reconstruct.Options{Limits: o.Limits}).FindClass
	u.Limits = o.Limits
	v, err := u.Load()
	if err != nil {
		return nil, err
	}
	return plain.New(&o).Convert(v, 0)
}
