package known

import (
	"math"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// Maker makes plain values of deferred calls, and allocates values of one kind together. It must
// not be used by several goroutines at once. The zero value is ready to use.
type Maker struct {
	slab.Values
	headers pending.Slab
	dims    []int
	zones   ZoneCache
}

// Reset must be called before the Maker is used for another pickle.
func (m *Maker) Reset() { m.zones = ZoneCache{} }

// Plain returns the plain value of a deferred call that is not an array. ok is false if the value
// must be made of the object.
func (m *Maker) Plain(t *tape.Tape, id tape.ID) (v any, ok bool) {
	switch t.Code(id) {
	case CallScalar:
		s, ok := Scalar(t, id)
		return m.scalar(s), ok
	case CallDatetime:
		at, ok := Datetime(t, id, &m.zones)
		return m.Time(at), ok
	case CallDate:
		year, month, day, ok := Date(t, id)
		return NewDate(year, month, day), ok
	case CallDecimal:
		text, ok := Decimal(t, id)
		return NewDecimal(string(text)), ok
	case CallTimedelta:
		d, ok := Timedelta(t, id)
		return d, ok
	}
	return nil, false
}

// NewDate makes the plain value of a date. Package reconstruct sets it, since it has the type.
var NewDate = func(year, month, day int) any { return nil }

// NewDecimal makes the plain value of a Decimal. Package reconstruct sets it, since it has the
// type.
var NewDecimal = func(text string) any { return nil }

// scalar returns a NumPy scalar as a value of the Go type of its dtype.
func (m *Maker) scalar(s ScalarParts) any {
	switch s.Kind {
	case ndarray.KindBool:
		return s.Bits == 1
	case ndarray.KindFloat:
		if s.Size == 4 {
			return math.Float32frombits(uint32(s.Bits))
		}
		return m.Float(math.Float64frombits(s.Bits))
	case ndarray.KindInt:
		switch s.Size {
		case 1:
			return int8(s.Bits)
		case 2:
			return int16(s.Bits)
		case 4:
			return int32(s.Bits)
		}
		return m.Int64(int64(s.Bits))
	}
	switch s.Size {
	case 1:
		return uint8(s.Bits)
	case 2:
		return uint16(s.Bits)
	case 4:
		return uint32(s.Bits)
	}
	return s.Bits
}

// Array makes an array over data, which must be the bytes of p.Data. The array keeps data.
func (m *Maker) Array(t *tape.Tape, p *ArrayParts, data []byte,
	owner ndarray.Owner) (*ndarray.Array, error) {
	m.dims = p.Shape(t, m.dims[:0])
	a, err := m.headers.New(p.DType, m.dims, p.Order, data)
	if err != nil {
		return nil, err
	}
	if p.ReadOnly {
		a.SetWriteable(false)
	}
	if owner != nil {
		a.SetOwner(owner)
	}
	return a, nil
}
