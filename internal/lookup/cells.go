package lookup

import (
	"errors"
	"slices"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/tape"
)

// Part is a target for decoding that takes only the part of a pickle which a pointer leads to.
type Part struct {
	Pointer pointer.Pointer
	// Tokens says to follow only tokens that mean the same in the JSON of to-json: keys and
	// numbers. Done is then how many of the tokens led to the one match.
	Tokens bool
	Done   int
	// CopyText is that of [NewReader].
	CopyText bool
	// First, if it is not 0, is how many items are made at most of a list or tuple that a pointer
	// leads to; Match.Len is then how many it has.
	First int
	// Cell and Value make what the matches hold of a cell and of an object; nil leaves objects.
	Cell    func(p bridge.Pickle, id tape.ID) (any, error)
	Value   func(object any) (any, error)
	Matches []Match
	// Again says that the hooks give the same when they are asked again.
	Again bool
}

// Steps are what the pass over a pickle can look for: the keys and indices that the pointer begins
// with, but the last container's items are left to Cells where they are not one.
func (p *Part) Steps() []tape.Step {
	if p.Tokens {
		return nil
	}
	var steps []tape.Step
	for _, token := range p.Pointer {
		i, isInt := parseInt(token)
		if token == pointer.All || isInt && i < 0 {
			break
		}
		if _, ok := pointer.ParseSubscripts(token); ok && !isInt {
			break
		}
		steps = append(steps, tape.Step{Key: token, Int: i, IsInt: isInt})
	}
	return steps
}

// CellsOf finds the part of a pickle of which the containers from lack items: see [tape.Tape.Cut].
// Only where it returns no error is the part what it would be of the whole pickle.
func (p *Part) CellsOf(from bridge.Pickle, lacking []tape.ID) error {
	w := &cellWalk{part: p, p: from, t: from.Tape()}
	id := w.t.Root()
	for i := range lacking {
		if !slices.ContainsFunc(lacking[i:], func(id tape.ID) bool { return id != 0 }) {
			break
		}
		if lacking[i] != 0 && lacking[i] != id || w.t.IsShared(id) {
			return errElsewhere // the part may hold it
		}
		next, ok, err := w.step(id, p.Pointer[:i], p.Pointer[i])
		if err != nil {
			return err
		}
		if !ok {
			return errElsewhere
		}
		id = next
	}
	return p.Cells(from)
}

// errElsewhere says that what lacks items is not where the pointer leads past them.
var errElsewhere = errors.New("what was left out may be wanted")

// Cells finds the part of a pickle.
func (p *Part) Cells(from bridge.Pickle) error {
	w := &cellWalk{part: p, p: from, t: from.Tape(), r: NewReader(p.CopyText)}
	return w.follow(w.t.Root(), nil, p.Pointer)
}

// Object finds the part of an object.
func (p *Part) Object(v any) error { return p.ObjectAt(v, 0) }

// ObjectAt finds the part of an object that the first done tokens led to.
func (p *Part) ObjectAt(v any, done int) error {
	if p.Tokens {
		p.Matches, p.Done = []Match{{At: p.Pointer[:done], Value: v}}, done
		return nil
	}
	return NewReader(p.CopyText).follow(v, p.Pointer[:done:done], p.Pointer[done:], p.add)
}

// add notes an object that the pointer leads to.
func (p *Part) add(m Match) (err error) {
	if p.Value != nil {
		m.Value, err = p.Value(m.Value)
	}
	p.Matches = append(p.Matches, m)
	return err
}

// cellWalk follows a pointer over cells.
type cellWalk struct {
	part *Part
	p    bridge.Pickle
	t    *tape.Tape
	r    *Reader
}

