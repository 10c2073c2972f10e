package jsonval

import "github.com/unpkl/unpkl/reconstruct"

// libraryForm returns the parts of a library value as a JSON object.
func libraryForm(v reconstruct.LibraryValue) object {
	o := object{}
	for _, part := range v.Parts() {
		switch x := part.Value.(type) {
		case []int:
			o.add(part.Name, oneLine{ints(x)})
		case []string:
			items := make(list, len(x))
			for i := range x {
				items[i] = x[i]
			}
			o.add(part.Name, items)
		case []any:
			o.add(part.Name, list(x))
		case []reconstruct.LibraryValue:
			items := make(list, len(x))
			for i := range x {
				items[i] = x[i]
			}
			o.add(part.Name, items)
		default:
			o.add(part.Name, x)
		}
	}
	return o
}
