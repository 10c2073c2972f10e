package reconstruct

import (
	"math/big"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/pickle"
)

// The types here that Python compares by value as keys of dicts and members of
// sets. [Timedelta] and [Date] are their own keys.
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

// PyKey implements [pickle.KeyValue]: aware datetimes are equal if they are the
// same instant, naive ones if their fields are.
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

// PyKey implements [pickle.KeyValue]: the name does not count.
func (z *Timezone) PyKey() (any, error) { return timezoneKey{z.Offset}, nil }

// PyKey implements [pickle.KeyValue]: there is one ZoneInfo for each key, besides
// those that were made without the cache.
func (z *ZoneInfo) PyKey() (any, error) {
	if z.NoCache {
		return z, nil
	}
	return *z, nil
}

// ratKey is a rational number that is not a float64.
type ratKey string

// PyKey implements [pickle.KeyValue]: a fraction equals the int or float of the same
// value.
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

// maxKeyExponent is the largest exponent of a decimal that is compared with other
// numbers: a larger one would write out as many digits.
const maxKeyExponent = 400

// PyKey implements [pickle.KeyValue]: a decimal equals the int or float of the same
// value. One with an exponent beyond 400, which no float has, equals only
// decimals that are written alike.
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

// specialKey is the key of an infinity, or of a NaN, which equals nothing.
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

// PyKey implements [pickle.KeyValue]: Windows paths are equal in upper and lower
// case.
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

// PyKey implements [pickle.KeyValue]: ranges are equal if they have the same
// elements.
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

// PyKey implements [pickle.KeyValue]: a slice is taken to be unhashable, as it is up to
// Python 3.11.
func (s *Slice) PyKey() (any, error) { return nil, pickle.Malformed("unhashable key: slice") }

// PyKey implements [pickle.KeyValue]: an array is not hashable.
func (t *TypedArray) PyKey() (any, error) { return nil, pickle.Malformed("unhashable key: array") }

// PyKey implements [pickle.KeyValue]: a class is the same under its Python 2 name.
func (c Class) PyKey() (any, error) { return normalName(c.global), nil }
