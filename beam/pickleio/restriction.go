package pickleio

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
)

// Range is what one worker reads of a file: the pickles that begin at bytes of [Start, End). Of a
// file that is read whole it is [0, 1).
type Range struct {
	Start, End int64
	// From is where a pickle begins that is not behind Start, as far as is known the last.
	From int64
	// Whole says that the file is read whole.
	Whole bool
}

// tracker is an offsetrange.Tracker that knows where the pickle it claimed last begins: what is
// split off is looked for from there.
type tracker struct {
	*offsetrange.Tracker
	from  int64 // that of the Range
	last  int64 // where the pickle begins that was claimed last, before that from
	whole bool
}

func newTracker(r Range) *sdf.LockRTracker { return sdf.NewLockRTracker(newInner(r)) }

func newInner(r Range) *tracker {
	inner := offsetrange.NewTracker(offsetrange.Restriction{Start: r.Start, End: r.End})
	return &tracker{inner, r.From, r.From, r.Whole}
}

// TryClaim claims the pickle that begins at a position.
func (t *tracker) TryClaim(position any) bool {
	ok := t.Tracker.TryClaim(position)
	if ok {
		t.last = position.(int64)
	}
	return ok
}

// TrySplit splits off a part of what is not yet claimed.
func (t *tracker) TrySplit(fraction float64) (primary, residual any, err error) {
	first, rest, err := t.Tracker.TrySplit(fraction)
	if r, ok := rest.(offsetrange.Restriction); ok {
		rest = Range{Start: r.Start, End: r.End, From: t.last, Whole: t.whole}
	}
	return t.rangeOf(first.(offsetrange.Restriction)), rest, err
}

// GetRestriction returns the Range that is left.
func (t *tracker) GetRestriction() any {
	return t.rangeOf(t.Tracker.GetRestriction().(offsetrange.Restriction))
}

func (t *tracker) rangeOf(r offsetrange.Restriction) Range {
	return Range{Start: r.Start, End: r.End, From: t.from, Whole: t.whole}
}
