package frame

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// String returns the period as str(pandas.Period) does: "2020-05" for months, "2020Q2" for
// quarters, "2020-01-06/2020-01-12" for weeks, "2020-01-06 10:00" for hours. It shows the begin of
// the period. For a frequency that pandas does not have, and for years before 1000, it is the
// ordinal with the frequency.
//
// Reference: pandas, _libs/tslibs/period.pyx, period_format.
func (p PeriodValue) String() string {
	name, anchor, _ := strings.Cut(strings.TrimLeft(p.Freq, "0123456789"), "-")
	if text := p.text(name, anchor); text != "" {
		return text
	}
	return fmt.Sprintf("%d[%s]", p.Ordinal, p.Freq)
}

// text is String, except that it returns "" if there is no such format.
func (p PeriodValue) text(name, anchor string) string {
	switch name {
	case "Y", "A", "YE":
		return yearText(p.Ordinal, 1, "")
	case "Q", "QE":
		return yearText(p.Ordinal, 4, "Q")
	case "M", "ME":
		year, month := floorDiv(p.Ordinal, 12)
		if year > maxYear || year < -maxYear {
			return ""
		}
		return dateText(time.Date(int(year)+1970, time.Month(month+1), 1, 0, 0, 0, 0, time.UTC),
			"2006-01")
	case "W":
		return p.week(anchor)
	case "B":
		week, day := floorDiv(p.Ordinal+3, 5)
		return dayText(week*7 + day - 3)
	case "D":
		return dayText(p.Ordinal)
	}
	if unit, ok := periodUnits[name]; ok {
		second, rest := floorDiv(p.Ordinal, unit.perSecond)
		if unit.seconds > 1 {
			if abs := max(p.Ordinal, -p.Ordinal); abs < 0 || abs > math.MaxInt64/unit.seconds {
				return ""
			}
			second, rest = p.Ordinal*unit.seconds, 0
		}
		return dateText(time.Unix(second, rest*(1e9/unit.perSecond)).UTC(), unit.layout)
	}
	return ""
}

// maxYear is larger than any year in Python or pandas.
const maxYear = 1_000_000

// periodUnits has the frequencies within a day, under their names in all versions of pandas.
var periodUnits = map[string]struct {
	seconds   int64 // in a unit, or 1
	perSecond int64 // units in a second, or 1
	layout    string
}{
	"h": {3600, 1, "2006-01-02 15:00"}, "H": {3600, 1, "2006-01-02 15:00"},
	"min": {60, 1, "2006-01-02 15:04"}, "T": {60, 1, "2006-01-02 15:04"},
	"s": {1, 1, "2006-01-02 15:04:05"}, "S": {1, 1, "2006-01-02 15:04:05"},
	"ms": {1, 1e3, "2006-01-02 15:04:05.000"}, "L": {1, 1e3, "2006-01-02 15:04:05.000"},
	"us": {1, 1e6, "2006-01-02 15:04:05.000000"}, "U": {1, 1e6, "2006-01-02 15:04:05.000000"},
	"ns": {1, 1e9, "2006-01-02 15:04:05.000000000"}, "N": {1, 1e9, "2006-01-02 15:04:05.000000000"},
}

// yearText formats a year, or the part of a year at the given ordinal, counted from 1970. Parts of
// a year that does not end in December are counted and formatted as if it did.
func yearText(ordinal, parts int64, name string) string {
	year, part := floorDiv(ordinal, parts)
	if year > maxYear || year < 1000-1970 {
		return ""
	}
	year += 1970
	if name == "" {
		return fmt.Sprint(year)
	}
	return fmt.Sprintf("%d%s%d", year, name, part+1)
}

// week returns the first and last day of a week that ends on the day that the anchor names.
func (p PeriodValue) week(anchor string) string {
	end := map[string]int64{"": 0, "SUN": 0, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5,
		"SAT": 6}
	add, ok := end[anchor]
	if !ok || p.Ordinal > math.MaxInt32 || p.Ordinal < math.MinInt32 {
		return ""
	}
	last := p.Ordinal*7 + add - 4 // 1970-01-01 was a Thursday
	from, to := dayText(last-6), dayText(last)
	if from == "" || to == "" {
		return ""
	}
	return from + "/" + to
}

// dayText formats a day, counted from 1970-01-01.
func dayText(day int64) string {
	if day > math.MaxInt32 || day < math.MinInt32 {
		return ""
	}
	return dateText(time.Unix(day*86400, 0).UTC(), time.DateOnly)
}

func dateText(t time.Time, layout string) string {
	if t.Year() < 1000 || t.Year() > maxYear {
		return ""
	}
	return t.Format(layout)
}

// floorDiv returns the quotient rounded down, and the remainder, which is never negative.
func floorDiv(a, b int64) (quotient, rest int64) {
	quotient, rest = a/b, a%b
	if rest < 0 {
		quotient, rest = quotient-1, rest+b
	}
	return quotient, rest
}
