// Package fields says which fields of a Go struct a pickle is read into and written from.
package fields

import (
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Field is one field of a Go struct as a pickle sees it.
type Field struct {
	Name      string
	Index     []int // as reflect.Value.FieldByIndex takes it
	Type      reflect.Type
	tagged    bool
	OmitEmpty bool
	List      bool // write slices and arrays as lists
}

// Struct are the fields of a struct type in the order of declaration, those
// of embedded structs in place.
type Struct struct {
	List   []Field
	ByName map[string]int // index into list
	// byFold is the index of the first field of a name without case, see Fold.
	byFold map[string]int
}

// Find returns the index of the field that a key names: that of just this name, or else the first
// of this name without case. exact tells which.
func (s *Struct) Find(name string) (index int, exact, ok bool) {
	if i, ok := s.ByName[name]; ok {
		return i, true, true
	}
	if len(s.byFold) == 0 {
		return 0, false, false
	}
	i, ok := s.byFold[Fold(name)]
	return i, false, ok
}

// Fold returns a text that is the same for names that differ in case alone, by Unicode's simple
// folding, as encoding/json compares them.
func Fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			if r != 'k' && r != 's' { // which are folded with letters that are not ASCII
				return r
			}
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return unicode.ToLower(least)
	}, name)
}

// Cache keeps the fields of struct types once they have been collected.
type Cache struct {
	// leaf reports that a struct type is one value rather than a set of fields. Its fields are not
	// those of a struct that embeds it.
	Leaf   func(t reflect.Type) bool
	byType sync.Map // reflect.Type -> *Struct
}

// Of returns the fields of the struct type t that pickles are read into and
// written from. The rules are encoding/json's:
//
//   - an exported field has its Go name, or the name in its tag: pickle:"name"
//   - pickle:"-" leaves a field out, pickle:"-," names it "-"
//   - pickle:",omitempty" leaves an empty value out when writing
//   - pickle:",list" writes slices and arrays of numbers as lists
//   - the fields of an embedded struct without a name in its tag belong to the
//     outer struct; where names meet, the least nested wins, then the one with a
//     tag; if that leaves several, none is used
func (c *Cache) Of(t reflect.Type) *Struct {
	if f, ok := c.byType.Load(t); ok {
		return f.(*Struct)
	}
	f, _ := c.byType.LoadOrStore(t, c.collect(t))
	return f.(*Struct)
}

func has(m map[string]int, key string) bool {
	_, ok := m[key]
	return ok
}

// embedded is a struct whose fields are still to be collected.
type embedded struct {
	typ   reflect.Type
	index []int
}

// collect goes level by level, so that a name of an outer level is decided
// before those that it hides are seen.
func (c *Cache) collect(t reflect.Type) *Struct {
	var kept []Field
	decided := map[string]bool{}
	visited := map[reflect.Type]bool{}
	for level := []embedded{{typ: t}}; len(level) > 0; {
		var next []embedded
		found := map[string][]Field{}
		times := map[reflect.Type]int{}
		for _, e := range level {
			times[e.typ]++
			// Twice is enough for its names to clash with themselves.
			if visited[e.typ] || times[e.typ] > 2 {
				continue
			}
			own, inner := c.own(e)
			for _, f := range own {
				found[f.Name] = append(found[f.Name], f)
			}
			next = append(next, inner...)
		}
		for typ := range times {
			visited[typ] = true
		}
		for name, fs := range found {
			if decided[name] {
				continue
			}
			decided[name] = true
			if f, ok := dominant(fs); ok {
				kept = append(kept, f)
			}
		}
		level = next
	}
	slices.SortFunc(kept, func(a, b Field) int { return slices.Compare(a.Index, b.Index) })
	s := &Struct{
		List: kept, ByName: make(map[string]int, len(kept)),
		byFold: make(map[string]int, len(kept)),
	}
	for i, f := range kept {
		s.ByName[f.Name] = i
		if fold := Fold(f.Name); !has(s.byFold, fold) {
			s.byFold[fold] = i
		}
	}
	return s
}

// own returns the fields of e itself and the structs embedded in it.
func (c *Cache) own(e embedded) (own []Field, inner []embedded) {
	for i := range e.typ.NumField() {
		sf := e.typ.Field(i)
		target := sf.Type
		if target.Kind() == reflect.Pointer {
			target = target.Elem()
		}
		embeds := sf.Anonymous && target.Kind() == reflect.Struct
		// An embedded pointer to an unexported struct cannot be set by reflection.
		if !sf.IsExported() && (!embeds || sf.Type.Kind() == reflect.Pointer) {
			continue
		}
		tag := sf.Tag.Get("pickle")
		if tag == "-" {
			continue
		}
		name, rest, _ := strings.Cut(tag, ",")
		index := append(slices.Clone(e.index), i)
		if embeds && name == "" && !c.Leaf(target) {
			inner = append(inner, embedded{target, index})
			continue
		}
		if !sf.IsExported() {
			continue
		}
		f := Field{Name: name, Index: index, Type: sf.Type, tagged: name != ""}
		if name == "" {
			f.Name = sf.Name
		}
		for opt := range strings.SplitSeq(rest, ",") {
			f.OmitEmpty = f.OmitEmpty || opt == "omitempty"
			f.List = f.List || opt == "list"
		}
		own = append(own, f)
	}
	return own, inner
}

// dominant picks among fields of one name at one level.
func dominant(fs []Field) (Field, bool) {
	if len(fs) == 1 {
		return fs[0], true
	}
	var only Field
	tagged := 0
	for _, f := range fs {
		if f.tagged {
			only = f
			tagged++
		}
	}
	return only, tagged == 1
}
