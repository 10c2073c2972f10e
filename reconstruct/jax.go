package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// jaxClass is the class of JAX's arrays in [ndarray.Array.Class]. It is their public name, which
// pickles do not contain.
const jaxClass = "jax.Array"

// fillJAX adds JAX's arrays, which are pickled as NumPy's with a dict of further properties.
//
// Reference: jax/_src/array.py, _reconstruct_array; before 0.4.1 jax/_src/device_array.py.
func fillJAX(t table) {
	t.add("jax._src.array", "_reconstruct_array", &entry{call: jaxArray})
	t.add("jax._src.device_array", "reconstruct_device_array", &entry{call: jaxArray})
}

// jaxArray implements _reconstruct_array(function, args, state, aval_state).
func jaxArray(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	v, _, err := a.madeArray()
	if err != nil {
		return nil, err
	}
	array, ok := v.(*ndarray.Array)
	if !ok {
		return record(c, args)
	}
	if err := array.PySetState(args[2]); err != nil {
		return nil, err
	}
	array.SetClass(jaxClass)
	array.SetExtra(args[3])
	return array, nil
}

// jaxForm writes an array that was read from JAX in the form of JAX.
func (r *Reducers) jaxForm(a *ndarray.Array, state written.Tuple) any {
	aval, ok := a.Extra().(*types.Dict)
	if !ok || aval == nil {
		aval = &types.Dict{{Key: "weak_type", Value: false}}
	}
	return &pickle.Object{Class: pyName("jax._src.array", "_reconstruct_array"),
		Args: []any{r.reconstruct, written.Tuple{ndarrayClass, zeroShape, byteB}, state, aval}}
}
