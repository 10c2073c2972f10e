package reconstruct

import (
	"errors"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/pickle"
)

// Unit is a unit of astropy or pint that stands alone, without a value.
type Unit struct {
	origin
	// Name is the unit's name as the library's str gives it; see [Quantity].
	Name string
}

// MarshalJSON returns the form of to-json.
func (u *Unit) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(u) }

// Form implements [LibraryValue].
func (u *Unit) Form() string { return "$unit" }

// Parts implements [LibraryValue].
func (u *Unit) Parts() []Part { return []Part{{Name: "name", Value: u.Name}} }

// Places implements [LibraryValue].
func (u *Unit) Places() []*any { return nil }

// String returns the name.
func (u *Unit) String() string { return u.Name }

// readAstropyUnit reads a unit that stands alone. It returns nil for a unit whose name is not in
// the pickle.
func readAstropyUnit(inst namedInstance) (any, error) {
	if inst.Class.Name != "_recreate_irreducible_unit" && !hasSuffix(inst.Class.Name, "Unit") {
		return nil, nil
	}
	if _, ok := textKeys(inst.State); !ok {
		return nil, nil
	}
	name, err := new(unitNamer).object(inst, 0)
	if errors.Is(err, pickle.ErrUnsupported) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &Unit{Name: name}, nil
}

// function returns the name of a logarithmic unit, such as "dex(cm / s2)", or "mag" if it has
// no physical unit.
//
// Reference: astropy/units/function/core.py, FunctionUnitBase.__str__.
func (u *unitNamer) function(function, physical any, depth int) (string, error) {
	name, err := u.unit(function, depth+1)
	if err != nil {
		return "", err
	}
	physicalName, err := u.unit(physical, depth+1)
	if err != nil || physicalName == "" {
		return name, err
	}
	return name + "(" + physicalName + ")", nil
}
