package audit

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/unpkl/unpkl/internal/opcode"
)

// Keras files hold a configuration in JSON that names classes and functions. Keras imports them
// when it builds the model; a Lambda layer holds code.
//
// Reference: keras/src/saving/serialization_lib.py, deserialize_keras_object.

var (
	becauseLambda = &reason{gradeDangerous, CapabilityCode, "a Lambda layer of Keras holds code"}
	becauseLayer  = &reason{gradeUnknown, CapabilityImport,
		"Keras imports what a configuration names"}
)

// keras audits the JSON configuration of a Keras file.
func (s *scan) keras(data []byte, p place) {
	var v any
	if json.Unmarshal(data, &v) != nil {
		return
	}
	todo := []any{v}
	for len(todo) > 0 && !s.stopped {
		v := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch v := v.(type) {
		case []any:
			todo = append(todo, v...)
		case map[string]any:
			s.layer(v, p)
			for _, key := range slices.Sorted(maps.Keys(v)) {
				todo = append(todo, v[key])
			}
		}
	}
}

// layer judges a JSON object that names a class.
func (s *scan) layer(v map[string]any, p place) {
	class, ok := v["class_name"].(string)
	if !ok {
		return
	}
	module, _ := v["module"].(string)
	name := class
	if class == "function" {
		name, _ = v["config"].(string)
	}
	why := becauseLayer
	switch {
	case class == "Lambda" || class == "__lambda__":
		why = becauseLambda
	case module == "" || kerasModule(module):
		return
	default:
		if j := s.config.judge(module, name); j.kind == kindDangerous {
			why = j.reason
		}
	}
	s.add(Finding{
		Pickle: s.Pickles, Member: safeText(p.member), Opcode: opName(opcode.Global),
		Kind: "keras layer",
		Name: safeText(module + "." + name), Verdict: verdicts[why.grade], Called: true,
		Capability: why.capability, Reason: why.text,
	})
}

// kerasModule recognises the modules of Keras itself.
func kerasModule(module string) bool {
	for _, m := range []string{"keras", "keras.src", "tensorflow.keras", "tf_keras"} {
		if module == m || len(module) > len(m) && module[:len(m)+1] == m+"." {
			return true
		}
	}
	return false
}
