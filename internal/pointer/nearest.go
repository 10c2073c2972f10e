package pointer

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// MaxNear is how many names [Nearest] returns at most.
const MaxNear = 3

// longest is the longest name, in bytes, that is compared letter by letter.
const longest = 256

// Nearest collects the names that look like one which is not there.
type Nearest struct {
	wanted string
	folded string
	found  []near
	names  int // that were looked at
}

type near struct {
	name     string
	distance int
}

// NewNearest returns a Nearest for a name that is not there.
func NewNearest(wanted string) *Nearest {
	return &Nearest{wanted: wanted, folded: strings.ToLower(wanted)}
}

// Add looks at a name that is there.
func (n *Nearest) Add(name string) {
	n.names++
	if len(n.wanted) > longest || len(name) > longest || !utf8.ValidString(name) {
		return
	}
	most := (len(n.wanted) + 1) / 3
	folded := strings.ToLower(name)
	distance := most + 1
	switch {
	case folded == n.folded:
		distance = 0
	case len(n.wanted) > 2 && (strings.HasPrefix(folded, n.folded) ||
		strings.HasPrefix(n.folded, folded)):
		distance = 1
	case abs(len(folded)-len(n.folded)) <= most:
		distance = levenshtein.ComputeDistance(folded, n.folded)
	}
	if distance > most {
		return
	}
	n.found = append(n.found, near{name, distance})
	if len(n.found) > 64 {
		n.keep()
	}
}

func abs(i int) int { return max(i, -i) }

// keep forgets all but the nearest.
func (n *Nearest) keep() {
	slices.SortStableFunc(n.found, func(a, b near) int {
		return cmp.Compare(a.distance, b.distance)
	})
	n.found = n.found[:min(len(n.found), MaxNear)]
}

// Names returns the nearest names, the nearest first, and how many names there are in all.
func (n *Nearest) Names() (names []string, all int) {
	n.keep()
	for _, f := range n.found {
		names = append(names, f.name)
	}
	return names, n.names
}
