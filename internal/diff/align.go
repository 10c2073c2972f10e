package diff

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// lists compares two lists. It aligns equal items after insertions and deletions, unless comparing
// position by position gives fewer differences. A removed or changed item is reported at its
// position in a, an added one at its position in b.
func (c *comparer) lists(at pointer.Pointer, a, b []any) {
	place := func(i int) pointer.Pointer { return at.Child(strconv.Itoa(i)) }
	i, j := 0, 0
	pair := func(toA, toB int) {
		for ; i < toA && j < toB; i, j = i+1, j+1 {
			c.push(place(i), a[i], b[j])
		}
		for ; i < toA; i++ {
			c.tell(place(i), Removed, a[i], nil)
		}
		for ; j < toB; j++ {
			c.tell(place(j), Added, nil, b[j])
		}
	}
	for _, m := range aligned(hashes(a), hashes(b)) {
		pair(m.a, m.b) // the items between two runs of equal ones
		pair(m.a+m.n, m.b+m.n)
	}
	pair(len(a), len(b))
}

// match is a run of n equal items that begins at position a of one list and at b of the other.
type match struct{ a, b, n int }

// aligned returns the runs of equal hashes in two lists in order. It returns none if comparing
// position by position gives as few differences.
func aligned(a, b []uint64) []match {
	before := 0
	for before < min(len(a), len(b)) && a[before] == b[before] {
		before++
	}
	after := 0
	for after < min(len(a), len(b))-before && a[len(a)-1-after] == b[len(b)-1-after] {
		after++
	}
	middleA, middleB := a[before:len(a)-after], b[before:len(b)-after]
	found, edits := shortestEdit(middleA, middleB)
	if differencesInPlace(a, b) <= edits {
		return nil
	}
	for i := range found {
		found[i].a, found[i].b = found[i].a+before, found[i].b+before
	}
	found = slices.Insert(found, 0, match{0, 0, before})
	return append(found, match{len(a) - after, len(b) - after, after})
}

