package reconstruct

import (
	"time"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/known"
)

// The hooks let package known, which cannot import this package, recognise and create its values.
func init() {
	bridge.KnownClass = func(class any) (uint16, *known.Bounds) {
		c, ok := class.(Class)
		switch {
		case !ok:
			return 0, nil
		case c.entry.call == nil && c.entry.construct == nil && c.entry.code == 0:
			return known.ClassRecorded, &c.resolver.rules
		}
		return c.entry.code, &c.resolver.rules
	}
	known.IsFixedZone = func(tz any) bool {
		z, ok := tz.(*Timezone)
		return ok && z.Offset.Microseconds == 0
	}
	known.FixedZone = func(tz any) *time.Location { return tz.(*Timezone).location() }
	known.NewDecimal = func(text string) any { return Decimal(text).Plain() }
	known.NewUUID = func(id [16]byte) any { return &UUID{ID: id, set: true} }
	known.NewDate = func(year, month, day int) any { return Date{year, month, day} }
}
