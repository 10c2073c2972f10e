package frame

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
)

// The parameters of printing, which are pandas' default options.
const (
	printRows   = 60 // number of rows above which only those at both ends are shown
	printEdge   = 5  // number of rows that are then shown at each end
	printWidth  = 50 // largest number of characters of an element of text
	printDigits = 6  // digits after the decimal point
)

// String returns the frame as pandas prints it: a line with the names of the columns, and a line
// for each row with its label. If there are more than 60 rows, the first and last five are shown,
// and then the shape. Objects that pandas formats by their own class are formatted by package fmt.
// Lines are not broken at the width of a terminal.
//
// Reference: pandas/io/formats/format.py, DataFrameFormatter.
func (f *Frame) String() string {
	if err := f.Validate(); err != nil {
		return "<" + err.Error() + ">"
	}
	n, cols := f.Shape()
	if cols == 0 || n == 0 {
		return f.emptyText(n)
	}
	rows, cut := printed(n)
	columns := [][]string{padEnds(append([]string{""}, indexTexts(f.Index, rows)...))}
	for _, s := range f.Columns {
		cells := columnTexts(s, rows)
		columns = append(columns, padAll(append([]string{" " + valueText(s.Name)}, cells...)))
	}
	if cut {
		for i, texts := range columns {
			columns[i] = withDots(texts, i == 0)
		}
	}
	var b strings.Builder
	for row := range columns[0] {
		if row > 0 {
			b.WriteByte('\n')
		}
		for i, texts := range columns {
			if i > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(texts[row])
		}
	}
	if cut {
		fmt.Fprintf(&b, "\n\n[%d rows x %d columns]", n, cols)
	}
	return b.String()
}

func (f *Frame) emptyText(n int) string {
	names := make([]string, len(f.Columns))
	for i, s := range f.Columns {
		names[i] = valueText(s.Name)
	}
	labels := make([]string, 0, min(n, printRows))
	for i := range min(n, printRows) {
		labels = append(labels, valueText(f.Index.At(i)))
	}
	return "Empty DataFrame\nColumns: [" + strings.Join(names, ", ") + "]\nIndex: [" +
		strings.Join(labels, ", ") + "]"
}

// String returns the series as pandas prints it: a line for each element with its label, and a line
// with the name, the length if elements are left out, and the dtype.
func (s *Series) String() string {
	if err := s.Validate(); err != nil {
		return "<" + err.Error() + ">"
	}
	n := s.Len()
	rows, cut := printed(n)
	index := s.Index
	if index == nil {
		index = NewRangeIndex(n)
	}
	var b strings.Builder
	if n == 0 {
		b.WriteString("Series([], ")
		if s.Name != nil {
			b.WriteString("Name: " + valueText(s.Name) + ", ")
		}
		return b.String() + "dtype: " + s.DType + ")"
	}
	labels, values := padEnds(indexTexts(index, rows)), padAll(columnTexts(s, rows))
	if index.Name() != nil {
		b.WriteString(valueText(index.Name()) + "\n")
	}
	for i, label := range labels {
		if i > 0 {
			b.WriteByte('\n')
		}
		if cut && i == printEdge {
			at := width(values[:1])
			dots := dotsFor(at)
			left := (at - len(dots)) / 2
			b.WriteString(strings.Repeat(" ", width(labels)+3+left) + dots)
			b.WriteString(strings.Repeat(" ", at-len(dots)-left) + "\n")
		}
		b.WriteString(label + "   " + values[i])
	}
	b.WriteByte('\n')
	if s.Name != nil {
		b.WriteString("Name: " + valueText(s.Name) + ", ")
	}
	if cut {
		fmt.Fprintf(&b, "Length: %d, ", n)
	}
	b.WriteString("dtype: " + s.DType)
	return b.String()
}

// printed returns the indexes of the rows that are shown, out of n. cut says that others are left
// out in the middle.
func printed(n int) (rows []int, cut bool) {
	for i := range n {
		if n <= printRows || i < printEdge || i >= n-printEdge {
			rows = append(rows, i)
		} else if i == printEdge {
			cut = true
		}
	}
	return rows, cut
}

// dotsFor returns the dots for the rows that are left out, in a column of the given width.
func dotsFor(width int) string {
	if width > 3 {
		return "..."
	}
	return ".."
}

// withDots inserts dots in the middle of the texts of a column.
func withDots(texts []string, isIndex bool) []string {
	w := width(texts)
	dots := dotsFor(w)
	space := strings.Repeat(" ", max(w-len(dots), 0))
	if isIndex {
		dots += space
	} else {
		dots = space + dots
	}
	out := append([]string{}, texts[:1+printEdge]...)
	return append(append(out, dots), texts[1+printEdge:]...)
}

