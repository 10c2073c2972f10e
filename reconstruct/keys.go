package reconstruct

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// These types are compared by value when Python uses them as dict keys or set members. [Timedelta]
// and [Date] are comparable in Go and so are their own keys.
var (
	_ pickle.KeyValue = (*Datetime)(nil)
	_ pickle.KeyValue = (*Time)(nil)
	_ pickle.KeyValue = (*Timezone)(nil)
	_ pickle.KeyValue = (*ZoneInfo)(nil)
	_ pickle.KeyValue = Decimal("")
	_ pickle.KeyValue = Fraction{}
	_ pickle.KeyValue = (*UUID)(nil)
	_ pickle.KeyValue = (*Path)(nil)
	_ pickle.KeyValue = (*Range)(nil)
	_ pickle.KeyValue = (*Slice)(nil)
	_ pickle.KeyValue = Class{}
	_ pickle.KeyValue = (*TypedArray)(nil)
)

// PyKey implements [pickle.KeyValue].
func (d *Date) PyKey() (any, error) { return *d, nil }

type naiveKey struct{ Datetime }

type instantKey struct{ sec, micro int64 }

// PyKey implements [pickle.KeyValue]. Aware datetimes are equal if they denote the same instant,
// naive ones if their fields are equal.
func (d *Datetime) PyKey() (any, error) {
	if d.TZ == nil {
		k := *d
		k.Fold = 0
		return naiveKey{k}, nil
	}
	t, err := d.Time()
	if err != nil {
		return d, nil
	}
	return instantKey{t.Unix(), int64(t.Nanosecond() / 1000)}, nil
}

type timeKey struct{ hour, minute, second, micro int }

type awareTimeKey struct{ Timedelta }

// PyKey implements [pickle.KeyValue].
func (t *Time) PyKey() (any, error) {
	switch z := t.TZ.(type) {
	case nil:
		return timeKey{t.Hour, t.Minute, t.Second, t.Microsecond}, nil
	case *Timezone:
		return awareTimeKey{Timedelta{
			Days:         -z.Offset.Days,
			Seconds:      t.Hour*3600 + t.Minute*60 + t.Second - z.Offset.Seconds,
			Microseconds: t.Microsecond - z.Offset.Microseconds,
		}.normal()}, nil
	}
	return t, nil
}

type timezoneKey struct{ Timedelta }

// PyKey implements [pickle.KeyValue]. The name is ignored.
func (z *Timezone) PyKey() (any, error) { return timezoneKey{z.Offset}, nil }

// PyKey implements [pickle.KeyValue]. Zones with the same key are equal, except those made without
// the cache, which equal only themselves.
func (z *ZoneInfo) PyKey() (any, error) {
	if z.NoCache {
		return z, nil
	}
	return *z, nil
}

// ratKey is the key of a rational number that no float64 equals.
type ratKey string

// PyKey implements [pickle.KeyValue]. A fraction equals the int or float of the same value.
func (f Fraction) PyKey() (any, error) {
	rat := f.rat()
	if rat.IsInt() {
		return canonicalInt(rat.Num()), nil
	}
	if x, exact := rat.Float64(); exact {
		return x, nil
	}
	return ratKey(rat.String()), nil
}

// maxKeyExponent is the largest exponent of a decimal that is compared with other numbers. A larger
// one would be expanded to as many digits.
const maxKeyExponent = 400

// PyKey implements [pickle.KeyValue]. A decimal equals the int or float of the same value. A
// decimal with an exponent beyond 400, which no float has, equals only decimals that are spelled
// alike.
func (d Decimal) PyKey() (any, error) {
	s := strings.ToLower(string(d))
	if strings.Contains(s, "snan") {
		return nil, pickle.Malformed("unhashable key: a signaling NaN")
	}
	if strings.Contains(s, "n") {
		return d.specialKey(s)
	}
	mantissa, exp, found := strings.Cut(s, "e")
	if found {
		n, err := strconv.Atoi(exp)
		if err != nil || n > maxKeyExponent || n < -maxKeyExponent {
			return ratKey("decimal " + s), nil
		}
	}
	if len(mantissa) > pickle.DefaultIntDigits {
		return ratKey("decimal " + s), nil
	}
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		return nil, pickle.Malformed("%.40q is not a decimal number", s)
	}
	return Fraction{r}.PyKey()
}

// specialKey returns the key of an infinity or a NaN. A NaN equals nothing.
func (d Decimal) specialKey(s string) (any, error) {
	if strings.Contains(s, "nan") {
		return &s, nil
	}
	f, err := parseFloat(s)
	return f, err
}

// PyKey implements [pickle.KeyValue].
func (u *UUID) PyKey() (any, error) { return u.ID, nil }

type pathKey struct {
	windows bool
	text    string
}

// PyKey implements [pickle.KeyValue]. Windows paths are compared without regard to case.
func (p *Path) PyKey() (any, error) {
	if p.IsWindows() {
		return pathKey{true, strings.ToLower(p.String())}, nil
	}
	return pathKey{false, p.String()}, nil
}

type rangeKey struct {
	n           int
	start, step any
}

// PyKey implements [pickle.KeyValue]. Ranges are equal if they have the same elements.
func (r *Range) PyKey() (any, error) {
	n, ok := r.Len()
	start, okStart := r.Start.(int)
	step, okStep := r.Step.(int)
	if !ok || !okStart || !okStep {
		return rangeKey{-1, r.String(), nil}, nil
	}
	switch n {
	case 0:
		return rangeKey{}, nil
	case 1:
		return rangeKey{1, start, nil}, nil
	}
	return rangeKey{n, start, step}, nil
}

// PyKey implements [pickle.KeyValue]. A slice counts as unhashable, as in Python up to 3.11.
func (s *Slice) PyKey() (any, error) { return nil, pickle.Malformed("unhashable key: slice") }

// PyKey implements [pickle.KeyValue]. An array is unhashable.
func (t *TypedArray) PyKey() (any, error) { return nil, pickle.Malformed("unhashable key: array") }

// PyKey implements [pickle.KeyValue]. A class equals itself under its Python 2 name.
func (c Class) PyKey() (any, error) { return normalName(c.global), nil }
