package unmarshal

import (
	"math"
	"time"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// texts allocates strings from larger pieces of memory.
type texts struct {
	// shared holds the strings of cells that the pickle refers to more than once, by slot.
	shared []string
	free   []byte // unused part of the current piece of memory
	size   int    // length of that piece, in bytes
}

// The smallest and largest length of a piece of memory that strings share, in bytes.
const (
	minTextPiece = 256
	maxTextPiece = 8 << 10
)

// text returns the string of a cell of kind Str.
func (a *assigner) text(id tape.ID) string {
	b := a.t.Span(id)
	slot, shared := 0, false
	if a.t.IsShared(id) {
		if slot, shared = a.t.Shared(id); shared {
			if slot < len(a.texts.shared) && a.texts.shared[slot] != "" {
				return a.texts.shared[slot]
			}
		}
	}
	var s string
	if a.t.Owned(id) {
		s = stringOf(b)
	} else {
		s = a.texts.copy(b)
	}
	if shared {
		if slot >= len(a.texts.shared) {
			grown := make([]string, max(a.t.Slots(), slot+1))
			copy(grown, a.texts.shared)
			a.texts.shared = grown
		}
		a.texts.shared[slot] = s
	}
	return s
}

// copy returns a string with the bytes of b.
func (x *texts) copy(b []byte) string {
	if len(b) > len(x.free) {
		if len(b) >= slab.Apart {
			return string(b)
		}
		x.size = min(max(2*x.size, minTextPiece, len(b)), maxTextPiece)
		x.free = make([]byte, x.size)
	}
	mem := x.free[:copy(x.free, b)]
	x.free = x.free[len(b):]
	return stringOf(mem)
}

// readScalar decodes a bool or number into dst. It returns false, and sets nothing, if the plan's
// type does not hold the value.
func (a *assigner) readScalar(p *plan, kind tape.Kind, id tape.ID, dst place) bool {
	switch kind {
	case tape.None:
		return true
	case tape.False, tape.True:
		if p.form == formBool {
			dst.setBool(kind == tape.True)
			return true
		}
	case tape.Int:
		return p.setInt(dst, a.t.Int(id))
	case tape.Float:
		return p.setFloat(dst, math.Float64frombits(a.t.FloatBits(id)))
	case tape.Call:
		if s, ok := known.Scalar(a.t, id); ok {
			return p.setNumPy(dst, s)
		}
	}
	return false
}

// setInt sets dst to i, and reports whether the plan's type holds it.
func (p *plan) setInt(dst place, i int64) bool {
	switch p.form {
	case formInt:
		if shift := 64 - 8*p.size; i<<shift>>shift != i {
			return false
		}
		dst.setInt(p.size, i)
	case formUint:
		if shift := 64 - 8*p.size; i < 0 || uint64(i)<<shift>>shift != uint64(i) {
			return false
		}
		dst.setUint(p.size, uint64(i))
	case formFloat:
		exact := int64(1) << 53
		if p.size == 4 {
			exact = 1 << 24
		}
		if i < -exact || i > exact {
			return false
		}
		dst.setFloat(p.size, float64(i))
	default:
		return false
	}
	return true
}

// setFloat sets dst to f, and reports whether the plan's type holds it.
func (p *plan) setFloat(dst place, f float64) bool {
	switch p.form {
	case formFloat:
		if p.size == 4 && math.IsInf(float64(float32(f)), 0) && !math.IsInf(f, 0) {
			return false
		}
		dst.setFloat(p.size, f)
		return true
	case formInt, formUint:
		if i := int64(f); f >= -1<<62 && f <= 1<<62 && float64(i) == f {
			return p.setInt(dst, i)
		}
	}
	return false
}

// setNumPy sets dst to a NumPy scalar, and reports whether the plan's type holds it.
func (p *plan) setNumPy(dst place, s known.ScalarParts) bool {
	switch s.Kind {
	case ndarray.KindBool:
		if p.form == formBool {
			dst.setBool(s.Bits == 1)
			return true
		}
	case ndarray.KindInt:
		return p.setInt(dst, int64(s.Bits))
	case ndarray.KindUint:
		return s.Bits <= math.MaxInt64 && p.setInt(dst, int64(s.Bits))
	case ndarray.KindFloat:
		if s.Size == 4 {
			return p.setFloat(dst, float64(math.Float32frombits(uint32(s.Bits))))
		}
		return p.setFloat(dst, math.Float64frombits(s.Bits))
	}
	return false
}

// readTime decodes a datetime, date or timedelta into dst, a time.Time or time.Duration. It returns
// false, and sets nothing, for other values.
func (a *assigner) readTime(p *plan, kind tape.Kind, id tape.ID, dst place) bool {
	switch kind {
	case tape.None:
		return true
	case tape.Int:
		if p.form == formDuration {
			dst.setInt(8, a.t.Int(id))
			return true
		}
	case tape.Call:
		if p.form == formDuration {
			d, ok := known.Timedelta(a.t, id)
			if ok {
				dst.setInt(8, int64(d))
			}
			return ok
		}
		at, ok := known.Datetime(a.t, id, &a.zones)
		if !ok {
			var year, month, day int
			if year, month, day, ok = known.Date(a.t, id); ok {
				at = time.Date(year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
			}
		}
		if ok {
			to, _ := as[time.Time](dst)
			*to = at
		}
		return ok
	}
	return false
}