func width(texts []string) int {
	n := 0
	for _, s := range texts {
		n = max(n, utf8.RuneCountInString(s))
	}
	return n
}

// padAll adds spaces at the beginning of shorter texts, and padEnds at their end.
func padAll(texts []string) []string {
	n, out := width(texts), make([]string, len(texts))
	for i, s := range texts {
		out[i] = strings.Repeat(" ", n-utf8.RuneCountInString(s)) + s
	}
	return out
}

func padEnds(texts []string) []string {
	n, out := width(texts), make([]string, len(texts))
	for i, s := range texts {
		out[i] = s + strings.Repeat(" ", n-utf8.RuneCountInString(s))
	}
	return out
}

// indexTexts returns the labels of rows as text.
func indexTexts(x *Index, rows []int) []string {
	if x.Values != nil {
		return elementTexts(x.Values, rows)
	}
	out := make([]string, len(rows))
	for k, i := range rows {
		out[k] = valueText(x.At(i))
	}
	return out
}

// columnTexts returns the elements of a series at rows as text. A number has a space for a possible
// sign, and so has everything that is neither a number nor a time.
func columnTexts(s *Series, rows []int) []string {
	texts := elementTexts(s, rows)
	if s.Kind == Datetime || s.Kind == Timedelta {
		return texts
	}
	isNumber := s.Kind == Numpy && s.Values.DType().Kind() != ndarray.KindObject
	for i, t := range texts {
		if !isNumber || t != "NaN" && !strings.HasPrefix(t, "-") {
			texts[i] = " " + t
		}
	}
	return texts
}

// elementTexts returns the elements of a series at rows as text.
func elementTexts(s *Series, rows []int) []string {
	values := make([]any, len(rows))
	for k, i := range rows {
		values[k] = s.At(i)
	}
	switch {
	case s.Kind == Datetime:
		return timeTexts(s, rows)
	case s.Kind == Timedelta:
		return timedeltaTexts(values)
	case s.Kind == Numpy && s.Values.DType().Kind() == ndarray.KindFloat,
		s.Kind == Masked && s.Values.DType().Kind() == ndarray.KindFloat:
		return floatTexts(s, values)
	}
	out := make([]string, len(rows))
	for k, i := range rows {
		switch {
		case s.IsNull(i) && s.Kind == Categorical, s.IsNull(i) && s.Kind == Interval:
			out[k] = "NaN"
		case s.IsNull(i):
			out[k] = missingText(s, values[k])
		default:
			out[k] = shortened(valueText(values[k]))
		}
	}
	return out
}

// missingText returns the text for a missing element.
func missingText(s *Series, v any) string {
	switch {
	case s.Kind == Masked, s.Kind == Object, s.Kind == Text && s.DType != "str":
		return "<NA>"
	case s.Kind == Timedelta, s.Kind == Period:
		return "NaT"
	case v == nil && s.Kind == Numpy:
		if s.DType == "str" {
			return "NaN"
		}
		return "None"
	}
	return "NaN"
}

// shortened truncates long text.
func shortened(s string) string {
	if utf8.RuneCountInString(s) <= printWidth {
		return s
	}
	runes := []rune(s)
	return string(runes[:printWidth-4]) + "..."
}

// floatTexts formats floats with as many digits after the point as the one that needs the most, six
// at most. All have an exponent if some are very small, or if some are very large and the others
// too long.
//
// Reference: FloatArrayFormatter.get_result_as_array.
func floatTexts(s *Series, values []any) []string {
	out := make([]string, len(values))
	numbers := make([]float64, len(values))
	small, large, longest := false, false, 0
	for i, v := range values {
		x, ok := floatOf(v)
		numbers[i] = x
		if !ok {
			out[i] = "<NA>"
			continue
		}
		if x != x {
			out[i] = "NaN"
			continue
		}
		a := math.Abs(x)
		small = small || a > 0 && a < 1e-6
		large = large || a > 1e6
		if out[i] = strconv.FormatFloat(x, 'f', printDigits, 64); math.IsInf(x, 0) {
			out[i] = strings.ToLower(strings.TrimPrefix(out[i], "+"))
		}
		longest = max(longest, len(out[i])+1) // pandas also counts the place of a sign.
		if x < 0 {
			longest = max(longest, len(out[i]))
		}
	}
	if small || large && longest > printDigits+6 {
		for i, x := range numbers {
			if out[i] != "<NA>" && x == x && !math.IsInf(x, 0) {
				out[i] = strconv.FormatFloat(x, 'e', printDigits, 64)
			}
		}
		return out
	}
	return trimZeros(out)
}

