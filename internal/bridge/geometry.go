package bridge

// Package reconstruct sets these, which packages that it does not import need for what is its own
// in a table of Arrow; they are nil in a program without it.
var (
	// NewGeometry is reconstruct.NewGeometry.
	NewGeometry func(wkb []byte) (any, error)
	// NewCRS returns a text as a reconstruct.CRS.
	NewCRS func(text string) any
)
