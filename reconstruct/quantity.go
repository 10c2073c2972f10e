package reconstruct

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Quantity is a number or an array with a unit: astropy's Quantity and its subclasses (Angle,
// Distance...), or pint's.
type Quantity struct {
	origin
	// Value is an *ndarray.Array, or a number if the array has no dimensions.
	Value any
	// Unit is the unit's name as the library's str returns it: "m / s" from astropy, "meter /
	// second" from pint. Without a unit it is "" or "dimensionless".
	Unit string
	// Mask is true for each missing element of astropy's MaskedQuantity; otherwise it is nil.
	Mask *ndarray.Array
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (q *Quantity) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(q) }

// Form implements [LibraryValue].
func (q *Quantity) Form() string { return "$quantity" }

// Parts implements [LibraryValue].
func (q *Quantity) Parts() []Part {
	parts := []Part{{Name: "value", Value: q.Value}, {Name: "unit", Value: q.Unit}}
	return partOrNone(parts, "mask", q.Mask)
}

// Places implements [LibraryValue].
func (q *Quantity) Places() []*any { return []*any{&q.Value} }

// String returns the unit, preceded by the value if that is one number.
func (q *Quantity) String() string {
	switch v := q.Value.(type) {
	case nil, *ndarray.Array:
		return q.Unit
	case float64:
		return strings.TrimSpace(strconv.FormatFloat(v, 'g', -1, 64) + " " + q.Unit)
	default:
		return strings.TrimSpace(texts.Sprint(v) + " " + q.Unit)
	}
}

// bare returns a view of the class ndarray, or the element of an array without dimensions.
func bare(a *ndarray.Array) (any, error) {
	if a.NDim() == 0 && !a.HasObject() {
		return a.At(), nil
	}
	return a.T().T(), nil
}

// readAstropyQuantity reads an array of a subclass of Quantity, whose unit is in its dict. It
// returns nil for any other array.
func readAstropyQuantity(a *ndarray.Array) (any, error) {
	for _, more := range SubclassState(a) {
		dict, ok := textKeys(more)
		if !ok {
			continue
		}
		unit, ok := dict["_unit"]
		if !ok {
			continue
		}
		text, err := astropyUnit(unit)
		if err != nil {
			return nil, err
		}
		q := &Quantity{Unit: text}
		q.Mask, _ = dict["_mask"].(*ndarray.Array)
		if q.Mask != nil && !slices.Equal(q.Mask.Shape(), a.Shape()) {
			return nil, pickle.Malformed("a mask of shape %v for elements of shape %v",
				q.Mask.Shape(), a.Shape())
		}
		q.Value, err = bare(a)
		return q, err
	}
	return nil, nil
}

// maxUnitDepth limits how deep units nest, and maxUnitParts how many units the name of one consists
// of: the same unit may be a part of many others, and of itself.
const (
	maxUnitDepth = 16
	maxUnitParts = 10_000
)

// unitNamer finds the names of astropy's units.
type unitNamer struct{ parts int }

// astropyUnit returns the name of a unit as its str does, or "" for None.
//
// Reference: astropy/units/core.py; astropy/units/format/generic.py and base.py.
func astropyUnit(v any) (string, error) { return new(unitNamer).unit(v, 0) }

func (u *unitNamer) unit(v any, depth int) (string, error) {
	o, ok := v.(*pickle.Object)
	if v == nil {
		return "", nil
	}
	if u.parts++; depth == maxUnitDepth || u.parts > maxUnitParts {
		return "", pickle.Unsupported("a unit of more than %d units, or nested more than %d deep",
			maxUnitParts, maxUnitDepth)
	}
	if !ok {
		return "", pickle.Malformed("a unit of %s", typeName(v))
	}
	inst, ok := named(o)
	if !ok {
		return "", pickle.Unsupported("a unit that is an %s", typeName(v))
	}
	return u.object(inst, depth)
}

// object is unit for an object.
func (u *unitNamer) object(inst namedInstance, depth int) (string, error) {
	state, ok := textKeys(inst.State)
	if formats, isDict := textKeys(state["_format"]); ok && isDict {
		if name, ok := asText(formats["generic"]); ok {
			return name, nil
		}
	}
	if names, isList := items(state["_names"]); ok && isList && len(names) > 0 {
		if name, ok := asText(names[0]); ok {
			return name, nil
		}
	}
	if function, isFunction := state["_function_unit"]; isFunction {
		return u.function(function, state["_physical_unit"], depth)
	}
	bases, isBases := items(state["_bases"])
	powers, isPowers := items(state["_powers"])
	if !isBases || !isPowers || len(bases) != len(powers) {
		return "", pickle.Unsupported("a unit of %s", inst.Class)
	}
	return u.composite(state["_scale"], bases, powers, depth)
}

// composite returns the name of a product of powers of units.
func (u *unitNamer) composite(scale any, bases, powers []any, depth int) (string, error) {
	var above, below []string
	for i, base := range bases {
		name, err := u.unit(base, depth+1)
		if err != nil {
			return "", err
		}
		power, negative, err := unitPower(powers[i])
		if err != nil {
			return "", err
		}
		if negative {
			below = append(below, name+power)
		} else {
			above = append(above, name+power)
		}
	}
	text := strings.Join(above, " ")
	switch len(below) {
	case 0:
	case 1:
		text = orOne(text) + " / " + below[0]
	default:
		text = orOne(text) + " / (" + strings.Join(below, " ") + ")"
	}
	if n, ok := numberOf(scale); ok && n != 1 {
		text = strings.TrimSpace(formatG(n) + " " + strings.TrimPrefix(text, "1 "))
	}
	return text, nil
}

// orOne returns "1" for an empty numerator.
func orOne(s string) string {
	if s == "" {
		return "1"
	}
	return s
}