// trimZeros removes the trailing zeros that all numbers have, except one.
func trimZeros(texts []string) []string {
	for {
		for _, s := range texts {
			if strings.Contains(s, ".") && (!strings.HasSuffix(s, "0") ||
				strings.HasSuffix(s, ".0")) {
				return texts
			}
		}
		some := false
		for i, s := range texts {
			if strings.Contains(s, ".") {
				texts[i], some = s[:len(s)-1], true
			}
		}
		if !some {
			return texts
		}
	}
}

func floatOf(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	case ndarray.Float16:
		return v.Float64(), true
	}
	return math.NaN(), v != nil
}

// timeTexts formats datetimes, without the time if all are at midnight.
func timeTexts(s *Series, rows []int) []string {
	out := make([]string, len(rows))
	times := make([]time.Time, len(rows))
	midnight, digits := true, 0
	for k, i := range rows {
		t, ok := s.Time(i)
		if !ok {
			out[k] = "NaT"
			if !s.IsNull(i) {
				out[k] = texts.Sprint(s.At(i))
			}
			continue
		}
		times[k] = t
		midnight = midnight && t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0 &&
			t.Nanosecond() == 0
		switch n := t.Nanosecond(); {
		case n%1000 != 0:
			digits = 9
		case n%1000000 != 0:
			digits = max(digits, 6)
		case n != 0:
			digits = max(digits, 3)
		}
	}
	layout := "2006-01-02"
	if !midnight || s.TZ != "" {
		layout += " 15:04:05"
		if digits > 0 {
			layout += "." + strings.Repeat("0", digits)
		}
	}
	if s.TZ != "" {
		layout += "-07:00"
	}
	for k := range rows {
		if out[k] == "" {
			out[k] = times[k].Format(layout)
		}
	}
	return out
}

// valueText formats an element by itself, as Python's str() does for types that Go has too.
func valueText(v any) string {
	switch v := v.(type) {
	case nil:
		return "NaN"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case string:
		return v
	case float64:
		return floatTexts(nil, []any{v})[0]
	case []any:
		parts := make([]string, len(v))
		for i, x := range v {
			if parts[i] = valueText(x); isText(x) {
				parts[i] = "'" + parts[i] + "'"
			}
		}
		return "(" + strings.Join(parts, ", ") + ")"
	case IntervalValue:
		left, right := "(", ")"
		if v.Closed == "left" || v.Closed == "both" {
			left = "["
		}
		if v.Closed == "right" || v.Closed == "both" {
			right = "]"
		}
		return left + valueText(v.Left) + ", " + valueText(v.Right) + right
	case ndarray.Timedelta64:
		return timedeltaTexts([]any{v})[0]
	case time.Time:
		return v.Format("2006-01-02 15:04:05-07:00")
	}
	return texts.Sprint(v)
}

func isText(v any) bool {
	_, ok := v.(string)
	return ok
}

// timedeltaTexts formats durations: in days alone if all are whole days, and with fractions of
// seconds if any has one.
func timedeltaTexts(values []any) []string {
	whole, digits := true, 0
	times := make([]time.Duration, len(values))
	out := make([]string, len(values))
	for i, v := range values {
		d, ok := v.(ndarray.Timedelta64)
		t, err := d.Duration()
		if !ok || err != nil {
			if out[i] = "NaT"; ok && !d.IsNaT() {
				out[i] = d.String()
			}
			continue
		}
		times[i] = t
		whole = whole && t%(24*time.Hour) == 0
		digits = max(digits, secondDigits(t))
	}
	for i, t := range times {
		if out[i] == "" {
			out[i] = timedeltaText(t, whole, digits)
		}
	}
	return out
}

// secondDigits is how many digits of a second a length of time has: 0, 6 or 9.
func secondDigits(t time.Duration) int {
	switch n := t % time.Second; {
	case n%1000 != 0:
		return 9
	case n != 0:
		return 6
	}
	return 0
}

// timedeltaText formats a duration as "1 days 02:03:04.500000", or "-1 days +21:56:55" if it is
// negative.
func timedeltaText(t time.Duration, whole bool, digits int) string {
	const day = 24 * time.Hour
	days, rest, sign := t/day, t%day, ""
	if rest < 0 {
		days, rest = days-1, rest+day
	}
	if days < 0 {
		sign = "+"
	}
	text := fmt.Sprintf("%d days", int64(days))
	if whole {
		return text
	}
	text += fmt.Sprintf(" %s%02d:%02d:%02d", sign, rest/time.Hour, rest/time.Minute%60,
		rest/time.Second%60)
	if digits > 0 {
		text += fmt.Sprintf(".%09d", rest%time.Second)[:1+digits]
	}
	return text
}
