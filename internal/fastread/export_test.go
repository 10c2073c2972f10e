package fastread

import "reflect"

// KeptByPool returns what the pool's working memory of the direct way still refers to: nothing.
func KeptByPool() (kept []any) {
	p := directs.Get().(*plainDirect)
	defer directs.Put(p)
	for _, v := range p.stack[:cap(p.stack)] {
		if v != nil {
			kept = append(kept, v)
		}
	}
	for _, s := range p.rows[:cap(p.rows)] {
		if s != "" {
			kept = append(kept, s)
		}
	}
	rest := *p
	rest.stack, rest.heights, rest.marks, rest.memo, rest.rows = nil, nil, nil, nil, nil
	if !reflect.ValueOf(rest).IsZero() {
		kept = append(kept, rest)
	}
	return kept
}

// Boxed returns values that were boxed one after another: first text, then ints, floats, bytes and lists.
func Boxed(texts []string, ints []int, floats []float64, blobs [][]byte, lists [][]any) (out []any) {
	var b boxes
	for _, v := range texts {
		out = append(out, b.String(v))
	}
	for _, v := range ints {
		out = append(out, b.Int(v))
	}
	for _, v := range floats {
		out = append(out, b.Float(v))
	}
	for _, v := range blobs {
		out = append(out, b.bytes(v))
	}
	for _, v := range lists {
		out = append(out, b.light(v))
	}
	return out
}
