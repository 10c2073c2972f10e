package batch

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// ErrSchema is the kind of error of a table that does not go with those before it.
var ErrSchema = errors.New("another schema")

// schemas is the schema that all tables so far fit into: every column of any of them, in the order
// in which they were met.
type schemas struct {
	fields []arrow.Field
	byName map[string]int
	mixed  func(arrow.DataType) error // refuses types that the output has not
}

// add widens the schema so that a table fits too. Where it cannot, nothing is changed.
func (s *schemas) add(next *arrow.Schema) error {
	fields := slices.Clone(s.fields)
	var added []string
	for _, f := range next.Fields() {
		t := StoredType(f.Type)
		if err := s.mixed(t); err != nil {
			return fmt.Errorf("%w: column %q: %w", ErrSchema, f.Name, err)
		}
		i, ok := s.byName[f.Name]
		if !ok {
			added = append(added, f.Name)
			fields = append(fields, arrow.Field{Name: f.Name, Type: t, Nullable: true})
			continue
		}
		wide, ok := Widened(fields[i].Type, t)
		if !ok {
			return fmt.Errorf("%w: column %q is %s, and was %s before", ErrSchema, f.Name, t,
				fields[i].Type)
		}
		fields[i].Type = wide
	}
	for i, name := range added {
		if slices.Contains(added[:i], name) {
			return fmt.Errorf("%w: two columns are called %q", ErrSchema, name)
		}
	}
	if s.byName == nil {
		s.byName = map[string]int{}
	}
	for i, name := range added {
		s.byName[name] = len(s.fields) + i
	}
	s.fields = fields
	return nil
}

// StoredType is the type in which a column of a single table is kept: categories as their values,
// as those of two tables differ, and text by one type.
func StoredType(t arrow.DataType) arrow.DataType {
	switch t := t.(type) {
	case *arrow.DictionaryType:
		return StoredType(t.ValueType)
	case *arrow.StringType, *arrow.StringViewType:
		return arrow.BinaryTypes.LargeString
	case *arrow.BinaryType, *arrow.BinaryViewType:
		return arrow.BinaryTypes.LargeBinary
	}
	return t
}

// Widened returns the type that holds every value of two.
func Widened(a, b arrow.DataType) (arrow.DataType, bool) {
	switch {
	case arrow.TypeEqual(a, b), b.ID() == arrow.NULL:
		return a, true
	case a.ID() == arrow.NULL:
		return b, true
	case arrow.IsInteger(a.ID()) && arrow.IsInteger(b.ID()):
		return widenedInteger(a, b)
	case isNumber(a) && isNumber(b):
		return widenedFloat(a, b)
	}
	return nil, false
}

func isNumber(t arrow.DataType) bool { return arrow.IsInteger(t.ID()) || arrow.IsFloating(t.ID()) }

func bits(t arrow.DataType) int { return t.(arrow.FixedWidthDataType).BitWidth() }

// widenedInteger returns the smallest type of integers that holds two; unsigned ones of 64 bits go
// with no signed ones.
func widenedInteger(a, b arrow.DataType) (arrow.DataType, bool) {
	if arrow.IsSignedInteger(a.ID()) == arrow.IsSignedInteger(b.ID()) {
		if bits(a) < bits(b) {
			a = b
		}
		return a, true
	}
	if arrow.IsSignedInteger(b.ID()) {
		a, b = b, a
	}
	if bits(a) > bits(b) {
		return a, true
	}
	switch bits(b) {
	case 8:
		return arrow.PrimitiveTypes.Int16, true
	case 16:
		return arrow.PrimitiveTypes.Int32, true
	case 32:
		return arrow.PrimitiveTypes.Int64, true
	}
	return nil, false
}

// widenedFloat returns the smallest type of floats that holds two types of numbers. Integers of 64
// bits do not fit into one.
func widenedFloat(a, b arrow.DataType) (arrow.DataType, bool) {
	need := 0
	for _, t := range []arrow.DataType{a, b} {
		n := bits(t)
		if arrow.IsInteger(t.ID()) {
			n *= 2 // 8 bits fit into the 11 of a float16, 16 into 24, 32 into 53
		}
		need = max(need, n)
	}
	switch need {
	case 16:
		return arrow.FixedWidthTypes.Float16, true
	case 32:
		return arrow.PrimitiveTypes.Float32, true
	case 64:
		return arrow.PrimitiveTypes.Float64, true
	}
	return nil, false
}
