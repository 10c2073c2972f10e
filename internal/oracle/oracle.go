// Package oracle lets the tests of every package read with the general way alone, which is the
// oracle of the fast ones. Nothing else uses it.
package oracle

// WithoutFastPaths returns an Option of the root package that makes everything go the general way.
// The root package sets it, which this one cannot import.
var WithoutFastPaths func() any
