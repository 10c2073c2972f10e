package reconstruct

import (
	"fmt"
	"slices"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// PRNGKeys is an array of JAX's keys for random numbers, as jax.random.key and split return it.
type PRNGKeys struct {
	origin
	// Impl is the name of the generator, as jax.random.key_impl returns it: "threefry2x32", "rbg".
	Impl string
	// Shape is the shape of the array of keys; it is empty for a single key.
	Shape []int
	// Data is the result of jax.random.key_data: an array of uint32 whose shape is Shape followed
	// by the shape of one key.
	Data *ndarray.Array
}

// readJAX reads arrays of keys. Arrays of numbers are rebuilt by [FindClass].
//
// Reference: jax/_src/random/prng.py, PRNGKeyArray and PRNGImpl; in jax 0.4 jax/_src/prng.py, where
// the class of 0.4.13 and 0.4.18 is PRNGKeyArrayImpl.
func readJAX(inst namedInstance) (any, error) {
	switch inst.Class.Name {
	case "PRNGKeyArray", "PRNGKeyArrayImpl":
	default:
		return nil, nil
	}
	state, err := stateOf(inst)
	if err != nil {
		return nil, err
	}
	o, ok := state["_impl"].(*pickle.Object)
	if !ok {
		o, _ = state["impl"].(*pickle.Object)
	}
	impl, ok := named(o)
	if !ok || impl.Class.Name != "PRNGImpl" || len(impl.Args) < 6 {
		return nil, nil
	}
	keyShape, err := shapeOf(impl.Args[0])
	if err != nil {
		return nil, err
	}
	k := &PRNGKeys{}
	if k.Impl, ok = asText(impl.Args[5]); !ok {
		return nil, pickle.Malformed("a generator named %s", typeName(impl.Args[5]))
	}
	if k.Data, ok = state["_base_array"].(*ndarray.Array); !ok {
		return nil, pickle.Malformed("keys in %s", typeName(state["_base_array"]))
	}
	shape := k.Data.Shape()
	n := len(shape) - len(keyShape)
	if n < 0 || !slices.Equal(shape[n:], keyShape) || k.Data.DType().Kind() != ndarray.KindUint {
		return nil, pickle.Malformed("keys of %v in an array of %v %v", keyShape, k.Data.DType(),
			shape)
	}
	k.Shape = slices.Clone(shape[:n])
	return k, nil
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (k *PRNGKeys) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(k) }

// Form implements [LibraryValue].
func (k *PRNGKeys) Form() string { return "$prng_keys" }

// Parts implements [LibraryValue].
func (k *PRNGKeys) Parts() []Part {
	parts := []Part{{Name: "impl", Value: k.Impl}, {Name: "shape", Value: k.Shape}}
	return partOrNone(parts, "data", k.Data)
}

// Places implements [LibraryValue].
func (k *PRNGKeys) Places() []*any { return nil }

// String returns the generator and the shape.
func (k *PRNGKeys) String() string { return fmt.Sprintf("%s (%s)", k.Impl, shapeText(k.Shape)) }