func (w *cellWalk) follow(id tape.ID, at, rest pointer.Pointer) error {
	for len(rest) > 0 {
		next, ok, err := w.step(id, at, rest[0])
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		id, at, rest = next, at.Child(rest[0]), rest[1:]
	}
	if len(rest) > 0 && !w.part.Tokens {
		if done, err := w.several(id, at, rest); done {
			return err
		}
	}
	if len(rest) == 0 && w.part.Cell != nil {
		v, err := w.part.Cell(w.p, id)
		w.part.Matches = append(w.part.Matches, Match{At: at, Value: v})
		return err
	}
	if kind := w.t.Kind(id); len(rest) == 0 && w.part.First > 0 && w.t.Size(id) > w.part.First &&
		(kind == tape.List || kind == tape.Tuple) && !w.t.HasRuns(id) {
		return w.firstItems(id, at)
	}
	v, err := w.p.Object(id)
	if err != nil {
		return err
	}
	if w.part.Tokens {
		w.part.Done = len(at)
		w.part.Matches = append(w.part.Matches, Match{At: at, Value: v})
		return nil
	}
	return w.r.follow(v, at, rest, w.part.add)
}

// step returns the cell that a token leads to; ok is false where only an object tells.
func (w *cellWalk) step(id tape.ID, at pointer.Pointer, token string) (next tape.ID, ok bool,
	err error) {
	switch w.t.Kind(id) {
	case tape.Dict:
		return w.value(id, at, token)
	case tape.List, tape.Tuple:
		subs, ok := pointer.ParseSubscripts(token)
		if !ok || len(subs) != 1 || subs[0].IsSlice || w.t.HasRuns(id) ||
			w.part.Tokens && (token[0] == '-' || token[len(token)-1] == ',') {
			return 0, false, nil
		}
		i, ok := subs[0].At(w.t.Size(id))
		if !ok {
			return 0, false, nil
		}
		return w.child(id, i), true, nil
	}
	return 0, false, nil
}

// child returns child i of a container.
func (w *cellWalk) child(id tape.ID, i int) tape.ID {
	walk := w.t.Children(id)
	for b := walk.Batch(); ; b = walk.Batch() {
		if i < len(b) {
			return b[i]
		}
		i -= len(b)
	}
}

// value returns the value of a dict that a token leads to.
func (w *cellWalk) value(id tape.ID, at pointer.Pointer, token string) (next tape.ID, ok bool,
	err error) {
	if w.part.Tokens && token != "" && token[0] == '$' {
		return 0, false, nil // which may be a form of JSON
	}
	number, isNumber := parseInt(token)
	simple, byText := true, false
	walk := w.t.Children(id)
	for b := walk.Batch(); b != nil; b = walk.Batch() {
		for i := 0; i < len(b); i += 2 { // of equal keys the last has the value
			switch w.t.Kind(b[i]) {
			case tape.Str:
				if string(w.t.Span(b[i])) == token {
					next, byText = b[i+1], true
				}
			case tape.Int:
				if isNumber && !byText && w.t.Int(b[i]) == number {
					next, ok = b[i+1], true
				}
			default:
				simple = false // it may be equal to another, as 1.0 is to 1
			}
		}
	}
	switch {
	case byText:
		return next, true, nil
	case w.part.Tokens || !simple || token == pointer.All:
		return 0, false, nil
	case ok:
		return next, true, nil
	}
	return 0, false, w.noKey(id, at, token)
}

func parseInt(token string) (int64, bool) {
	i, err := strconv.ParseInt(token, 10, 64)
	return i, err == nil && strconv.FormatInt(i, 10) == token
}

// noKey returns the error of a key that a dict, whose keys are text and ints, does not have.
func (w *cellWalk) noKey(id tape.ID, at pointer.Pointer, token string) error {
	near := pointer.NewNearest(token)
	walk := w.t.Children(id)
	for b := walk.Batch(); b != nil; b = walk.Batch() {
		for i := 0; i < len(b); i += 2 {
			near.Add(w.key(b[i]))
		}
	}
	return notNamed(at, token, "a dict", near)
}

// key returns the token of a key that is text or an int.
func (w *cellWalk) key(id tape.ID) string {
	if w.t.Kind(id) == tape.Int {
		return strconv.FormatInt(w.t.Int(id), 10)
	}
	return string(w.t.Span(id))
}

