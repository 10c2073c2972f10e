package describe

import "github.com/unpkl/unpkl/reconstruct"

// nameLibrary names a value of another library by its class, and shows what it says of itself.
func nameLibrary(n *Node, v reconstruct.LibraryValue) {
	n.Kind = v.ClassName()
	if s, ok := v.(interface{ String() string }); ok {
		n.Value = s.String()
	}
}
