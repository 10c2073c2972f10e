package unpkl

import (
	"reflect"

	"github.com/unpkl/unpkl/pickle"
)

// WithoutFastPaths makes everything go the general way.
func WithoutFastPaths() Option {
	return func(c *config) {
		c.noFastPaths = true
		c.compressed = func() int64 { return 1 << 40 } // then the machine weighs each value
	}
}

// IsTree reports whether nothing in the pickle is met twice.
func IsTree(data []byte) bool {
	u := pickle.NewUnpicklerBytes(data)
	new(config).setUp(u)
	_, err := u.Load()
	return err == nil && !u.Shared()
}

// Direct reports whether data takes the direct way into what v points to.
func Direct(data []byte, v any) bool {
	o := new(config).directOptions()
	return o.unmarshalDirect(data, v)
}

// PlainDirectly reports whether data takes the direct way into plain values.
func PlainDirectly(data []byte) bool {
	o := new(config).directOptions()
	_, ok := o.plainDirectly(data)
	return ok
}

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