// several follows a token that leads to several cells; done is false where only an object tells.
func (w *cellWalk) several(id tape.ID, at, rest pointer.Pointer) (done bool, err error) {
	token := rest[0]
	switch w.t.Kind(id) {
	case tape.Dict:
		if token != pointer.All || !w.t.OnlyStrKeys(id) {
			return false, nil
		}
		return true, w.allValues(id, at, rest[1:])
	case tape.List, tape.Tuple:
		if w.t.HasRuns(id) {
			return false, nil
		}
		if token == pointer.All {
			return true, w.allItems(id, at, rest[1:])
		}
		subs, ok := pointer.ParseSubscripts(token)
		if !ok || len(subs) != 1 || !subs[0].IsSlice {
			return false, nil
		}
		return true, w.slice(id, subs[0], at.Child(token), rest[1:])
	}
	return false, nil
}

// slice follows the rest of a pointer from the list of some children.
func (w *cellWalk) slice(id tape.ID, s pointer.Subscript, at, rest pointer.Pointer) error {
	start, step, count := s.Range(w.t.Size(id))
	ids := take(w.t.Items(id), start, step, count)
	list := make(types.List, len(ids))
	for i, id := range ids {
		var err error
		if list[i], err = w.p.Object(id); err != nil {
			return err
		}
	}
	return w.r.follow(&list, at, rest, w.part.add)
}

// firstItems makes the first items of a list.
func (w *cellWalk) firstItems(id tape.ID, at pointer.Pointer) error {
	list := make(types.List, 0, w.part.First)
	walk := w.t.Children(id)
	for b := walk.Batch(); b != nil && len(list) < w.part.First; b = walk.Batch() {
		for _, child := range b[:min(len(b), w.part.First-len(list))] {
			v, err := w.p.Object(child)
			if err != nil {
				return err
			}
			list = append(list, v)
		}
	}
	w.part.Matches = append(w.part.Matches, Match{At: at, Value: &list, Len: w.t.Size(id)})
	return nil
}

// allItems follows the rest of a pointer from every child of a list.
func (w *cellWalk) allItems(id tape.ID, at, rest pointer.Pointer) error {
	var all branches
	i := 0
	walk := w.t.Children(id)
	for b := walk.Batch(); b != nil; b = walk.Batch() {
		for _, child := range b {
			if err := all.note(w.follow(child, at.Child(strconv.Itoa(i)), rest)); err != nil {
				return err
			}
			i++
		}
	}
	return all.result(at)
}

// allValues follows the rest of a pointer from every value of a dict whose keys are text.
func (w *cellWalk) allValues(id tape.ID, at, rest pointer.Pointer) error {
	ids := w.t.Items(id)
	last := make(map[string]tape.ID, len(ids)/2) // of equal keys
	order := make([]string, 0, len(ids)/2)
	for i := 0; i < len(ids); i += 2 {
		key := string(w.t.Span(ids[i]))
		if _, met := last[key]; !met {
			order = append(order, key)
		}
		last[key] = ids[i+1]
	}
	var all branches
	for _, key := range order {
		if err := all.note(w.follow(last[key], at.Child(key), rest)); err != nil {
			return err
		}
	}
	return all.result(at)
}

// branches are the ways that a * takes.
type branches struct {
	found bool
	first error // of one that leads nowhere
}

// note returns an error but where the way leads nowhere.
func (b *branches) note(err error) error {
	switch {
	case err == nil:
		b.found = true
	case !errors.Is(err, ErrNotFound):
		return err
	case b.first == nil:
		b.first = err
	}
	return nil
}

// result is the error of a * that found nothing.
func (b *branches) result(at pointer.Pointer) error {
	switch {
	case b.found:
		return nil
	case b.first != nil:
		return b.first
	}
	return &NotFoundError{At: at, Token: pointer.All, Reason: "empty"}
}
