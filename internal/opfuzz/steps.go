package opfuzz

import (
	"slices"
	"strings"
)

// A step is an opcode, or a few that belong together. fits reports whether the stack has what they
// take.
type step struct {
	fits func(p *program) bool
	do   func(p *program)
}

func always(*program) bool { return true }

// takes returns a step that pops n values and pushes one of kind k.
func takes(op string, n int, k kind) step {
	return step{
		func(p *program) bool { return p.above() >= n },
		func(p *program) { p.emit(op); p.pop(n); p.push(k) },
	}
}

// closes returns a step that pops a mark and the values above it and pushes one of kind k.
func closes(op string, k kind) step {
	return step{
		func(p *program) bool { return p.above() >= 0 && len(p.stack) > p.above()+1 },
		func(p *program) { p.emit(op); p.popMark(); p.push(k) },
	}
}

// pushes returns a step that takes nothing and pushes a value of kind k.
func pushes(op string, k kind) step {
	return step{always, func(p *program) { p.emit(op); p.push(k) }}
}

// fills returns a step that moves the values above a mark into the container below it, which is of
// one of kinds. If even is set, the values are pairs.
func fills(op string, even bool, kinds ...kind) step {
	return step{
		func(p *program) bool {
			n := p.above()
			return n >= 0 && slices.Contains(kinds, p.at(n+1)) && (!even || n%2 == 0)
		},
		func(p *program) { p.emit(op); p.popMark() },
	}
}

// topIs returns a condition: the kinds on the stack from the top down.
func topIs(kinds ...kind) func(p *program) bool {
	return func(p *program) bool {
		for i, k := range kinds {
			if p.at(i) != k {
				return false
			}
		}
		return true
	}
}

func (p *program) global() {
	g := "m C"
	if len(p.globals) > 0 {
		g = p.globals[p.n(len(p.globals))]
	}
	module, attr, _ := strings.Cut(g, " ")
	if p.n(2) == 0 {
		p.emit("c" + module + "\n" + attr + "\n")
	} else {
		p.emit("\x8c" + string([]byte{byte(len(module))}) + module + "\x8c" +
			string([]byte{byte(len(attr))}) + attr + "\x93")
	}
	p.push(global)
}

func (p *program) inst() {
	g := "m C"
	if len(p.globals) > 0 {
		g = p.globals[p.n(len(p.globals))]
	}
	p.emit("i" + strings.Replace(g, " ", "\n", 1) + "\n")
	p.popMark()
	p.push(object)
}

// filled are the kinds that APPEND and APPENDS fill.
var filled = []kind{list, object}

var steps = []step{
	{always, (*program).atom}, {always, (*program).atom}, {always, (*program).atom},
	{always, (*program).name}, {always, (*program).name},
	pushes("]", list), pushes("]", list), pushes("}", dict), pushes("}", dict), pushes("\x8f", set),
	pushes(")", tuple),
	pushes("(", mark), pushes("(", mark), pushes("(", mark),
	pushes("\x96\x02\x00\x00\x00\x00\x00\x00\x00ab", list),
	takes("\x85", 1, tuple), takes("\x86", 2, tuple), takes("\x87", 3, tuple),
	takes("\x85", 1, tuple), takes("\x86", 2, tuple),
	closes("t", tuple), closes("t", tuple), closes("l", list), closes("\x91", atom),
	fills("e", false, filled...), fills("e", false, filled...), fills("u", true, dict, object),
	fills("u", true, dict, object), fills("\x90", false, set),
	{func(p *program) bool {
		return p.above() >= 0 && p.above()%2 == 0 && len(p.stack) > p.above()+1
	}, func(p *program) { p.emit("d"); p.popMark(); p.push(dict) }},
	{func(p *program) bool {
		return p.above() >= 2 && slices.Contains(filled, p.at(1))
	}, func(p *program) { p.emit("a"); p.pop(1) }},
	{func(p *program) bool {
		return p.above() >= 3 && p.at(2) == dict
	}, func(p *program) { p.emit("s"); p.pop(2) }},
	{func(p *program) bool { return p.above() >= 1 }, func(p *program) { p.emit("0"); p.pop(1) }},
	{func(p *program) bool {
		return p.above() >= 1
	}, func(p *program) { p.emit("2"); p.push(p.at(0)) }},
	{func(p *program) bool {
		return p.above() >= 0 && len(p.stack) > p.above()+1
	}, func(p *program) { p.emit("1"); p.popMark() }},
	{func(p *program) bool { return p.above() >= 1 }, func(p *program) { p.put(p.n(4)) }},
	{func(p *program) bool { return p.above() >= 1 }, func(p *program) { p.put(p.n(4)) }},
	{func(p *program) bool { return p.above() >= 1 }, func(p *program) { p.put(p.n(4)) }},
	{func(p *program) bool {
		return len(p.memo) > 0
	}, func(p *program) { p.get(p.n(max(len(p.memo), 1)), p.n(3)) }},
	{func(p *program) bool {
		return len(p.memo) > 0
	}, func(p *program) { p.get(p.n(max(len(p.memo), 1)), p.n(3)) }},
	{func(p *program) bool {
		return len(p.memo) > 0
	}, func(p *program) { p.get(p.n(max(len(p.memo), 1)), p.n(3)) }},
	{always, (*program).global}, {always, (*program).global}, {always, (*program).global},
	{topIs(name, name), func(p *program) { p.emit("\x93"); p.pop(2); p.push(global) }},
	{topIs(tuple, global), func(p *program) { p.emit("R"); p.pop(2); p.push(object) }},
	{topIs(tuple, global), func(p *program) { p.emit("R"); p.pop(2); p.push(object) }},
	{topIs(tuple, global), func(p *program) { p.emit("\x81"); p.pop(2); p.push(object) }},
	{topIs(dict, tuple, global), func(p *program) { p.emit("\x92"); p.pop(3); p.push(object) }},
	{func(p *program) bool {
		return p.at(0) != mark && p.at(1) == object
	}, func(p *program) { p.emit("b"); p.pop(1) }},
	{func(p *program) bool {
		return p.at(0) != mark && p.at(1) == object
	}, func(p *program) { p.emit("b"); p.pop(1) }},
	{func(p *program) bool {
		return p.above() >= 0 && len(p.stack) > p.above()+1
	}, (*program).inst},
	{func(p *program) bool {
		n := p.above()
		return n > 0 && p.at(n-1) == global && len(p.stack) > n+1
	}, func(p *program) { p.emit("o"); p.popMark(); p.push(object) }},
	{func(p *program) bool { return false }, func(p *program) { p.emit("."); p.push(atom) }},
	{func(p *program) bool { return false }, func(p *program) { p.get(p.n(256), 1) }},
	{func(p *program) bool {
		return false
	}, func(p *program) { p.emit("\x82\x01"); p.push(object) }},
	{func(p *program) bool { return false }, func(p *program) { p.emit("Pid\n"); p.push(object) }},
	{func(p *program) bool { return false }, func(p *program) { p.emit("\x97"); p.push(atom) }},
	{func(p *program) bool { return p.above() >= 1 }, func(p *program) {
		if p.n(8) == 0 {
			p.emit("Q")
		} else {
			p.emit("0")
			p.pop(1)
		}
	}},
}
