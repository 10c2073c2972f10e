package reconstruct

import (
	"math/big"
	"reflect"
	"strings"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// stdlibReducers write types of the standard library as CPython's __reduce_ex__ methods do.
var stdlibReducers = map[reflect.Type]pickle.ReduceFunc{
	reflect.TypeFor[*DefaultDict](): func(v any, _ int) (any, error) {
		d := v.(*DefaultDict)
		o := call(pyType("collections", "defaultdict"))
		if d.Factory != nil {
			o.Args = []any{d.Factory}
		}
		return withItems(o, &d.mapping), nil
	},
	reflect.TypeFor[*Counter](): func(v any, _ int) (any, error) {
		d := v.(*Counter)
		items := d.Dict
		o := call(pyName("collections", "Counter"), &items)
		o.State, o.HasState = d.Attrs, d.Attrs != nil
		return o, nil
	},
	reflect.TypeFor[*Deque](): func(v any, _ int) (any, error) {
		d := v.(*Deque)
		o := call(pyType("collections", "deque"))
		if d.MaxLen >= 0 {
			o.Args = []any{written.Tuple{}, d.MaxLen}
		}
		o.Items, o.State, o.HasState = d.Items, d.Attrs, d.Attrs != nil
		return o, nil
	},
	reflect.TypeFor[*Date](): reduceDate,
	reflect.TypeFor[Date](): func(v any, protocol int) (any, error) {
		d := v.(Date)
		return reduceDate(&d, protocol)
	},
	reflect.TypeFor[*Time]():     reduceTime,
	reflect.TypeFor[*Datetime](): reduceDatetime,
	reflect.TypeFor[Timedelta](): func(v any, _ int) (any, error) {
		d := v.(Timedelta)
		return call(timedeltaClass, d.Days, d.Seconds, d.Microseconds), nil
	},
	reflect.TypeFor[*Timezone](): func(v any, _ int) (any, error) {
		z := v.(*Timezone)
		if z.HasName {
			return call(timezoneClass, z.Offset, z.Name), nil
		}
		return call(timezoneClass, z.Offset), nil
	},
	reflect.TypeFor[*time.Location](): func(v any, _ int) (any, error) {
		return newZone(v.(*time.Location))
	},
	reflect.TypeFor[*ZoneInfo](): func(v any, _ int) (any, error) {
		z := v.(*ZoneInfo)
		cached := 1
		if z.NoCache {
			cached = 0
		}
		return call(call(pyName("builtins", "getattr"), pyName("zoneinfo", "ZoneInfo"),
			strings.Clone("_unpickle")), z.Key, cached), nil
	},
	reflect.TypeFor[Decimal](): func(v any, _ int) (any, error) {
		if v.(Decimal) == "" {
			return nil, pickle.Unsupported("a Decimal without digits")
		}
		return call(pyName("decimal", "Decimal"), string(v.(Decimal))), nil
	},
	reflect.TypeFor[*UUID](): func(v any, _ int) (any, error) {
		u := v.(*UUID)
		state := types.Dict{{Key: "int", Value: canonicalInt(new(big.Int).SetBytes(u.ID[:]))}}
		if u.IsSafe != nil {
			state = append(state, types.DictEntry{Key: "is_safe", Value: u.IsSafe})
		}
		return &pickle.Object{Class: pyName("uuid", "UUID"), Form: pickle.FormNewObj, State: &state,
			HasState: true}, nil
	},
	reflect.TypeFor[*Path](): func(v any, _ int) (any, error) {
		p := v.(*Path)
		o := call(p.Class)
		for _, s := range p.Segments {
			o.Args = append(o.Args, s)
		}
		return o, nil
	},
	reflect.TypeFor[*Range](): func(v any, _ int) (any, error) {
		r := v.(*Range)
		if r.Start == nil || r.Stop == nil || r.Step == nil {
			return nil, pickle.Unsupported("a range without start, stop and step")
		}
		return call(pyName("builtins", "range"), r.Start, r.Stop, r.Step), nil
	},
	reflect.TypeFor[*Slice](): func(v any, _ int) (any, error) {
		s := v.(*Slice)
		return call(pyName("builtins", "slice"), s.Start, s.Stop, s.Step), nil
	},
	reflect.TypeFor[*TypedArray](): reduceTypedArray,
}

// versionReducers write the types whose form depends on the version of Python.
var versionReducers = map[reflect.Type]func(r *Reducers, v any) (any, error){
	reflect.TypeFor[*OrderedDict](): func(r *Reducers, v any) (any, error) {
		d := v.(*OrderedDict)
		class := pyName("collections", "OrderedDict")
		if r.opts.Python.before(3, 12) {
			class = pyType("collections", "OrderedDict")
		}
		return withItems(call(class), &d.mapping), nil
	},
	reflect.TypeFor[Fraction](): func(r *Reducers, v any) (any, error) {
		f := v.(Fraction)
		switch {
		case f.Rat == nil:
			return nil, pickle.Unsupported("a Fraction without a value")
		case r.opts.Python.before(3, 11):
			return call(pyName("fractions", "Fraction"), f.String()), nil
		}
		return call(pyName("fractions", "Fraction"), canonicalInt(f.Rat.Num()),
			canonicalInt(f.Rat.Denom())), nil
	},
}

// withItems adds the items and attributes of an instance of a subclass of dict.
func withItems(o *pickle.Object, m *mapping) *pickle.Object {
	o.DictItems, o.State, o.HasState = m.Dict, m.Attrs, m.Attrs != nil
	return o
}

// inRange refuses fields that do not fit the payload of a datetime.
func inRange(what string, year, month, day, hour, minute, second, micro int) error {
	if year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31 ||
		hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59 ||
		micro < 0 || micro > 999_999 {
		return pickle.Unsupported("a %s with a field out of range", what)
	}
	return nil
}

func reduceDate(v any, _ int) (any, error) {
	d := v.(*Date)
	payload := written.Bytes{byte(d.Year >> 8), byte(d.Year), byte(d.Month), byte(d.Day)}
	return call(pyName("datetime", "date"), payload),
		inRange("date", d.Year, d.Month, d.Day, 0, 0, 0, 0)
}

// foldAt returns the bit for fold, which CPython writes at protocol 4 and above.
func foldAt(fold, protocol int) byte {
	if fold == 1 && protocol >= 4 {
		return foldBit
	}
	return 0
}

// clockBytes returns the payload of a time of day.
func clockBytes(hour, minute, second, micro int) []byte {
	return []byte{byte(hour), byte(minute), byte(second), byte(micro >> 16), byte(micro >> 8),
		byte(micro)}
}

func reduceTime(v any, protocol int) (any, error) {
	t := v.(*Time)
	payload := clockBytes(t.Hour, t.Minute, t.Second, t.Microsecond)
	payload[0] |= foldAt(t.Fold, protocol)
	o := call(pyName("datetime", "time"), written.Bytes(payload))
	if t.TZ != nil {
		o.Args = append(o.Args, t.TZ)
	}
	return o, inRange("time", 1, 1, 1, t.Hour, t.Minute, t.Second, t.Microsecond)
}

// datetimeForm is the written form of a datetime; its parts are fields so that one allocation has
// them all.
type datetimeForm struct {
	pickle.Object
	args    [2]any
	payload written.Bytes
	room    [10]byte
}

var (
	datetimeClass  any = pyName("datetime", "datetime")
	timedeltaClass any = pyName("datetime", "timedelta")
	timezoneClass  any = pyName("datetime", "timezone")
)

func reduceDatetime(v any, protocol int) (any, error) {
	d := v.(*Datetime)
	w := &datetimeForm{}
	w.payload = append(w.room[:0], byte(d.Year>>8), byte(d.Year),
		byte(d.Month)|foldAt(d.Fold, protocol), byte(d.Day))
	w.payload = append(w.payload, clockBytes(d.Hour, d.Minute, d.Second, d.Microsecond)...)
	w.args = [2]any{&w.payload, d.TZ}
	w.Class, w.Args = datetimeClass, w.args[:1:1]
	if d.TZ != nil {
		w.Args = w.args[:]
	}
	return &w.Object, inRange("datetime", d.Year, d.Month, d.Day, d.Hour, d.Minute, d.Second,
		d.Microsecond)
}

// NewDatetime returns t as an aware datetime. Its time zone has the offset of t, and a name only if
// time.FixedZone set one. The time is truncated to microseconds.
func NewDatetime(t time.Time) *Datetime {
	d := &Datetime{
		Year: t.Year(), Month: int(t.Month()), Day: t.Day(),
		Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(), Microsecond: t.Nanosecond() / 1000,
	}
	name, offset := t.Zone()
	zone := &Timezone{Offset: Timedelta{Seconds: offset}.normal()}
	if offset != 0 && name != "" && t.Location().String() == name {
		zone.Name, zone.HasName = name, true // from time.FixedZone
	}
	d.TZ = zone
	return d
}

// newZone returns the Python zone for a location: a place by its IANA name, and a zone of
// time.FixedZone by its offset, with its name unless Python's would be the same. time.Local is an
// error because it is a different zone on each machine.
func newZone(loc *time.Location) (any, error) {
	name := loc.String()
	if loc == time.Local {
		return nil, pickle.Unsupported("time.Local, which has no name")
	}
	known, err := time.LoadLocation(name)
	if err == nil && name != "" && known != time.UTC {
		return &ZoneInfo{Key: name}, nil
	}
	_, offset := time.Unix(0, 0).In(loc).Zone()
	zone := &Timezone{Offset: Timedelta{Seconds: offset}.normal()}
	if name != "" && name != zone.String() {
		zone.Name, zone.HasName = name, true
	}
	return zone, nil
}

// NewTimedelta returns d as a timedelta, truncated to microseconds.
func NewTimedelta(d time.Duration) Timedelta {
	return Timedelta{Seconds: int(d / time.Second),
		Microseconds: int(d % time.Second / time.Microsecond)}.normal()
}

// datetimeItem returns the result of datetime64.item(): a date, a datetime, an int for units that
// those cannot hold, or None for NaT.
func datetimeItem(d ndarray.Datetime64) any {
	if d.IsNaT() {
		return nil
	}
	t, err := d.Time()
	if err != nil || t.Year() < 1 {
		return int(d.Value)
	}
	switch d.Unit.Base {
	case "Y", "M", "W", "D":
		return &Date{t.Year(), int(t.Month()), t.Day()}
	case "h", "m", "s", "ms", "us":
		return &Datetime{
			Year: t.Year(), Month: int(t.Month()), Day: t.Day(),
			Hour: t.Hour(), Minute: t.Minute(), Second: t.Second(),
			Microsecond: t.Nanosecond() / 1000,
		}
	}
	return int(d.Value)
}

// timedeltaItem returns the result of timedelta64.item().
func timedeltaItem(d ndarray.Timedelta64) any {
	if d.Value == ndarray.NaT {
		return nil
	}
	size, ok := unitMicroseconds[d.Unit.Base]
	if !ok {
		return int(d.Value)
	}
	us := big.NewInt(d.Value)
	us.Mul(us, big.NewInt(size)).Mul(us, big.NewInt(int64(max(d.Unit.Num, 1))))
	days, rest := new(big.Int).DivMod(us, big.NewInt(86_400e6), new(big.Int))
	if !days.IsInt64() || days.Int64() > maxTimedeltaDays || days.Int64() < -maxTimedeltaDays {
		return int(d.Value)
	}
	return Timedelta{Days: int(days.Int64()), Microseconds: int(rest.Int64())}.normal()
}
