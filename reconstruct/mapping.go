package reconstruct

import (
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

// ReadMapping returns the dict that an object of another class shows or counts in: a mappingproxy,
// as cloudpickle and dill write it, and NLTK's FreqDist. Python finds a mappingproxy and its dict
// equal. The dict is that of the object, not a copy; ok is false where v is none of these.
//
// Reference: cloudpickle/cloudpickle.py, _mappingproxy_reduce; dill/_dill.py, save_mappingproxy.
func ReadMapping(v any) (d *types.Dict, ok bool) {
	o, ok := v.(*pickle.Object)
	if !ok || o == nil {
		return nil, false
	}
	inst, ok := namedMethod(o)
	if !ok || len(inst.Args) != 1 {
		return nil, false
	}
	switch inst.Class {
	case pickle.Global{Module: "types", Name: "MappingProxyType"},
		pickle.Global{Module: "nltk.probability", Name: "FreqDist"}:
		d, ok = inst.Args[0].(*types.Dict)
		return d, ok && d != nil
	}
	return nil, false
}

// readTypes reads a mappingproxy as its dict.
func readTypes(inst namedInstance) (any, error) {
	if inst.Class.Name != "MappingProxyType" || len(inst.Args) != 1 {
		return nil, nil
	}
	switch d := inst.Args[0].(type) {
	case *types.Dict, pickle.DictHolder:
		return d, nil
	}
	return nil, nil
}
