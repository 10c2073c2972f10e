// Package ndarray has NumPy's arrays and dtypes in Go: typed, n-dimensional, over memory
// that may come from a file. It knows nothing of pickles.
package ndarray
