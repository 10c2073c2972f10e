package bridge

// Package reconstruct sets these, for packages that do not import it and find values of its types
// in Arrow tables. They are nil in a program without it.
var (
	// NewGeometry is reconstruct.NewGeometry.
	NewGeometry func(wkb []byte) (any, error)
	// NewCRS returns text as a reconstruct.CRS.
	NewCRS func(text string) any
)
