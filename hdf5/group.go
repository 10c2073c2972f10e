package hdf5

import (
	"cmp"
	"iter"
	"slices"
)

// Group is a set of named links to objects. It is safe for concurrent use.
type Group struct {
	object
	links linkSource
}

// Link returns the link with a name, without following it, or an error of the kind ErrNotFound. In
// a large group this is a search in a tree, not a scan of all members.
func (g *Group) Link(name string) (Link, error) {
	if err := g.f.enter(); err != nil {
		return Link{}, err
	}
	defer g.f.leave()
	return g.link(name)
}

func (g *Group) link(name string) (Link, error) {
	l, ok, err := g.links.find(name)
	if err == nil && !ok {
		return l, &Error{Path: join(g.path, name), Offset: -1, Kind: ErrNotFound, Text: "not found"}
	}
	return l, withPath(err, g.path)
}

// Links iterates over the links in the order of creation if the group keeps it, else in the order
// of their names. All links are read before the first is yielded. An error ends the iteration.
func (g *Group) Links() iter.Seq2[Link, error] {
	return func(yield func(Link, error) bool) {
		links, err := g.all()
		if err != nil {
			yield(Link{}, err)
			return
		}
		for _, l := range links {
			if !yield(l, nil) {
				return
			}
		}
	}
}

// Names returns the names of the group's links, in the order of [Group.Links].
func (g *Group) Names() ([]string, error) {
	links, err := g.all()
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = l.Name
	}
	return names, err
}

// all returns all links in order.
func (g *Group) all() ([]Link, error) {
	if err := g.f.enter(); err != nil {
		return nil, err
	}
	defer g.f.leave()
	var links []Link
	ordered := true
	err := g.links.each(func(l Link) error {
		if int64(len(links)) == g.f.opts.members {
			return errorf(ErrLimit, "more than %d members", g.f.opts.members)
		}
		ordered = ordered && l.Order >= 0
		links = append(links, l)
		return nil
	})
	if err != nil {
		return nil, withPath(err, g.path)
	}
	slices.SortFunc(links, func(a, b Link) int {
		if ordered {
			return cmp.Compare(a.Order, b.Order)
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return links, nil
}

// Object returns the object at a path from the group, or from the root if it begins with
// "/"; see [File.Object].
func (g *Group) Object(path string) (Object, error) {
	if err := g.f.enter(); err != nil {
		return nil, err
	}
	defer g.f.leave()
	hops := maxHops
	return g.f.lookup(g.h.addr, g.path, path, &hops)
}

// Dataset returns the dataset at a path from the group; see [Group.Object].
func (g *Group) Dataset(path string) (*Dataset, error) { return as[*Dataset](g.Object(path)) }

// Group returns the group at a path from the group; see [Group.Object].
func (g *Group) Group(path string) (*Group, error) { return as[*Group](g.Object(path)) }

// member returns the object to which the link with a name leads.
func (g *Group) member(name string, hops *int) (Object, error) {
	l, err := g.link(name)
	if err != nil {
		return nil, err
	}
	return g.follow(l, hops)
}

// Follow returns the object that a link of the group leads to; see [File.Object].
func (g *Group) Follow(l Link) (Object, error) {
	if err := g.f.enter(); err != nil {
		return nil, err
	}
	defer g.f.leave()
	hops := maxHops
	return g.follow(l, &hops)
}

// follow is Follow; hops counts down the soft and external links.
func (g *Group) follow(l Link, hops *int) (Object, error) {
	path := join(g.path, l.Name)
	if l.Kind == LinkHard {
		o, err := g.f.object(l.addr, path)
		return o, withLocation(err, path, l.off)
	}
	if *hops--; *hops < 0 {
		return nil, &Error{Path: path, Offset: l.off, Kind: ErrLimit,
			Text: "links that lead to links without end"}
	}
	switch l.Kind {
	case LinkSoft:
		o, err := g.f.lookup(g.h.addr, g.path, l.Target, hops)
		if err != nil {
			return nil, err
		}
		return o, nil
	case LinkExternal:
		other, err := g.f.openExternalHDF5(l.File)
		if err != nil {
			return nil, withPath(err, path)
		}
		return other.lookup(other.sb.root, "/", l.Target, hops)
	}
	return nil, &Error{Path: path, Offset: l.off, Kind: ErrUnsupported,
		Text: "a link that an application defined"}
}

// Walk iterates over the group and everything below it: a group before its members, and members in
// the order of [Group.Links]. Each object is yielded once, even if several hard links lead to it,
// so that cycles end. Soft and external links are not followed.
//
// An error comes with the object that it is about, or with nil. If the loop goes on, so does the
// walk, without what cannot be read.
func (g *Group) Walk() iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		type todo struct {
			in   *Group
			link Link
		}
		if g.h == nil {
			yield(nil, g.f.enter()) // an error: no file is open
			return
		}
		seen := map[uint64]bool{g.h.addr: true}
		if !yield(g, nil) {
			return
		}
		var stack []todo
		push := func(in *Group) error {
			links, err := in.all()
			for _, l := range slices.Backward(links) {
				if l.Kind == LinkHard {
					stack = append(stack, todo{in, l})
				}
			}
			return err
		}
		if err := push(g); err != nil && !yield(g, err) {
			return
		}
		for len(stack) > 0 {
			next := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if seen[next.link.addr] {
				continue
			}
			seen[next.link.addr] = true
			o, err := next.in.Follow(next.link)
			if !yield(o, err) {
				return
			}
			if in, ok := o.(*Group); ok && err == nil {
				if err := push(in); err != nil && !yield(in, err) {
					return
				}
			}
		}
	}
}

// Walk iterates over all objects of the file; see [Group.Walk].
func (f *File) Walk() iter.Seq2[Object, error] {
	return func(yield func(Object, error) bool) {
		g, err := f.Root()
		if err != nil {
			yield(nil, err)
			return
		}
		for o, err := range g.Walk() {
			if !yield(o, err) {
				return
			}
		}
	}
}
