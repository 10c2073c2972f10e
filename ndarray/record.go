package ndarray

// Record is one element of a structured array: NumPy's numpy.void with fields, or
// numpy.record.
type Record struct {
	// Names are the names of the fields in order. They belong to the dtype and must not be
	// changed.
	Names []string
	// Values has one value for each name, of the types that [Array.At] lists.
	Values []any
}

// Get returns the value of the field of that name.
func (r Record) Get(name string) (any, bool) {
	for i, n := range r.Names {
		if n == name {
			return r.Values[i], true
		}
	}
	return nil, false
}
