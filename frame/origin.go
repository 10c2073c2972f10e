package frame

import "github.com/unpkl/unpkl/internal/framehook"

func init() {
	framehook.SetOrigin = func(v, origin any) {
		switch v := v.(type) {
		case *Frame:
			v.origin = origin
		case *Series:
			v.origin = origin
		}
	}
	framehook.Origin = func(v any) any {
		switch v := v.(type) {
		case *Frame:
			return v.origin
		case *Series:
			return v.origin
		}
		return nil
	}
}
