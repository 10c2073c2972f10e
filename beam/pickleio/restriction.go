package pickleio

import (
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/sdf"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/rtrackers/offsetrange"
)

// Range is the part of a file that one worker reads: the pickles that begin at bytes in
// [Start, End). The range of a file that is read whole is [0, 1).
type Range struct {
	Start, End int64
	// From is the last known offset up to Start at which a pickle begins. The search for the first
	// pickle of the range starts there.
	From int64
	// Whole says that the file is read whole.
	Whole bool
}

// tracker is an offsetrange.Tracker that remembers where the last claimed pickle begins. The search
// for the first pickle of a range that is split off starts there.
type tracker struct {
	*offsetrange.Tracker
	from  int64 // Range.From
	last  int64 // where the last claimed pickle begins, from if none is claimed
	whole bool
}

func newTracker(r Range) *sdf.LockRTracker { return sdf.NewLockRTracker(newInner(r)) }

func newInner(r Range) *tracker {
	inner := offsetrange.NewTracker(offsetrange.Restriction{Start: r.Start, End: r.End})
	return &tracker{inner, r.From, r.From, r.Whole}
}

// TryClaim claims the pickle that begins at position.
func (t *tracker) TryClaim(position any) bool {
	ok := t.Tracker.TryClaim(position)
	if ok {
		t.last = position.(int64)
	}
	return ok
}

// TrySplit splits off a part of what is not claimed yet.
func (t *tracker) TrySplit(fraction float64) (primary, residual any, err error) {
	first, rest, err := t.Tracker.TrySplit(fraction)
	if r, ok := rest.(offsetrange.Restriction); ok {
		rest = Range{Start: r.Start, End: r.End, From: t.last, Whole: t.whole}
	}
	return t.rangeOf(first.(offsetrange.Restriction)), rest, err
}

// GetRestriction returns the range that is left to this tracker.
func (t *tracker) GetRestriction() any {
	return t.rangeOf(t.Tracker.GetRestriction().(offsetrange.Restriction))
}

func (t *tracker) rangeOf(r offsetrange.Restriction) Range {
	return Range{Start: r.Start, End: r.End, From: t.from, Whole: t.whole}
}
