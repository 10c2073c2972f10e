package spec

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/checksum"
	"github.com/unpkl/unpkl/internal/chunk"
	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/stats"
	"github.com/unpkl/unpkl/ndarray"
)

// Failure is one way in which a value does not match the specification.
type Failure struct {
	At pointer.Pointer
	// Message says what does not match. It follows the pointer, as in "/x is of kind str, not int".
	Message string
}

// Check returns everything in a value that does not match the specification.
func (s *Spec) Check(v any) ([]Failure, error) {
	c := &checker{r: lookup.NewReader(true), names: map[string]named{},
		stats: map[*ndarray.Array]*stats.Summary{}, sumsOf: map[string]func(*ndarray.Array) (string,
			error){}}
	for i := range s.Values {
		if err := c.value(v, &s.Values[i]); err != nil {
			return c.failures, err
		}
	}
	if s.Exact {
		if err := s.exact(c, v); err != nil {
			return c.failures, err
		}
	}
	return c.failures, nil
}

// named is the length that a name stands for, with the pointer to the value that determined it.
type named struct {
	n  int
	at pointer.Pointer
}

// checker collects the failures of one value.
type checker struct {
	r        *lookup.Reader
	names    map[string]named // the named lengths so far
	failures []Failure
	// stats and sumsOf remember the large arrays, to which a file may refer many times: their
	// statistics, and by the name of an algorithm what remembers their checksums.
	stats  map[*ndarray.Array]*stats.Summary
	sumsOf map[string]func(a *ndarray.Array) (string, error)
}

func (c *checker) fail(at pointer.Pointer, format string, args ...any) {
	c.failures = append(c.failures, Failure{at, fmt.Sprintf(format, args...)})
}

// value checks all values that the pointer of want leads to. They are parts of root.
func (c *checker) value(root any, want *Value) error {
	found, err := c.r.Values(root, want.At)
	if errors.Is(err, lookup.ErrNotFound) {
		if !want.Optional {
			c.fail(want.At, "is not there: %v", err)
		}
		return nil
	}
	if err != nil {
		return err
	}
	for _, m := range found {
		if err := c.match(m, want); err != nil {
			return fmt.Errorf("%s: %w", m.At, err)
		}
	}
	return nil
}

func (c *checker) match(m lookup.Match, want *Value) error {
	got, _ := describe.Describe(m.Value, describe.Options{})
	if want.Kind != "" && want.Kind != got.Kind {
		c.fail(m.At, "is of kind %s, not %s", got.Kind, want.Kind)
	}
	if want.DType != "" && want.DType != got.DType {
		c.fail(m.At, "has dtype %s, not %s", got.DType, want.DType)
	}
	if want.Shape != nil {
		c.shape(m.At, got.Shape, want.Shape)
	}
	if order := "C"; want.Order != "" {
		if got.Order != "" {
			order = got.Order
		}
		if order != want.Order {
			c.fail(m.At, "lies in order %s, not %s", order, want.Order)
		}
	}
	if want.Len != nil {
		if got.Len == nil {
			c.fail(m.At, "has no length")
		} else if text := c.length(m.At, *got.Len, *want.Len); text != "" {
			c.fail(m.At, "has length %d, not %s", *got.Len, text)
		}
	}
	if !want.Is.IsZero() {
		c.is(m, want)
	}
	if err := c.numbers(m, want); err != nil {
		return err
	}
	return c.sums(m, want)
}

func (c *checker) shape(at pointer.Pointer, got []int, want []Dim) {
	bad := len(got) != len(want)
	for i := range min(len(got), len(want)) {
		bad = c.length(at, got[i], want[i]) != "" || bad
	}
	if bad {
		texts := make([]string, len(want))
		for i, d := range want {
			texts[i] = d.String()
			if n, ok := c.names[d.Name]; ok && d.Name != "" {
				texts[i] += fmt.Sprintf("=%d", n.n)
			}
		}
		c.fail(at, "has shape %v, not [%s]", got, strings.Join(texts, " "))
	}
}

// length returns "" if a length is as wanted, else the wanted length as text. The first length that
// has a name determines the length that all others of that name must have.
func (c *checker) length(at pointer.Pointer, got int, want Dim) string {
	if want.Name != "" {
		n, ok := c.names[want.Name]
		if !ok {
			c.names[want.Name] = named{got, at}
			return ""
		}
		if n.n != got {
			return fmt.Sprintf("%s=%d as at %s", want.Name, n.n, n.at)
		}
		return ""
	}
	if got < want.Min || want.Max >= 0 && got > want.Max {
		return want.String()
	}
	return ""
}

