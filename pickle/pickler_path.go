package pickle

import (
	"fmt"
	"strings"
)

// maxPathParts is the greatest number of parts in a path. A longer path has only the outermost and
// the innermost parts.
const maxPathParts = 40

// path returns the path of the value that is being written: a part for each task on the stack.
func (p *pickling) path() string {
	s := &p.stack
	total := 0
	for t := range s.tasks.all() {
		total += t.parts()
	}
	var b strings.Builder
	var below pathPosition
	part := 0
	for t := range s.tasks.all() {
		for range t.parts() {
			switch {
			case total <= maxPathParts || part < maxPathParts/2 || part >= total-maxPathParts/2:
				s.describe(&b, t, below)
			case part == maxPathParts/2:
				b.WriteString("...")
			}
			part++
		}
		below.pass(t)
	}
	return b.String()
}

// parts returns the number of parts of a path for a task.
func (t *task) parts() int {
	if t.kind == taskOp || t.kind == taskTuple1 {
		return t.n
	}
	return 1
}

// pathPosition has the numbers of elements in the other stacks of a taskStack that belong to the
// tasks below some task.
type pathPosition struct {
	dicts, values, maps int
}

// pass moves the position behind a task.
func (pos *pathPosition) pass(t *task) {
	switch t.kind {
	case taskPairs:
		pos.dicts++
	case taskGoSlice, taskGoTuple, taskGoMap, taskGoStruct:
		pos.values++
	case taskAnyMap:
		pos.maps++
	}
}

// describe appends the part of the path for the item that t writes. pos is the position of t.
func (s *taskStack) describe(b *strings.Builder, t *task, pos pathPosition) {
	at := max(t.i-1, 0)
	switch t.kind {
	case taskOp:
		switch t.op {
		case OpAppend:
			b.WriteString("[0]")
		case OpBuild:
			b.WriteString(".state")
		}
	case taskTuple1:
		b.WriteString("[0]")
	case taskItems, taskAnys, taskTuple, taskFrozenSet, taskGoSlice, taskGoTuple:
		fmt.Fprintf(b, "[%d]", at)
	case taskPairs:
		describeKey(b, (*s.dicts.at(pos.dicts))[at].Key)
	case taskAnyMap:
		describeKey(b, s.maps.at(pos.maps).set.keys[at])
	case taskGoMap:
		describeKey(b, s.values.at(pos.values).pairs[at].key.Interface())
	case taskGoStruct:
		v := s.values.at(pos.values)
		fmt.Fprintf(b, ".%s", v.plan.fields[v.field(at)].Name)
	case taskReduce:
		switch t.phase {
		case reduceArgs:
			b.WriteString(".class")
		case reduceKw:
			b.WriteString(".args")
		case reduceMake:
			b.WriteString(".kwargs")
		case reduceBuild:
			b.WriteString(".state")
		}
	}
}

// describeKey appends the part of a path for the item with a key.
func describeKey(b *strings.Builder, key any) {
	switch k := key.(type) {
	case string:
		if len(k) > 60 {
			k = k[:60] + "..."
		}
		fmt.Fprintf(b, "[%q]", k)
	case bool, int, float64:
		fmt.Fprintf(b, "[%v]", k)
	default:
		fmt.Fprintf(b, "[%T key]", k)
	}
}
