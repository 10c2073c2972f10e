package pointer

import (
	"strconv"
	"strings"
)

// Subscript is one part of a token that is a subscript of Python's: an index or a slice.
type Subscript struct {
	IsSlice bool
	Index   int // of an index
	// Of a slice; those that are not given are nil.
	Start, Stop, Step *int
}

// ParseSubscripts reads a token as subscripts for one axis after another, "3", "-1", "0:10:2" or
// ":,2". It returns false for a token that is none.
func ParseSubscripts(token string) ([]Subscript, bool) {
	parts := strings.Split(token, ",")
	if len(parts) == 2 && parts[1] == "" {
		parts = parts[:1] // "3,", a tuple of one in Python
	}
	subs := make([]Subscript, len(parts))
	for i, part := range parts {
		var ok bool
		if subs[i], ok = parseSubscript(part); !ok {
			return nil, false
		}
	}
	return subs, true
}

func parseSubscript(s string) (Subscript, bool) {
	numbers := strings.Split(s, ":")
	if len(numbers) == 1 {
		i, ok := parseInt(s)
		return Subscript{Index: i}, ok
	}
	if len(numbers) > 3 {
		return Subscript{}, false
	}
	sub := Subscript{IsSlice: true}
	for i, to := range []**int{&sub.Start, &sub.Stop, &sub.Step}[:len(numbers)] {
		if numbers[i] == "" {
			continue
		}
		n, ok := parseInt(numbers[i])
		if !ok {
			return Subscript{}, false
		}
		*to = &n
	}
	return sub, sub.Step == nil || *sub.Step != 0
}

// parseInt reads an int as Python's repr and RFC 6901 write one: without zeros before it.
func parseInt(s string) (int, bool) {
	i, err := strconv.Atoi(s)
	return i, err == nil && strconv.Itoa(i) == s
}

// Range returns where a slice begins among n items, its step and how many items it has: what
// Python's slice.indices and len(range()) say.
func (s Subscript) Range(n int) (start, step, count int) {
	step = 1
	if s.Step != nil {
		step = *s.Step
	}
	stop := n
	if step < 0 {
		start, stop = n-1, -1
	}
	if s.Start != nil {
		start = clamp(*s.Start, n, step < 0)
	}
	if s.Stop != nil {
		stop = clamp(*s.Stop, n, step < 0)
	}
	switch {
	case step > 0 && stop > start:
		count = (stop-start-1)/step + 1
	case step < 0 && stop < start:
		// The step may be the least int, which has no negative.
		count = int((uint(start-stop)-1)/uint(-step)) + 1
	}
	return start, step, count
}

// clamp returns a bound of a slice as a number from 0 to n, or for a negative step from -1 to n-1.
func clamp(i, n int, back bool) int {
	if i < 0 {
		i += n
	}
	least, most := 0, n
	if back {
		least, most = -1, n-1
	}
	return min(max(i, least), most)
}

// At returns where an index stands among n items; negative ones count from the end.
func (s Subscript) At(n int) (int, bool) {
	i := s.Index
	if i < 0 {
		i += n
	}
	return i, i >= 0 && i < n
}
