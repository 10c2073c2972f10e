package pickle

import (
	"bytes"
	"math"
	"reflect"
	"strings"
	"testing"
)

// sparseRecord has fields of each kind that are left out if they are empty, some of them in
// embedded structs behind pointers.
type (
	sparseRecord struct {
		Flag    bool              `pickle:"omitempty"`
		Small   int8              `pickle:"omitempty"`
		Short   uint16            `pickle:"omitempty"`
		Middle  int32             `pickle:"omitempty"`
		Wide    uint64            `pickle:"omitempty"`
		Half    float32           `pickle:"omitempty"`
		Value   float64           `pickle:"omitempty"`
		Complex complex128        `pickle:"omitempty"`
		Text    string            `pickle:"omitempty"`
		List    []string          `pickle:"omitempty"`
		Raw     []byte            `pickle:"omitempty"`
		Map     map[string]any    `pickle:"omitempty"`
		Other   map[string]string `pickle:"omitempty"`
		None    [0]int            `pickle:"omitempty"`
		Pair    [2]int            `pickle:"omitempty"`
		Inner   fastInner         `pickle:"omitempty"`
		Next    *sparseRecord     `pickle:"omitempty"`
		Any     any               `pickle:"omitempty"`
		Always  int
		Near    nearRecord `pickle:"embed"`
	}
	nearRecord struct {
		Before uint8
		Far    *farRecord `pickle:"embed"`
	}
	farRecord struct {
		FarText string `pickle:"omitempty"`
		FarAny  any
		Last    *lastRecord `pickle:"embed"`
	}
	lastRecord struct{ LastText, LastOther string }
)

// sparseFields is lowerFields with OmitEmpty as the tags of sparseRecord say.
func sparseFields(t reflect.Type) []Field {
	if t != reflect.TypeFor[sparseRecord]() {
		return lowerFields(t)
	}
	var out []Field
	var add func(t reflect.Type, index []int)
	add = func(t reflect.Type, index []int) {
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		for i := range t.NumField() {
			f := t.Field(i)
			at := append(index[:len(index):len(index)], i)
			if f.Tag.Get("pickle") == "embed" {
				add(f.Type, at)
				continue
			}
			out = append(out, Field{Name: strings.ToLower(f.Name), Index: at,
				OmitEmpty: f.Tag.Get("pickle") == "omitempty"})
		}
	}
	add(t, nil)
	return out
}

// sparse returns a random sparseRecord, or a list of them.
func (m *treeMaker) sparse(depth int) any {
	some := func() bool { return m.r.IntN(3) == 0 }
	make1 := func(s *sparseRecord) {
		v := reflect.ValueOf(s).Elem()
		for i := range v.NumField() {
			switch f := v.Field(i); {
			case !some():
			case f.CanInt():
				f.SetInt(int64(1 + m.r.IntN(100)))
			case f.CanUint():
				f.SetUint(uint64(1 + m.r.IntN(100)))
			case f.CanFloat():
				f.SetFloat([]float64{math.Copysign(0, -1), 1.5, math.NaN()}[m.r.IntN(3)])
			case f.Kind() == reflect.String:
				f.SetString(m.text())
			}
		}
		s.Flag = some()
		if some() {
			s.Complex, s.List, s.Raw = complex(0, 1), []string{m.text()}, []byte(m.text())
		}
		if some() {
			s.Map, s.Other = map[string]any{"k": m.goTree(depth)}, map[string]string{}
			for range m.r.IntN(4) {
				s.Other[m.text()] = m.text()
			}
			if m.r.IntN(50) == 0 {
				s.Other["large"] = strings.Repeat("x", frameTarget)
			}
		} else if some() {
			s.List, s.Map, s.Other = []string{}, map[string]any{}, map[string]string{}
		}
		if some() {
			s.Any = m.goTree(depth)
		}
		if some() {
			s.Near.Far = &farRecord{FarText: m.text(), FarAny: m.goTree(depth)}
			if some() {
				s.Near.Far.Last = &lastRecord{m.text(), m.text()}
			}
		}
		if x, ok := m.goTree(depth).(*sparseRecord); ok {
			s.Next = x
		}
	}
	if some() {
		list := make([]sparseRecord, m.r.IntN(4))
		for i := range list {
			make1(&list[i])
		}
		return list
	}
	s := new(sparseRecord)
	make1(s)
	if some() {
		return *s
	}
	return s
}

// TestManyOmitted writes structs with omitted fields that have as many fields as a word has bits,
// and more.
func TestManyOmitted(t *testing.T) {
	for _, n := range []int{1, 63, 64, 65, 130} {
		var fields []reflect.StructField
		for i := range n {
			name := "F" + strings.Repeat("a", i)
			fields = append(fields, reflect.StructField{Name: name, Type: reflect.TypeFor[int]()})
		}
		v := reflect.New(reflect.StructOf(fields))
		want := map[string]any{}
		for i := 0; i < n; i += 3 {
			v.Elem().Field(i).SetInt(int64(i + 1))
			want[fields[i].Name] = i + 1
		}
		p := Pickler{Fields: func(t reflect.Type) []Field {
			var out []Field
			for i := range t.NumField() {
				out = append(out, Field{Name: t.Field(i).Name, Index: []int{i}, OmitEmpty: true})
			}
			return out
		}}
		for _, x := range []any{v.Interface(), v.Elem().Interface()} {
			got, err := p.Dumps(x)
			if err != nil {
				t.Fatal(err)
			}
			wanted, err := Dumps(want) // in the order of the keys, which is that of the fields
			if err != nil || !bytes.Equal(got, wanted) {
				t.Errorf("%d fields: %v, %s", n, err, firstDifference(got, wanted))
			}
		}
	}
}