// is compares a value without parts with the wanted value.
func (c *checker) is(m lookup.Match, want *Value) {
	var value any
	if err := want.Is.Decode(&value); err != nil {
		c.fail(m.At, "%v", err)
		return
	}
	got := m.Value
	if s, ok := got.(*ndarray.Scalar); ok {
		got = s.Value()
	}
	f, isFloat := value.(float64)
	if n, ok := value.(int); ok { // as YAML writes a float that is whole
		f, isFloat = float64(n), true
	}
	if g, ok := got.(float64); ok && isFloat && (f == g || f != f && g != g) {
		return
	}
	if describe.Text(got) != describe.Text(value) {
		c.fail(m.At, "is %s, not %s", describe.Text(got), describe.Text(value))
	}
}

// numbers checks the bounds, the mean and the number of missing elements.
func (c *checker) numbers(m lookup.Match, want *Value) error {
	if want.Min == nil && want.Max == nil && want.Mean == nil && want.Missing == nil {
		return nil
	}
	a, isArray := m.Value.(*ndarray.Array)
	s, ok := c.stats[a]
	if !ok {
		var err error
		if s, ok, err = statsOf(m.Value); err != nil {
			return err
		}
		if ok && isArray && chunk.IsLarge(a) {
			c.stats[a] = s
		}
	}
	if !ok {
		c.fail(m.At, "has no numbers")
		return nil
	}
	if want.Missing != nil && s.Missing > *want.Missing {
		c.fail(m.At, "has %d missing elements, at most %d are allowed", s.Missing, *want.Missing)
	}
	least, okMin := asFloat(s.Min)
	most, okMax := asFloat(s.Max)
	if want.Min != nil && okMin && least < *want.Min {
		c.fail(m.At, "has the element %s, less than %g", describe.Text(s.Min), *want.Min)
	}
	if want.Max != nil && okMax && most > *want.Max {
		c.fail(m.At, "has the element %s, more than %g", describe.Text(s.Max), *want.Max)
	}
	if want.Mean != nil {
		mean, ok := s.Mean.(float64)
		if !ok || !(math.Abs(mean-want.Mean.Is) <= want.Mean.Within) {
			c.fail(m.At, "has the mean %s, not %g within %g", describe.Text(s.Mean), want.Mean.Is,
				want.Mean.Within)
		}
	}
	return nil
}

// statsOf returns the statistics of an array, a column, a list of numbers or a number. ok is false
// for other values.
func statsOf(v any) (s *stats.Summary, ok bool, err error) {
	switch v := v.(type) {
	case *ndarray.Masked:
		s, err := stats.Array(v.Data, v.Mask)
		return s, true, err
	case *ndarray.Array:
		s, err := stats.Array(v, nil)
		return s, true, err
	case *frame.Series:
		s, err := stats.Series(v)
		return s, true, err
	case *ndarray.Scalar:
		s, err := stats.Array(v.Array(), nil)
		return s, true, err
	case int, float64, *big.Int:
		c := stats.NewCollector()
		c.Add(v)
		return c.Summary(), true, nil
	}
	all, err := stats.Of(lookup.NewReader(true), v, nil)
	if err != nil || len(all) != 1 {
		return nil, false, err
	}
	return all[0].Summary, true, nil
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case uint64:
		return float64(v), true
	}
	return 0, false
}

func (c *checker) sums(m lookup.Match, want *Value) error {
	for name, sum := range want.Sums {
		a, ok := m.Value.(*ndarray.Array)
		if s, isSeries := m.Value.(*frame.Series); isSeries && s.Values != nil && s.Valid == nil {
			a, ok = s.Values, true
		}
		if !ok || a.HasObject() {
			c.fail(m.At, "has no %s, since it is no array of bytes", name)
			continue
		}
		sumOf, known := c.sumsOf[name]
		if !known {
			sumOf = checksum.Arrays(name)
			c.sumsOf[name] = sumOf
		}
		got, err := sumOf(a)
		if err != nil {
			return err
		}
		if got != sum {
			c.fail(m.At, "has %s %s, not %s", name, got, sum)
		}
	}
	return nil
}

// exact adds a failure for every named part of v that no pointer of the specification names or
// leads into.
func (s *Spec) exact(c *checker, v any) error {
	return c.r.Walk(v, nil, func(at pointer.Pointer, v any) (into bool, err error) {
		named, leads := len(at) == 0, false
		for i := range s.Values {
			p := s.Values[i].At
			if !covers(p, at) {
				continue
			}
			named = true
			leads = leads || len(p) > len(at)
		}
		if !named {
			c.fail(at, "is not in the specification")
			return false, nil
		}
		p, ok := c.r.Parts(v)
		return ok && p.Named && (leads || len(at) == 0), nil
	})
}

// covers reports whether the pointer p of the specification names the value at the pointer at, or a
// part of it.
func covers(p, at pointer.Pointer) bool {
	if len(p) < len(at) {
		return false
	}
	for i, token := range at {
		if p[i] != token && p[i] != pointer.All {
			return false
		}
	}
	return true
}
