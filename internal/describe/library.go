package describe

import "github.com/unpkl/unpkl/reconstruct"

// nameLibrary describes a value of another library by its class and its String method.
func nameLibrary(n *Node, v reconstruct.LibraryValue) {
	n.Kind = v.ClassName()
	if s, ok := v.(interface{ String() string }); ok {
		n.Value = s.String()
	}
}
