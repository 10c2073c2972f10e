package diff

import (
	"encoding/binary"
	"hash/maphash"
	"slices"
	"strconv"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// lists compares two lists. Where something was put in or taken out, what follows is compared with
// what it was, as long as that tells fewer differences than comparing position by position. What
// was removed or changed has its position in a, what was added that in b.
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
		pair(m.a, m.b) // what lies between what is the same
		pair(m.a+m.n, m.b+m.n)
	}
	pair(len(a), len(b))
}

// match is a run of items that are the same in two lists.
type match struct{ a, b, n int }

// aligned returns the runs that are the same in two lists, in their order; none where they are best
// compared position by position.
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
	found, edits := shortest(middleA, middleB)
	if inPlace(a, b) <= edits {
		return nil
	}
	for i := range found {
		found[i].a, found[i].b = found[i].a+before, found[i].b+before
	}
	found = slices.Insert(found, 0, match{0, 0, before})
	return append(found, match{len(a) - after, len(b) - after, after})
}

// inPlace is how many differences comparing position by position tells.
func inPlace(a, b []uint64) int {
	n := max(len(a), len(b)) - min(len(a), len(b))
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			n++
		}
	}
	return n
}

const (
	// maxEdits is how many items may have been put in or taken out.
	maxEdits = 1000
	// maxSteps bounds the time.
	maxSteps = 200_000_000
)

// shortest returns the runs that are the same in two lists and are left by the fewest edits, and
// how many edits those are; without runs where more than some edits are needed.
//
// Reference: E. Myers, "An O(ND) difference algorithm and its variations", 1986.
func shortest(a, b []uint64) (runs []match, edits int) {
	most := min(maxEdits, len(a)+len(b), maxSteps/(len(a)+len(b)+1))
	// reach[k] is how far into a the furthest path on diagonal k leads, where k = a's place - b's
	// place + most+1; trace keeps what it was before each edit.
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
				return back(trace, len(a), len(b)), d
			}
		}
	}
	return nil, len(a) + len(b)
}

// back follows the trace of shortest from the end to the begin.
func back(trace [][]int32, i, j int) (runs []match) {
	for d := len(trace) - 1; d > 0; d-- {
		k := i - j
		before := func(k int) int { // reach before edit d, of which trace has the diagonals -d to d
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

// seed is that of the hashes of one process.
var seed = maphash.MakeSeed()

// hashes returns a hash of each item. Equal items have equal ones; what is the same in its first
// parts may have too, which costs a better alignment but hides no difference.
func hashes(items []any) []uint64 {
	out := make([]uint64, len(items))
	var h maphash.Hash
	h.SetSeed(seed)
	for i, v := range items {
		h.Reset()
		hashValue(&h, v, 0)
		out[i] = h.Sum64()
	}
	return out
}

const (
	// hashDepth is how many levels of containers are hashed, hashParts how many parts of each, and
	// hashBytes how many bytes of an array.
	hashDepth = 4
	hashParts = 64
	hashBytes = 4096
)

// hashValue hashes a value. It calls itself hashDepth levels deep at most.
func hashValue(h *maphash.Hash, v any, depth int) {
	h.WriteByte(0)
	switch v := v.(type) {
	case string:
		h.WriteString(v)
		return
	case pickle.Py2String: // the same as a str of Python 3
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
		// The order of keys is no difference, so their hashes are added up.
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
			return // whose order is no difference
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

// hashArray hashes the dtype, the shape and the first elements.
func hashArray(h *maphash.Hash, a *ndarray.Array) {
	h.WriteString(a.DType().String())
	for _, n := range a.Shape() {
		hashInt(h, uint64(n))
	}
	if a.HasObject() || a.Size() == 0 || a.NDim() == 0 {
		return
	}
	// Along the first axis as much as is wanted; of an array whose items are larger, nothing.
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
