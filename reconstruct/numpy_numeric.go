package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/ndarray"
)

// numericTypes maps typecodes of Numeric, NumPy's predecessor, to typespecs without byte order. The
// typecode l is missing because its size depends on the platform: see longType.
var numericTypes = map[string]string{
	"1": "i1", "b": "u1", "s": "i2", "w": "u2", "i": "i4", "u": "u4",
	"f": "f4", "d": "f8", "F": "c8", "D": "c16", "O": "O", "c": "S1",
}

// callNumericArray implements array_constructor(shape, typecode, data, little_endian), which
// Numeric and numpy.oldnumeric wrote.
//
// Reference: numpy/oldnumeric/compat.py of NumPy 1.8.
func callNumericArray(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(4, 4); err != nil {
		return nil, err
	}
	s := arrayState{fn: a.fn, order: ndarray.OrderC, data: args[2], owner: c.resolver.owner}
	var err error
	if s.shape, err = a.shape(0, "shape", c.resolver); err != nil {
		return nil, err
	}
	code, err := a.text(1, "typecode")
	if err != nil {
		return nil, err
	}
	little, err := a.truth(3, "little_endian")
	if err != nil {
		return nil, err
	}
	spec := numericTypes[code]
	if code == "l" {
		spec = s.longType()
	}
	if spec == "" {
		return nil, a.errorf("typecode %.20q is not known", code)
	}
	order := ">"
	if little {
		order = "<"
	}
	if s.dtype, err = ndarray.ParseDType(order + spec); err != nil {
		return nil, refused(a.fn, err)
	}
	if list, ok := s.data.(*types.List); ok && s.dtype.HasObject() {
		if s.data, err = flatten(a, *list, s.shape); err != nil {
			return nil, err
		}
	}
	arr, err := s.build()
	if err != nil {
		return nil, err
	}
	return arr, nil
}

// longType returns the typespec of C long on the machine that wrote the array. The number of bytes
// shows its size.
func (s *arrayState) longType() string {
	s.dtype = ndarray.DTypeOf[int32]()
	if n := s.nbytes(); n > 0 {
		if b, ok := payload(s.data, n); ok && len(b) == n {
			return "i4"
		}
	}
	return "i8"
}

// flatten returns the elements of lists nested as deep as the shape has dimensions. It refuses a
// list that occurs twice: Numeric created a new list for each row, and shared lists could expand
// exponentially.
func flatten(a argReader, list types.List, shape []int) (*types.List, error) {
	seen := map[*types.List]bool{}
	for i := 1; i < len(shape); i++ {
		var next types.List
		for _, item := range list {
			inner, ok := item.(*types.List)
			if !ok || len(*inner) != shape[i] || seen[inner] {
				return nil, a.errorf("data for shape %v has %s where a list of %d belongs", shape,
					typeName(item), shape[i])
			}
			seen[inner] = true
			next = append(next, *inner...)
		}
		list = next
	}
	return &list, nil
}
