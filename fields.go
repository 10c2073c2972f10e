package unpkl

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// field is one field of a Go struct as a pickle sees it.
type field struct {
	name      string
	index     []int // as reflect.Value.FieldByIndex takes it
	typ       reflect.Type
	tagged    bool
	omitEmpty bool
	list      bool // write slices and arrays as lists
}

// structFields are the fields of a struct type in the order of declaration, those
// of embedded structs in place.
type structFields struct {
	list   []field
	byName map[string]int // index into list
}

// fieldCache keeps the fields of struct types once they have been collected.
type fieldCache struct {
	// leaf reports that a struct type is one value rather than a set of fields. Its fields are not
	// those of a struct that embeds it.
	leaf   func(t reflect.Type) bool
	byType sync.Map // reflect.Type -> *structFields
}

// of returns the fields of the struct type t that pickles are read into and
// written from. The rules are encoding/json's, except that names match as written:
//
//   - an exported field has its Go name, or the name in its tag: pickle:"name"
//   - pickle:"-" leaves a field out, pickle:"-," names it "-"
//   - pickle:",omitempty" leaves an empty value out when writing
//   - pickle:",list" writes slices and arrays of numbers as lists
//   - the fields of an embedded struct without a name in its tag belong to the
//     outer struct; where names meet, the least nested wins, then the one with a
//     tag; if that leaves several, none is used
func (c *fieldCache) of(t reflect.Type) *structFields {
	if f, ok := c.byType.Load(t); ok {
		return f.(*structFields)
	}
	f, _ := c.byType.LoadOrStore(t, c.collect(t))
	return f.(*structFields)
}

// embedded is a struct whose fields are still to be collected.
type embedded struct {
	typ   reflect.Type
	index []int
}

// collect goes level by level, so that a name of an outer level is decided
// before those that it hides are seen.
func (c *fieldCache) collect(t reflect.Type) *structFields {
	var kept []field
	decided := map[string]bool{}
	visited := map[reflect.Type]bool{}
	for level := []embedded{{typ: t}}; len(level) > 0; {
		var next []embedded
		found := map[string][]field{}
		times := map[reflect.Type]int{}
		for _, e := range level {
			times[e.typ]++
			// Twice is enough for its names to clash with themselves.
			if visited[e.typ] || times[e.typ] > 2 {
				continue
			}
			own, inner := c.own(e)
			for _, f := range own {
				found[f.name] = append(found[f.name], f)
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
	slices.SortFunc(kept, func(a, b field) int { return slices.Compare(a.index, b.index) })
	s := &structFields{list: kept, byName: make(map[string]int, len(kept))}
	for i, f := range kept {
		s.byName[f.name] = i
	}
	return s
}

// own returns the fields of e itself and the structs embedded in it.
func (c *fieldCache) own(e embedded) (own []field, inner []embedded) {
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
		if embeds && name == "" && !c.leaf(target) {
			inner = append(inner, embedded{target, index})
			continue
		}
		if !sf.IsExported() {
			continue
		}
		f := field{name: name, index: index, typ: sf.Type, tagged: name != ""}
		if name == "" {
			f.name = sf.Name
		}
		for opt := range strings.SplitSeq(rest, ",") {
			f.omitEmpty = f.omitEmpty || opt == "omitempty"
			f.list = f.list || opt == "list"
		}
		own = append(own, f)
	}
	return own, inner
}

// dominant picks among fields of one name at one level.
func dominant(fs []field) (field, bool) {
	if len(fs) == 1 {
		return fs[0], true
	}
	var only field
	tagged := 0
	for _, f := range fs {
		if f.tagged {
			only = f
			tagged++
		}
	}
	return only, tagged == 1
}
