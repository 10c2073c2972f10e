package pyvalue

import (
	"unicode/utf8"

	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// maxNames is how many names getattr may add to a global: nested classes are
// not deep.
const maxNames = 64

// GlobalName returns the name of a class or function in Python 3: of a global, of an
// attribute of one, which older protocols write as a call of getattr, or of a ufunc as
// NumPy before 1.20 writes it.
func GlobalName(v any) (name string, ok bool) {
	attrs := ""
	for range maxNames {
		switch o := v.(type) {
		case pickle.Named:
			return NameOf(o) + attrs, true
		case *pickle.Object:
			if len(o.Args) != 2 || o.HasState {
				return "", false
			}
			last, ok := asText(o.Args[1])
			if !ok {
				return "", false
			}
			switch reconstruct.Normalize(o).ClassName() {
			case "builtins.getattr":
				v, attrs = o.Args[0], "."+last+attrs
				continue
			case "numpy.core._ufunc_reconstruct":
				if module, ok := asText(o.Args[0]); ok {
					return module + "." + last + attrs, true
				}
			}
		}
		return "", false
	}
	return "", false
}

// NameOf returns the name of a class or function in Python 3.
func NameOf(n pickle.Named) string {
	return reconstruct.Normalize(&pickle.Object{Class: n}).ClassName()
}

func asText(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, utf8.ValidString(v)
	case pickle.Py2String:
		return string(v), utf8.ValidString(string(v))
	}
	return "", false
}
