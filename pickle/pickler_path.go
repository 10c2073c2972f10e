package pickle

import (
	"fmt"
	"strings"
)

// maxPathParts bounds a path: of a deeper one, the outermost and the innermost parts
// are shown.
const maxPathParts = 40

// path says where in the dumped value the Pickler is: what each task is at.
func (p *Pickler) path() string {
	var b strings.Builder
	for i := range p.stack {
		if n := len(p.stack); n > maxPathParts && i >= maxPathParts/2 && i < n-maxPathParts/2 {
			if i == maxPathParts/2 {
				b.WriteString("...")
			}
			continue
		}
		p.stack[i].describe(&b)
	}
	return b.String()
}

// describe appends the part of the path that the task is at.
func (t *task) describe(b *strings.Builder) {
	at := max(t.i-1, 0)
	switch t.kind {
	case taskItems, taskTuple, taskFrozenSet, taskGoSlice, taskGoTuple:
		fmt.Fprintf(b, "[%d]", at)
	case taskPairs:
		describeKey(b, t.dict[at].Key)
	case taskGoMap:
		describeKey(b, t.pairs[at].key.Interface())
	case taskGoStruct:
		fmt.Fprintf(b, ".%s", t.plan.fields[t.field(at)].Name)
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
