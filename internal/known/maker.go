package known

import (
	"math"

	"github.com/unpkl/unpkl/internal/pending"
	"github.com/unpkl/unpkl/internal/slab"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/ndarray"
)

// Maker makes plain values of calls that were put off, many of one kind side by side in memory. It
// is for one goroutine.
type Maker struct {
	slab.Values
	headers pending.Slab
	dims    []int
	zones   ZoneCache
}

// Reset makes the Maker forget the pickle.
func (m *Maker) Reset() { m.zones = ZoneCache{} }

// Plain returns the plain value of a call that is not an array. ok is false where there is none
// without an object.
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

// NewDate makes the plain value of a date. Package reconstruct, which has its type, sets it.
var NewDate = func(year, month, day int) any { return nil }

// NewDecimal makes the plain value of a Decimal. Package reconstruct, which has its type, sets it.
var NewDecimal = func(text string) any { return nil }

// scalar boxes a NumPy scalar as the Go type of its dtype.
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

// Array makes an array over data, which are the bytes of the parts' Data and become the array's.
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
