package unpkl

// OpenBytes is Open of a file that was mapped to data, but for the mapping itself. It is not to be
// closed, which would unmap data.
func OpenBytes(data []byte, opts ...Option) *File {
	f := &File{path: "in memory", c: newConfig(opts)}
	f.mapped(data)
	return f
}
