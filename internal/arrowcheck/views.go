package arrowcheck

import (
	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"

	"github.com/unpkl/unpkl/internal/errkind"
)

// Views checks the arrays of a batch whose elements are views of other memory: views of text and of
// lists. Many views may be of the same memory, so that a copy of each would be far larger than the
// file. left is the number of bytes that such copies may take; Views returns what remains of it.
func Views(batch arrow.RecordBatch, left int64) (int64, error) {
	v := views{left: left}
	for _, column := range batch.Columns() {
		if err := v.array(column); err != nil {
			return 0, err
		}
	}
	return v.left, nil
}

type views struct{ left int64 }

func (v *views) array(a arrow.Array) error {
	switch a := a.(type) {
	case array.ViewLike:
		for i := range a.Len() {
			if v.left -= int64(a.ValueHeader(i).Len()); v.left < 0 {
				return errkind.New(errkind.ErrLimit, "arrow: views of more bytes than are read")
			}
		}
	case array.ExtensionArray:
		return v.array(a.Storage())
	case *array.Dictionary:
		return v.array(a.Dictionary())
	case *array.Struct:
		for i := range a.NumField() {
			if err := v.array(a.Field(i)); err != nil {
				return err
			}
		}
	case array.ListLike:
		if err := disjoint(a); err != nil {
			return err
		}
		return v.array(a.ListValues())
	}
	return nil
}

// disjoint refuses views of lists that have together more elements than there are.
func disjoint(a array.ListLike) error {
	switch a.(type) {
	case *array.ListView, *array.LargeListView:
	default:
		return nil // the end of one list is the beginning of the next
	}
	left := int64(a.ListValues().Len())
	for i := range a.Len() {
		from, to := a.ValueOffsets(i)
		if left -= to - from; left < 0 || from > to {
			return errkind.New(errkind.ErrUnsupported, "arrow: views of lists that overlap")
		}
	}
	return nil
}
