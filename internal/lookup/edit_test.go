package lookup_test

import (
	"errors"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/lookup"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/pickle"
)

// TestDeleteEqualKeys checks that deleting an item of an object deletes it for good: of equal keys,
// which an object's SETITEMS may have, the earlier one must not become the value. In Python the
// object is an instance of a subclass of dict, which has one item for them.
func TestDeleteEqualKeys(t *testing.T) {
	const program = "\x80\x02cmodule\nMapping\n)\x81(U\x01aK\x01U\x01bK\x02U\x01aK\x03u."
	root, err := pickle.NewUnpicklerBytes([]byte(program)).Load()
	if err != nil {
		t.Fatal(err)
	}
	var r lookup.Reader
	at := pointer.Pointer{"a"}
	if found, err := r.Values(root, at); err != nil || len(found) != 1 || found[0].Value != 3 {
		t.Fatalf("before: %d values, %v", len(found), err)
	}
	if err := r.Delete(root, at); err != nil {
		t.Fatal(err)
	}
	if found, err := r.Values(root, at); !errors.Is(err, lookup.ErrNotFound) {
		t.Errorf("after: %d values, %v", len(found), err)
	}
	items := root.(*pickle.Object).DictItems
	if len(items) != 1 || items[0] != (types.DictEntry{Key: "b", Value: 2}) {
		t.Errorf("%d items are left, or another one than b", len(items))
	}
}
