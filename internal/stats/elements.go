package stats

import (
	"fmt"
	"math"
	"math/big"
	"math/cmplx"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/texts"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// Collector computes statistics of values that come one by one, such as the items of a list,
// objects or text. NewCollector makes one.
type Collector struct {
	s       Summary
	m       moments
	complex complex128 // the sum of the complex numbers
	squares float64    // the sum of their squared distances from the mean
	numbers bool       // every value so far is a real number
	ints    bool       // every value so far is an int
	texts   bool       // every value so far is text
	isCmplx bool       // there was a complex number
	k       sample
	low     string // the least and greatest text
	high    string
	long    map[texts.ID]any // some of the long texts so far, by texts.Identity
	// first and last are the earliest and the latest of the times.
	first, last moment
	times       int64 // the number of times
}

// NewCollector returns a Collector that has no values yet.
func NewCollector() *Collector {
	return &Collector{numbers: true, ints: true, texts: true}
}

// Add adds a value. nil and NaN are missing.
func (c *Collector) Add(v any) {
	if s, ok := v.(*ndarray.Scalar); ok {
		v = s.Value()
	}
	switch v := v.(type) {
	case nil, reconstruct.PandasNull:
		c.s.Missing++
	case string:
		c.text(v, v)
	case pickle.Py2String:
		c.text(string(v), v)
	case []byte:
		c.text(string(v), v)
	case complex128:
		c.addComplex(v)
	case complex64:
		c.addComplex(complex128(v))
	default:
		f, isInt, ok := numberOf(v)
		if !ok {
			c.other(v)
			return
		}
		c.number(f, isInt, v)
	}
}

// numberOf returns a number as a float64.
func numberOf(v any) (f float64, isInt, ok bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true, true
		}
		return 0, true, true
	case int:
		return float64(v), true, true
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		return f, true, true
	case int8:
		return float64(v), true, true
	case int16:
		return float64(v), true, true
	case int32:
		return float64(v), true, true
	case int64:
		return float64(v), true, true
	case uint8:
		return float64(v), true, true
	case uint16:
		return float64(v), true, true
	case uint32:
		return float64(v), true, true
	case uint64:
		return float64(v), true, true
	case float32:
		return float64(v), false, true
	case float64:
		return v, false, true
	case interface{ Float64() float64 }:
		return v.Float64(), false, true
	case ndarray.LongDouble:
		f, _ := v.Float64()
		return f, false, true
	}
	return 0, false, false
}

func (c *Collector) number(f float64, isInt bool, v any) {
	if f != f {
		c.s.Missing++
		return
	}
	c.texts, c.ints = false, c.ints && isInt
	c.m.merge(moments{1, f, 0})
	c.s.Count++
	if len(c.k.values) < maxExact {
		c.k.values = append(c.k.values, f)
	}
	if c.numbers {
		if c.s.Min == nil || f < c.s.Min.(float64) {
			c.s.Min = f
		}
		if c.s.Max == nil || f > c.s.Max.(float64) {
			c.s.Max = f
		}
	}
	bits := math.Float64bits(f + 0)
	key := [9]byte{'n'}
	for i := range 8 {
		key[1+i] = byte(bits >> (8 * i))
	}
	c.distinct(string(key[:]))
}

// maxLong is the greatest number of long texts that a Collector remembers.
const maxLong = 1024

// text adds the text of v, which is s.
func (c *Collector) text(s string, v any) {
	c.numbers, c.ints = false, false
	if id, ok := texts.Identity(v); ok {
		if _, known := c.long[id]; known {
			c.s.Count++
			return
		}
		if c.long == nil || len(c.long) == maxLong {
			c.long = map[texts.ID]any{}
		}
		c.long[id] = v
	}
	if c.s.Count == 0 || s < c.low {
		c.low = s
	}
	if c.s.Count == 0 || s > c.high {
		c.high = s
	}
	c.s.Count++
	c.distinct("s" + s)
}

func (c *Collector) addComplex(z complex128) {
	c.numbers, c.texts = false, false
	if cmplx.IsNaN(z) {
		c.s.Missing++
		return
	}
	c.isCmplx = true
	c.s.Count++
	before := c.complex / complex(math.Max(1, float64(c.s.Count-1)), 0)
	c.complex += z
	after := c.complex / complex(float64(c.s.Count), 0)
	if c.s.Count > 1 {
		d, e := z-before, z-after
		c.squares += real(d)*real(e) + imag(d)*imag(e)
	}
	bits := [17]byte{'c'}
	for i := range 8 {
		bits[1+i] = byte(math.Float64bits(real(z)+0) >> (8 * i))
		bits[9+i] = byte(math.Float64bits(imag(z)+0) >> (8 * i))
	}
	c.distinct(string(bits[:]))
}

// other adds a value that is no number or text: a time, or anything else, which is only counted.
func (c *Collector) other(v any) {
	c.numbers, c.texts = false, false
	c.s.Count++
	t, ok, err := pyvalue.TimeOf(v)
	if !ok || err != nil {
		c.distinct(fmt.Sprintf("o%T ", v) + texts.Sprint(v))
		return
	}
	c.times++
	if c.first.v == nil || t.Before(c.first.t) {
		c.first = moment{v, t}
	}
	if c.last.v == nil || t.After(c.last.t) {
		c.last = moment{v, t}
	}
	c.distinct("t" + t.UTC().Format(time.RFC3339Nano))
}

// moment is a value together with the time that it stands for.
type moment struct {
	v any
	t time.Time
}

// distinct counts a value that has the given key. Keys of different types begin with different
// bytes.
func (c *Collector) distinct(key string) { c.k.distinct.add(xxh3.HashString(key)) }

// Summary returns the statistics of the values added so far.
func (c *Collector) Summary() *Summary {
	s := c.s
	s.Mean, s.Std = any(math.NaN()), math.NaN()
	values := c.k.values
	switch {
	case s.Count == 0:
		values = nil
	case c.texts:
		s.Min, s.Max, values = c.low, c.high, nil
	case c.isCmplx && c.complexOnly():
		s.Mean = c.complex / complex(float64(s.Count), 0)
		s.Std = math.Sqrt(c.squares / float64(s.Count))
	case c.times == s.Count:
		s.Min, s.Max, values = c.first.v, c.last.v, nil
	case !c.numbers:
		s.Min, s.Max, values = nil, nil, nil
	default:
		s.Mean, s.Std = c.m.mean, c.m.std()
	}
	k := sample{values, c.k.distinct}
	s.addSample(&k, len(values) > 0 && int64(len(values)) < s.Count)
	if f, ok := s.Min.(float64); ok && c.ints && math.Abs(f) < 1<<53 &&
		math.Abs(s.Max.(float64)) < 1<<53 {
		s.Min, s.Max = int64(f), int64(s.Max.(float64))
	}
	return &s
}

// complexOnly reports whether there was no real number.
func (c *Collector) complexOnly() bool { return c.m.n == 0 }

// elements returns the statistics of an array of any dtype, element by element.
func elements(a, mask *ndarray.Array) (*Summary, error) {
	c := NewCollector()
	if a.Size() == 0 {
		return c.Summary(), nil
	}
	if mask == nil {
		for v := range a.Elements() {
			c.Add(v)
		}
		return c.Summary(), nil
	}
	for index, v := range a.Indexed() {
		if hidden, _ := mask.At(index...).(bool); hidden {
			v = nil
		}
		c.Add(v)
	}
	return c.Summary(), nil
}
