package audit

import (
	"iter"
	"math"
	"strings"
	"unicode"

	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/pickle"
)

// use is one use of a name; that of a class is what stands for the class. A pickle can have as many
// as it has bytes, so it is small.
type use struct {
	name   *usedName
	reason *reason
	at     uint32 // from where its chunk begins
	op     opcode.Code
	called bool
}

// usedName is what a name in a pickle is.
type usedName struct {
	global pickle.Global
	kind   string
	text   string
	judged
}

// call judges a call: the first replaces the verdict on the name alone, the others can only be
// worse.
func (u *use) call(r *reason) {
	if !u.called {
		u.called, u.reason = true, r
		return
	}
	u.worsen(r)
}

// worsen makes the verdict worse.
func (u *use) worsen(r *reason) {
	if r.grade > u.reason.grade {
		u.reason = r
	}
}

// grade is a Verdict, in order.
type grade uint8

var verdicts = [...]Verdict{VerdictData, VerdictKnown, VerdictUnknown, VerdictDangerous}

const (
	gradeData grade = iota
	gradeKnown
	gradeUnknown
	gradeDangerous
)

func gradeOf(v Verdict) grade {
	for g, verdict := range verdicts {
		if v == verdict {
			return grade(g)
		}
	}
	return gradeUnknown
}

const (
	useFirst = 8       // uses in the first chunk; later ones are up to 32 times as long
	maxNames = 1 << 10 // that are kept to be used again
)

// uses are the uses by one pickle, by offset, where they stay.
type uses []useChunk

type useChunk struct {
	base int64 // the offset of the first
	uses []use
}

// add adds a use behind all others.
func (l *uses) add(name *usedName, op opcode.Code, at int64) *use {
	n := len(*l)
	if n > 0 {
		if last := (*l)[n-1]; len(last.uses) == cap(last.uses) || at-last.base > math.MaxUint32 {
			n = 0
		}
	}
	if n == 0 {
		n = len(*l) + 1
		*l = append(*l, useChunk{at, make([]use, 0, useFirst<<min(n-1, 5))})
	}
	last := &(*l)[n-1]
	last.uses = append(last.uses, use{name: name, reason: name.reason, at: uint32(at - last.base),
		op: op})
	return &last.uses[len(last.uses)-1]
}

// len returns the number of uses.
func (l uses) len() (n int) {
	for _, chunk := range l {
		n += len(chunk.uses)
	}
	return n
}

// end returns the offset of the last, -1 if there is none.
func (l uses) end() int64 {
	if len(l) == 0 {
		return -1
	}
	last := l[len(l)-1]
	return last.base + int64(last.uses[len(last.uses)-1].at)
}

// importable reports whether any use is of what Python can have: no text has such a name by chance,
// as the source of a class seems to have one that begins with "lass ".
func (l uses) importable() bool {
	for _, u := range l.all() {
		g := u.name.global
		if u.name.kind != "global" || isDotted(g.Module) && isDotted(g.Name) {
			return true
		}
	}
	return false
}

// isDotted reports whether s may be the name of a module, class or function.
func isDotted(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.<>()", r)
	})
}

// worst returns the worst grade.
func (l uses) worst() (g grade) {
	for _, u := range l.all() {
		g = max(g, u.reason.grade)
	}
	return g
}

// all yields the offset of each use and the use.
func (l uses) all() iter.Seq2[int64, *use] {
	return func(yield func(int64, *use) bool) {
		for _, chunk := range l {
			for i := range chunk.uses {
				if u := &chunk.uses[i]; !yield(chunk.base+int64(u.at), u) {
					return
				}
			}
		}
	}
}

// merged yields the uses of two runs, each once: as it was called, and by the worse verdict if it
// was in both.
func merged(a, b uses) iter.Seq2[int64, *use] {
	if len(a) == 0 {
		return b.all()
	}
	return func(yield func(int64, *use) bool) {
		next, stop := iter.Pull2(b.all())
		defer stop()
		atB, inB, more := next()
		for atA, inA := range a.all() {
			for ; more && atB < atA; atB, inB, more = next() {
				if !yield(atB, inB) {
					return
				}
			}
			// Two runs may see two names in one place.
			if more && atB == atA && inA.name.text == inB.name.text {
				if !inA.called || inB.called && inB.reason.grade > inA.reason.grade {
					inA = inB
				}
				atB, inB, more = next()
			}
			if !yield(atA, inA) {
				return
			}
		}
		for ; more; atB, inB, more = next() {
			if !yield(atB, inB) {
				return
			}
		}
	}
}