// differencesInPlace returns the number of differences that comparing position by position gives.
func differencesInPlace(a, b []uint64) int {
	n := max(len(a), len(b)) - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

const (
	// maxEdits is the greatest number of insertions and deletions that shortestEdit finds.
	maxEdits = 1000
	// maxSteps bounds the product of the number of edits and the lengths of the lists, and so the
	// time.
	maxSteps = 200_000_000
)

// shortestEdit returns the runs that two lists have in common under the smallest number of
// insertions and deletions, and that number. If it is above the limits, shortestEdit returns no
// runs and the number for lists that have nothing in common.
func shortestEdit(a, b []uint64) (runs []match, edits int) {
	most := min(maxEdits, len(a)+len(b), maxSteps/(len(a)+len(b)+1))
	// reach holds for each diagonal, which is the position in a minus that in b, the furthest
	// position in a that d edits can reach. The diagonals start at -(most+1), at index 0. trace has
	// a copy of the diagonals -d to d from before each edit d.
	reach := make([]int32, 2*most+3)
	var trace [][]int32
	for d := 0; d <= most; d++ {
		trace = append(trace, slices.Clone(reach[most+1-d:most+2+d]))
		for k := -d; k <= d; k += 2 {
			at := most + 1 + k
			i := reach[at-1] + 1
			if k == -d || k != d && reach[at-1] < reach[at+1] {
				i = reach[at+1]
			}
			for int(i) < len(a) && int(i)-k < len(b) && a[i] == b[int(i)-k] {
				i++
			}
			reach[at] = i
			if int(i) >= len(a) && int(i)-k >= len(b) {
				return backtrack(trace, len(a), len(b)), d
			}
		}
	}
	return nil, len(a) + len(b)
}

// backtrack follows the trace of shortestEdit from the ends of the lists, at positions i and j, to
// their beginnings, and returns the runs of equal items on the way.
func backtrack(trace [][]int32, i, j int) (runs []match) {
	for d := len(trace) - 1; d > 0; d-- {
		k := i - j
		before := func(k int) int { // the position in a that diagonal k had reached before edit d
			return int(trace[d][k+d])
		}
		from := k - 1
		if k == -d || k != d && before(k-1) < before(k+1) {
			from = k + 1
		}
		fromI := before(from)
		fromJ := fromI - from
		begin := fromI
		if from == k-1 {
			begin++
		}
		if n := i - begin; n > 0 {
			runs = append(runs, match{begin, begin - k, n})
		}
		i, j = fromI, fromJ
	}
	if i > 0 {
		runs = append(runs, match{0, 0, i})
	}
	slices.Reverse(runs)
	return runs
}

// seed makes the hashes of one process comparable with each other.
var seed = maphash.MakeSeed()

// hashes returns a hash of each item. Equal items have equal hashes. Different items may have equal
// hashes too if they differ only far inside, which makes the alignment worse but hides no
// difference, since aligned items are still compared.
func hashes(items []any) []uint64 {
	out := make([]uint64, len(items))
	long := map[texts.ID]uint64{}
	var h maphash.Hash
	h.SetSeed(seed)
	for i, v := range items {
		id, isLong := texts.Identity(v)
		if sum, ok := long[id]; isLong && ok {
			out[i] = sum
			continue
		}
		h.Reset()
		hashValue(&h, v, 0)
		out[i] = h.Sum64()
		if isLong {
			long[id] = out[i]
		}
	}
	return out
}

const (
	// hashDepth is the number of levels of containers that are hashed, hashParts the number of
	// items of each container, and hashBytes the number of bytes of an array.
	hashDepth = 4
	hashParts = 64
	hashBytes = 4096
)

// hashValue adds a value to a hash. The depth of the recursion is at most hashDepth.
func hashValue(h *maphash.Hash, v any, depth int) {
	h.WriteByte(0)
	switch v := v.(type) {
	case string:
		h.WriteString(v)
		return
	case pickle.Py2String: // equal to a str of Python 3
		h.WriteString(string(v))
		return
	case []byte:
		h.Write(v)
		return
	}
	if a, ok := pyvalue.ArrayOf(v); ok {
		hashArray(h, a)
		return
	}
	if depth == hashDepth {
		return
	}
	if d, ok := pyvalue.EntriesOf(v); ok {
		h.WriteString("{")
		// The order of the keys does not matter, so the hashes of the entries are added up.
		sum := uint64(len(d))
		for _, e := range d[:min(len(d), hashParts)] {
			var one maphash.Hash
			one.SetSeed(seed)
			hashValue(&one, e.Key, depth+1)
			hashValue(&one, e.Value, depth+1)
			sum += one.Sum64()
		}
		hashInt(h, sum)
		return
	}
	if items, ok := pyvalue.ItemsOf(v); ok {
		h.WriteString("[")
		hashInt(h, uint64(len(items)))
		if _, isSet := pyvalue.SetItems(v); isSet {
			return // the order of the items does not matter
		}
		for _, item := range items[:min(len(items), hashParts)] {
			hashValue(h, item, depth+1)
		}
		return
	}
	h.WriteString(describe.Text(v))
}

func hashInt(h *maphash.Hash, n uint64) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], n)
	h.Write(b[:])
}

// hashArray adds the dtype, the shape and the first elements of an array to a hash.
func hashArray(h *maphash.Hash, a *ndarray.Array) {
	h.WriteString(a.DType().String())
	for _, n := range a.Shape() {
		hashInt(h, uint64(n))
	}
	if a.HasObject() || a.Size() == 0 || a.NDim() == 0 {
		return
	}
	// Take as many items of the first axis as fit into hashBytes, and none if one item is larger.
	item := a.NBytes() / a.Shape()[0]
	if item == 0 || item > hashBytes {
		return
	}
	part, err := a.Slice(0, 0, min(a.Shape()[0], hashBytes/item), 1)
	if err != nil {
		return
	}
	if data, err := part.AppendBytes(nil, ndarray.OrderC); err == nil {
		h.Write(data)
	}
}
