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

// Field is a field of a Go struct, or of a struct embedded in it.
type Field struct {
	Name      string // of the field, or of its tag
	Index     []int  // for reflect.Value.FieldByIndex
	Type      reflect.Type
	tagged    bool // whether Name is from the tag
	OmitEmpty bool // leave an empty value out when writing
	List      bool // write slices and arrays as lists
}

// Struct has the fields of a struct type in the order of declaration. Those of an embedded struct
// are in its place.
type Struct struct {
	List   []Field
	ByName map[string]int // index in List of each name
	byFold map[string]int // index in List of the first field for each result of Fold
}

// Find returns the index of the field for a key: the field of exactly that name, or else the first
// one whose name differs only in case. exact tells the two apart.
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

// Fold returns a string that is equal for names that differ only in case. Like encoding/json, it
// uses Unicode's simple case folding.
func Fold(name string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			if r != 'k' && r != 's' { // These two also equal letters that are not ASCII.
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

// Cache keeps the fields of struct types.
type Cache struct {
	// Leaf reports whether a struct type is a single value rather than a set of fields. If such a
	// type is embedded in a struct, it is one field there.
	Leaf   func(t reflect.Type) bool
	byType sync.Map // reflect.Type -> *Struct
}

// Of returns the fields of the struct type t that pickles are read into and written from. The rules
// are those of encoding/json:
//
//   - an exported field has its Go name, or the name in its tag: pickle:"name"
//   - pickle:"-" leaves a field out, pickle:"-," names it "-"
//   - pickle:",omitempty" leaves an empty value out when writing
//   - pickle:",list" writes slices and arrays of numbers as lists
//   - the fields of an embedded struct without a name in its tag belong to the outer struct. If
//     several fields have one name, the least nested one is used, among those the one with a tag;
//     if there is no single such field, none is used
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

// embedded is a struct whose fields are still to be collected: the type itself, or one embedded in
// it.
type embedded struct {
	typ   reflect.Type
	index []int
}

// collect goes from the outer structs to the inner ones, level by level, because a name of an outer
// level hides the same name of inner levels.
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
			// If a type is embedded twice in a level, its names conflict, however often it is.
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

// own returns the fields that the struct e declares itself, and the structs embedded in it.
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
		name, options, _ := strings.Cut(tag, ",")
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
		for opt := range strings.SplitSeq(options, ",") {
			f.OmitEmpty = f.OmitEmpty || opt == "omitempty"
			f.List = f.List || opt == "list"
		}
		own = append(own, f)
	}
	return own, inner
}

// dominant returns the field to use among several of one name and level. ok is false if there is
// none.
func dominant(fs []Field) (f Field, ok bool) {
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
