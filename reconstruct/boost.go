package reconstruct

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/pickle"
)

// Booster is a model of gradient boosting as XGBoost, LightGBM or CatBoost pickle it: a blob of the
// library's own in one of its formats.
type Booster struct {
	origin
	// Format says what Data is: "ubj" (Universal Binary JSON), "json", "text" (LightGBM's model
	// file), "cbm" (CatBoost's), or "binary", XGBoost's own before 1.6 and whatever else.
	Format string
	// Data is the blob, memory of the pickle: what the library's own load function reads.
	Data []byte
	// Model is what the blob holds: dicts, lists and arrays of numbers of ubj and json, of text a
	// dict of its sections, all of whose values are text; nil of the other formats.
	Model any
	// Attrs is a dict of what the object has beside the blob, such as parameters.
	Attrs any
}

// maxModelDepth is how deep the parts of a model may be in each other; XGBoost's are 8.
const maxModelDepth = 64

// blobKeys are the attributes that hold the blob.
var blobKeys = []string{"handle", "_handle", "__model"}

// readBooster reads xgboost.core.Booster, lightgbm.basic.Booster and catboost.core.CatBoost with
// its subclasses; the estimators of XGBoost and LightGBM have a Booster as an attribute.
//
// Reference: xgboost/core.py and lightgbm/basic.py, Booster.__getstate__; catboost/core.py,
// _CatBoostBase.__getstate__.
func readBooster(inst namedInstance) (any, error) {
	state, ok := inst.State.(*types.Dict)
	if !ok || state == nil {
		return nil, nil
	}
	b := &Booster{}
	var blob any
	rest := types.Dict{}
	for _, e := range *state {
		if key, _ := asText(e.Key); slices.Contains(blobKeys, key) && blob == nil {
			blob = e.Value
			continue
		}
		rest = append(rest, e)
	}
	if blob == nil {
		return nil, nil // not fitted
	}
	data, ok := payload(blob, 0)
	if !ok {
		return nil, pickle.Malformed("the model is %s, want bytes", typeName(blob))
	}
	b.Data, b.Attrs = data, &rest
	return b, b.readModel()
}

// readModel tells the format by its first bytes.
func (b *Booster) readModel() (err error) {
	switch {
	case bytes.HasPrefix(b.Data, []byte("CBM1")):
		b.Format = "cbm"
	case bytes.HasPrefix(b.Data, []byte("tree\n")):
		b.Format, b.Model = "text", readModelText(string(b.Data))
	case bytes.HasPrefix(b.Data, []byte(`{"`)):
		b.Format = "json"
		b.Model, err = readModelJSON(b.Data)
	case bytes.HasPrefix(b.Data, []byte("{L\x00")), bytes.HasPrefix(b.Data, []byte("{}")):
		b.Format = "ubj"
		b.Model, err = readUBJ(b.Data)
	default:
		b.Format = "binary"
	}
	return err
}

// MarshalJSON returns the form of to-json --arrays=values.
func (b *Booster) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(b) }

// Form implements [LibraryValue].
func (b *Booster) Form() string { return "$booster" }

// Parts implements [LibraryValue].
func (b *Booster) Parts() []Part {
	parts := []Part{{Name: "format", Value: b.Format}, Part{Name: "attributes", Value: b.Attrs}}
	if b.Model == nil {
		return append(parts, Part{Name: "data", Value: b.Data})
	}
	return append(parts, Part{Name: "model", Value: b.Model})
}

// Places implements [LibraryValue].
func (b *Booster) Places() []*any { return []*any{&b.Attrs, &b.Model} }

// String returns the format and the size of the blob.
func (b *Booster) String() string { return fmt.Sprintf("%s of %d bytes", b.Format, len(b.Data)) }
