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
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Quantity is a number or an array with a unit: astropy's Quantity with its subclasses (Angle,
// Distance...), or pint's.
type Quantity struct {
	origin
	// Value is the *ndarray.Array, or the number of what has no dimensions.
	Value any
	// Unit is the unit's name as the library's str gives it: "m / s" of astropy, "meter / second"
	// of pint; "" or "dimensionless" of what has none.
	Unit string
	// Mask is true where an element of astropy's MaskedQuantity is missing; nil of any other.
	Mask *ndarray.Array
}

// MarshalJSON returns the form of to-json --arrays=values.
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

// String returns the unit, and before it the value if that is one number.
func (q *Quantity) String() string {
	switch v := q.Value.(type) {
	case nil, *ndarray.Array:
		return q.Unit
	case float64:
		return strings.TrimSpace(strconv.FormatFloat(v, 'g', -1, 64) + " " + q.Unit)
	default:
		return strings.TrimSpace(fmt.Sprint(v) + " " + q.Unit)
	}
}

// bare returns a view of an array that is no subclass, or the element of one without dimensions.
func bare(a *ndarray.Array) (any, error) {
	if a.NDim() == 0 && !a.HasObject() {
		return a.At(), nil
	}
	return a.T().T(), nil
}

// readAstropyQuantity reads an array of a subclass of Quantity, which has its unit in its dict.
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
		text, err := astropyUnit(unit, 0)
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

// maxUnitDepth is how deep units may be in each other.
const maxUnitDepth = 16

// astropyUnit returns the name of a unit as its str does.
//
// Reference: astropy/units/core.py; astropy/units/format/generic.py and base.py.
func astropyUnit(v any, depth int) (string, error) {
	o, ok := v.(*pickle.Object)
	if v == nil || depth == maxUnitDepth {
		return "", nil
	}
	if !ok {
		return "", pickle.Malformed("a unit of %s", typeName(v))
	}
	inst, ok := named(o)
	if !ok {
		return "", pickle.Unsupported("a unit that is an %s", typeName(v))
	}
	return astropyUnitOf(inst, depth)
}

// astropyUnitOf is astropyUnit of an object.
func astropyUnitOf(inst namedInstance, depth int) (string, error) {
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
		return functionUnit(function, state["_physical_unit"], depth)
	}
	bases, isBases := items(state["_bases"])
	powers, isPowers := items(state["_powers"])
	if !isBases || !isPowers || len(bases) != len(powers) {
		return "", pickle.Unsupported("a unit of %s", inst.Class)
	}
	return compositeUnit(state["_scale"], bases, powers, depth)
}

// compositeUnit is the name of a product of powers of units.
func compositeUnit(scale any, bases, powers []any, depth int) (string, error) {
	var above, below []string
	for i, base := range bases {
		name, err := astropyUnit(base, depth+1)
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

func orOne(s string) string {
	if s == "" {
		return "1"
	}
	return s
}

// unitPower is how a power other than 1 is written behind a unit, without its sign.
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

// simpleFraction writes a positive float that is a fraction with a denominator of at most 100, but
// for rounding, as that fraction: astropy.units.utils.maybe_simple_fraction.
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

// numberOf returns an int or float, also of NumPy.
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

// formatG is Python's format(f, ".8g").
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

// readPint reads pint's quantities.
//
// Reference: pint/__init__.py, _unpickle_quantity and _unpickle_unit, before 0.10 _build_quantity.
func readPint(inst namedInstance) (any, error) {
	args := inst.Args
	switch inst.Class.Name {
	case "_unpickle_quantity":
		if len(args) != 3 {
			return nil, nil
		}
		args = args[1:] // the class
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

// pintUnit returns the name of a UnitsContainer as its str does: units in the order of their names,
// those with a negative power behind.
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

// pintUnits is pintUnit of the state of a UnitsContainer.
func pintUnits(state []any) (string, error) {
	units, ok := dictEntries(state[0])
	if !ok {
		return "", pickle.Malformed("units of %s", typeName(state[0]))
	}
	return pintProduct(units)
}

// namedUnit is the unit of a name.
func namedUnit(name string, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return &Unit{Name: name}, nil
}

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
