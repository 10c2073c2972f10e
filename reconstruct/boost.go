package reconstruct

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/pickle"
)

// Booster is a gradient boosting model of XGBoost, LightGBM or CatBoost. The library pickles it as
// a blob in one of its own formats.
type Booster struct {
	origin
	// Format is the format of Data: "ubj" (Universal Binary JSON), "json", "text" (LightGBM's model
	// file), "cbm" (CatBoost's), or "binary" for XGBoost's format before 1.6 and for any other.
	Format string
	// Data is the blob, which the library's own load function reads. It aliases memory of the
	// pickle.
	Data []byte
	// Model is the decoded blob: dicts, lists and arrays of numbers for ubj and json; a dict of
	// sections with text values for text; nil for other formats.
	Model any
	// Attrs is a dict of the object's other attributes, such as parameters.
	Attrs any
}

// maxModelDepth limits how deep the parts of a model nest; XGBoost's nest 8 deep.
const maxModelDepth = 64

// blobKeys are the attributes that may hold the blob.
var blobKeys = []string{"handle", "_handle", "__model"}

// readBooster reads xgboost.core.Booster, lightgbm.basic.Booster, and catboost.core.CatBoost with
// its subclasses. The estimators of XGBoost and LightGBM have a Booster as an attribute.
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

// readModel recognises the format by its first bytes and decodes the blob.
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

// MarshalJSON returns the JSON that to-json --arrays=values writes.
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
