package batch

import (
	"errors"
	"fmt"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
)

// ErrSchema is the kind of error of a table that cannot be combined with those before it.
var ErrSchema = errors.New("another schema")

// unionSchema is the schema of all tables so far: every column of any of them, in the order of
// their first appearance, in a type that fits all tables that have the column.
type unionSchema struct {
	fields []arrow.Field
	byName map[string]int             // index in fields
	refuse func(arrow.DataType) error // returns an error for a type that the output cannot hold
}

// add widens the schema so that it fits one more table. If that is impossible, it leaves the schema
// as it was.
func (s *unionSchema) add(next *arrow.Schema) error {
	fields := slices.Clone(s.fields)
	var added []string
	for _, f := range next.Fields() {
		t := StoredType(f.Type)
		if err := s.refuse(t); err != nil {
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

// StoredType returns the type in which the column of one table is stored in the combined table.
// Dictionaries are replaced by their values, because the dictionaries of two tables differ, and all
// types of text by a single one.
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

// Widened returns the smallest type that holds every value of both types, if there is one.
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

// widenedInteger returns the smallest integer type that holds the values of both types. There is
// none for uint64 and a signed type.
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

// widenedFloat returns the smallest floating-point type that holds the values of both types. There
// is none for integers of 64 bits.
func widenedFloat(a, b arrow.DataType) (arrow.DataType, bool) {
	need := 0
	for _, t := range []arrow.DataType{a, b} {
		n := bits(t)
		if arrow.IsInteger(t.ID()) {
			n *= 2 // float16 has 11 significant bits, float32 24 and float64 53
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
