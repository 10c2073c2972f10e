package audit

import (
	"iter"
	"math"
	"strings"
	"unicode"

	"github.com/unpkl/unpkl/internal/opcode"
	"github.com/unpkl/unpkl/pickle"
)

// use is one use of a name. The tape keeps a *use as the value of a Class cell. A pickle can have
// as many uses as bytes, so a use is kept small.
type use struct {
	name   *usedName
	reason *reason
	at     uint32 // offset of the opcode from the base of the chunk, in bytes
	op     opcode.Code
	called bool
}

// usedName is what a pickle names: a global, a persistent id or an extension code.
type usedName struct {
	global pickle.Global // of a global
	kind   string        // Finding.Kind
	text   string        // Finding.Name
	judgement
}

// addCall records a call. The verdict on the first call replaces that on the name alone; later
// calls can only make it worse.
func (u *use) addCall(r *reason) {
	if !u.called {
		u.called, u.reason = true, r
		return
	}
	u.worsen(r)
}

// worsen replaces the reason if r has a worse verdict.
func (u *use) worsen(r *reason) {
	if r.grade > u.reason.grade {
		u.reason = r
	}
}

// grade is the severity of a Verdict, for comparisons: the index in verdicts.
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
	useFirst = 8       // number of uses in the first chunk; later chunks grow up to 32 times
	maxNames = 1 << 10 // number of names that are kept to be used again
)

// uses holds the uses in one pickle in the order of their offsets. Chunks are never moved, so that
// pointers to the uses stay valid.
type uses []useChunk

// useChunk holds uses at offsets that fit base plus 32 bits.
type useChunk struct {
	base int64 // offset of the chunk's first use, in bytes
	uses []use
}

// add appends a use.
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

// end returns the offset of the last use, or -1.
func (l uses) end() int64 {
	if len(l) == 0 {
		return -1
	}
	last := l[len(l)-1]
	return last.base + int64(last.uses[len(last.uses)-1].at)
}

// importable reports whether a use names something that Python could import. Text that is read as
// opcodes may seem to name things too (the source of a class, a name that begins with "lass "), but
// such names hold characters that no module or class name has.
func (l uses) importable() bool {
	for _, u := range l.all() {
		g := u.name.global
		if u.name.kind != "global" || isDotted(g.Module) && isDotted(g.Name) {
			return true
		}
	}
	return false
}

// isDotted reports whether s has only characters that occur in names of modules, classes and
// functions.
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

// all yields the offset of each use, and the use.
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

// merged yields the uses of two passes in the order of their offsets. A use that both passes found
// is yielded once: the one with a call, or else with the worse verdict.
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
			// Two passes may find different names at the same offset.
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