// unitPower returns the absolute value of a power as it is written after a unit, "" for 1.
func unitPower(v any) (text string, negative bool, err error) {
	if o, ok := v.(*pickle.Object); ok {
		return "", false, pickle.Unsupported("a power that is %s", typeName(o))
	}
	if f, ok := v.(Fraction); ok {
		r := new(big.Rat).Set(f.rat())
		negative = r.Sign() < 0
		return "(" + r.Abs(r).String() + ")", negative, nil
	}
	n, ok := numberOf(v)
	if !ok {
		return "", false, pickle.Malformed("a power of %s", typeName(v))
	}
	if negative = n < 0; negative {
		n = -n
	}
	if n == 1 {
		return "", negative, nil
	}
	text = simpleFraction(n)
	if strings.ContainsAny(text, "/.") {
		text = "(" + text + ")"
	}
	return text, negative, nil
}

// simpleFraction writes a positive float as a fraction if, up to rounding, it is one with a
// denominator of at most 100.
//
// Reference: astropy.units.utils.maybe_simple_fraction.
func simpleFraction(p float64) string {
	text := strconv.FormatFloat(p, 'g', -1, 64)
	r := new(big.Rat).SetFloat64(p)
	if r == nil || !r.Num().IsInt64() || !r.Denom().IsInt64() {
		return text
	}
	n, d := r.Num().Int64(), r.Denom().Int64()
	a := n / d
	n0, d0, n1, d1 := int64(1), int64(0), a, int64(1)
	for d1 <= 100 && n1 < 1<<40 {
		const ulps = 4 * 0x1p-52
		if q := float64(n1) / (float64(d1) * p); math.Abs(q-1) <= ulps {
			if d1 == 1 {
				return strconv.FormatInt(n1, 10)
			}
			return fmt.Sprintf("%d/%d", n1, d1)
		}
		n, d = d, n-a*d
		if d == 0 {
			break
		}
		a = n / d
		if a > 1<<20 {
			break
		}
		n0, n1 = n1, n0+a*n1
		d0, d1 = d1, d0+a*d1
	}
	return text
}

// numberOf returns a float or int of Python or NumPy as a float64.
func numberOf(v any) (float64, bool) {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = toNumber(s.Value())
	}
	switch n := v.(type) {
	case float64:
		return n, true
	case int:
		return float64(n), true
	}
	return 0, false
}

// formatG returns Python's format(f, ".8g").
func formatG(f float64) string {
	s := strconv.FormatFloat(f, 'g', 8, 64)
	mantissa, exponent, ok := strings.Cut(s, "e")
	if strings.Contains(mantissa, ".") {
		mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
	}
	if !ok {
		return mantissa
	}
	if n, err := strconv.Atoi(exponent); err == nil && n >= -4 && n < 8 {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return mantissa + "e" + exponent
}

// readPint reads pint's quantities and units.
//
// Reference: pint/__init__.py, _unpickle_quantity and _unpickle_unit, before 0.10 _build_quantity.
func readPint(inst namedInstance) (any, error) {
	args := inst.Args
	switch inst.Class.Name {
	case "_unpickle_quantity":
		if len(args) != 3 {
			return nil, nil
		}
		args = args[1:] // without the class
	case "_unpickle_unit":
		if len(args) != 2 {
			return nil, nil
		}
		return namedUnit(pintUnit(args[1]))
	case "UnitsContainer":
		state, ok := items(inst.State)
		if !ok || len(state) == 0 {
			return nil, nil
		}
		return namedUnit(pintUnits(state))
	case "_build_quantity":
		if len(args) != 2 {
			return nil, nil
		}
	default:
		return nil, nil
	}
	unit, err := pintUnit(args[1])
	if err != nil {
		return nil, err
	}
	q := &Quantity{Value: args[0], Unit: unit}
	return q, nil
}

// pintUnit returns the name of a UnitsContainer as its str does: units sorted by name, and those
// with a negative power last.
func pintUnit(v any) (string, error) {
	o, ok := v.(*pickle.Object)
	if !ok {
		return "", pickle.Malformed("units of %s", typeName(v))
	}
	state, ok := items(Normalize(o).State)
	if !ok || len(state) == 0 {
		return "", pickle.Unsupported("units of %s", typeName(v))
	}
	return pintUnits(state)
}

// pintUnits is pintUnit for the state of a UnitsContainer.
func pintUnits(state []any) (string, error) {
	units, ok := dictEntries(state[0])
	if !ok {
		return "", pickle.Malformed("units of %s", typeName(state[0]))
	}
	return pintProduct(units)
}

// namedUnit returns a Unit, or the error.
func namedUnit(name string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return &Unit{Name: name}, nil
}

// pintProduct returns the name of a product of powers of units.
func pintProduct(units types.Dict) (string, error) {
	units = slices.Clone(units)
	slices.SortStableFunc(units, func(a, b types.DictEntry) int {
		x, _ := asText(a.Key)
		y, _ := asText(b.Key)
		return strings.Compare(x, y)
	})
	var above, below []string
	for _, e := range units {
		name, ok := asText(e.Key)
		n, isNumber := numberOf(e.Value)
		if !ok || !isNumber {
			return "", pickle.Unsupported("a power of %s", typeName(e.Value))
		}
		to := &above
		if n < 0 {
			to, n = &below, -n
		}
		if n != 1 {
			name += " ** " + strconv.FormatFloat(n, 'g', -1, 64)
		}
		*to = append(*to, name)
	}
	if len(units) == 0 {
		return "dimensionless", nil
	}
	text := orOne(strings.Join(above, " * "))
	for _, name := range below {
		text += " / " + name
	}
	return text, nil
}
