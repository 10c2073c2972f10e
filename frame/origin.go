package frame

import (
	"github.com/unpkl/unpkl/internal/framehook"
	"github.com/unpkl/unpkl/ndarray"
)

func init() {
	framehook.SetOrigin = func(v, origin any) {
		switch v := v.(type) {
		case *Frame:
			v.origin = origin
		case *Series:
			v.origin = origin
		}
	}
	framehook.TimedeltaText = func(v any) string {
		d, _ := v.(ndarray.Timedelta64)
		t, err := d.Duration()
		if err != nil {
			return d.String()
		}
		return timedeltaText(t, false, secondDigits(t))
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
