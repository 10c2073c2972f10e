package lookup

import (
	"errors"
	"math"
	"strconv"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/pointer"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/pickle"
)

// Part is a target for decoding that takes only the part of a pickle which a pointer leads to.
type Part struct {
	Pointer pointer.Pointer
	// Tokens says to follow only tokens that mean the same in the JSON of to-json: keys and
	// numbers. Done is then how many of the tokens led to the one match.
	// Shared are then those of the lists, tuples, dicts, sets and objects in it that may be met
	// more than once: nil where nothing is known.
	Tokens bool
	Done   int
	Shared map[any]bool
	// CopyText is that of [NewReader].
	CopyText bool
	// Rows, if it is not nil, says which items are wanted of a list, tuple or dict of n that a
	// pointer leads to: their indices, ascending. It must say the same each time. FirstRows is how
	// many of the first items are among them whatever n is.
	Rows      func(n int) []int
	FirstRows int
	// Flat says that of the items of a row the containers need not have theirs.
	Flat bool
	// Tree, if it is not nil, says instead that only the beginnings of containers inside each other
	// are wanted. The Value of the one match is then not resolved.
	Tree *Tree
	// Cell and Value make what the matches hold of a cell and of an object; nil leaves objects.
	Cell    func(p bridge.Pickle, id tape.ID) (any, error)
	Value   func(object any) (any, error)
	Matches []Match
	// Again says that the hooks give the same when they are asked again.
	Again bool

	rows []tape.Range // what a pass left out although Rows wants it, with the rest of what it wants
}

// Steps are what the pass over a pickle can look for: the keys and indices that the pointer begins
// with, and then what is wanted of the last container.
func (p *Part) Steps() []tape.Step {
	if p.Tokens {
		return nil
	}
	if p.Tree != nil {
		return p.Tree.steps()
	}
	var steps []tape.Step
	for _, token := range p.Pointer {
		step, ok := stepOf(token)
		if !ok {
			return steps
		}
		steps = append(steps, step)
		if step.Some != nil && token != pointer.All {
			return steps // the next token is of the list of these
		}
	}
	switch {
	case p.rows != nil:
		return append(steps, p.rowsSteps(p.rows)...)
	case p.Rows != nil && p.FirstRows > 0:
		return append(steps, p.rowsSteps([]tape.Range{{To: p.FirstRows}})...)
	}
	return steps
}

// rowsSteps are the steps to some rows.
func (p *Part) rowsSteps(wanted []tape.Range) []tape.Step {
	rows := someStep(wanted)
	if !p.Flat {
		return []tape.Step{rows}
	}
	rows.Some.Flat = true
	return []tape.Step{rows, {Some: &tape.Some{Wanted: tape.All().Wanted}}}
}

// someStep is the step to some items, with all that they hold.
func someStep(wanted []tape.Range) tape.Step {
	return tape.Step{Some: &tape.Some{Wanted: wanted, Into: math.MaxInt}}
}

// stepOf returns the step of a token; ok is false for one that a pass cannot look for.
func stepOf(token string) (step tape.Step, ok bool) {
	if token == pointer.All {
		return tape.Step{Some: tape.All()}, true
	}
	if i, isInt := parseInt(token); isInt {
		return tape.Step{Key: token, Int: i, IsInt: true}, i >= 0
	}
	subs, isSubscript := pointer.ParseSubscripts(token)
	switch {
	case !isSubscript:
		return tape.Step{Key: token}, true
	case len(subs) > 1 || !subs[0].IsSlice || subs[0].Step != nil && *subs[0].Step < 1:
		return step, false
	}
	r := tape.Range{To: math.MaxInt}
	if start := subs[0].Start; start != nil {
		r.From = *start
	}
	if stop := subs[0].Stop; stop != nil {
		r.To = *stop
	}
	step = someStep([]tape.Range{r})
	step.Some.Lists = true
	return step, r.From >= 0 && r.To > r.From
}

// CellsOf finds the part of a pickle of which containers lack items: see [tape.Tape.Cut]. Only
// where it returns no error is the part what it would be of the whole pickle. again says then to
// read the pickle again with the Steps that there are now.
func (p *Part) CellsOf(from bridge.Pickle) (again bool, err error) {
	steps := p.Steps()
	w := &cellWalk{part: p, p: from, t: from.Tape(), r: NewReader(p.CopyText),
		steps: len(steps), lacks: map[tape.ID]*tape.Lack{}}
	if p.Tree == nil && len(steps) > len(p.Pointer) {
		w.rows = steps[len(p.Pointer)].Some
	}
	for _, l := range w.t.Lacks() {
		w.lacks[l.ID] = l
	}
	if p.Tree != nil {
		return false, w.tree()
	}
	before := p.rows
	err = w.follow(w.t.Root(), nil, p.Pointer)
	if again = err == errRows && before == nil; again {
		p.Matches = nil
	}
	return again, err
}

var (
	// errElsewhere says that what lacks items is not where the pointer leads past them.
	errElsewhere = errors.New("what was left out may be wanted")
	// errRows says that what Part.Rows wants was left out.
	errRows = errors.New("rows were left out")
)

// Cells finds the part of a pickle.
func (p *Part) Cells(from bridge.Pickle) error {
	w := &cellWalk{part: p, p: from, t: from.Tape(), r: NewReader(p.CopyText)}
	if p.Tree != nil {
		return w.tree()
	}
	return w.follow(w.t.Root(), nil, p.Pointer)
}

// Object finds the part of an object.
func (p *Part) Object(v any) error { return p.ObjectAt(v, 0) }

// ObjectAt finds the part of an object that the first done tokens led to.
func (p *Part) ObjectAt(v any, done int) error {
	if p.Tokens || p.Tree != nil {
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
	// steps is how many steps the pass looked for, and lacks what it left out, if it did.
	steps int
	lacks map[tape.ID]*tape.Lack
	rows  *tape.Some // the rows that it looked for
}

// object returns the object of a cell that at leads to. Of what the pass left out something of
// there is none.
func (w *cellWalk) object(id tape.ID, at pointer.Pointer) (any, error) {
	if kind := w.t.Kind(id); len(at) < w.steps && (kind == tape.List || kind == tape.Dict) {
		return nil, errElsewhere
	}
	return w.p.Object(id)
}

// size returns how many items a list or tuple has, or entries a dict.
func (w *cellWalk) size(id tape.ID) int {
	if l := w.lacks[id]; l != nil {
		return l.N
	}
	if w.t.Kind(id) == tape.Dict {
		return w.t.Size(id) / 2
	}
	return w.t.Size(id)
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
		if len(at) < w.steps {
			return errElsewhere
		}
		v, err := w.part.Cell(w.p, id)
		w.part.Matches = append(w.part.Matches, Match{At: at, Value: v})
		return err
	}
	if len(rest) == 0 && w.part.Rows != nil {
		if done, err := w.someItems(id, at); done {
			return err
		}
	}
	v, err := w.object(id, at)
	if err != nil {
		return err
	}
	if w.part.Tokens {
		w.part.Done, w.part.Shared = len(at), w.shared()
		w.part.Matches = append(w.part.Matches, Match{At: at, Value: v})
		return nil
	}
	return w.r.follow(v, at, rest, w.part.add)
}

// shared returns the containers that may be met more than once, after the object of a cell was
// made: those that the pickle fetches, and those that were made before its end.
func (w *cellWalk) shared() map[any]bool {
	all := map[any]bool{}
	for id := range tape.ID(w.t.Len()) {
		if w.t.Kind(id) != tape.Value {
			continue
		}
		switch v := w.t.Value(id).(type) {
		case *types.List, *types.Tuple, *types.Dict, *pickle.Set, *pickle.FrozenSet,
			*pickle.Object:
			all[v] = true
		}
	}
	return all
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
		i, ok := subs[0].At(w.size(id))
		if !ok {
			return 0, false, nil
		}
		next, ok = w.child(id, i)
		return next, ok, nil
	}
	return 0, false, nil
}

// child returns item i of a list or tuple, if the pass did not leave it out.
func (w *cellWalk) child(id tape.ID, i int) (child tape.ID, ok bool) {
	if l := w.lacks[id]; l != nil {
		if i, ok = l.Place(i); !ok {
			return 0, false
		}
	}
	walk := w.t.Children(id)
	for b := walk.Batch(); ; b = walk.Batch() {
		if i < len(b) {
			return b[i], true
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
	start, step, count := s.Range(w.size(id))
	if count == 0 {
		start = 0
	} else if l := w.lacks[id]; l != nil {
		first, ok1 := l.Place(start)
		last, ok2 := l.Place(start + (count-1)*step)
		if !ok1 || !ok2 || last-first != (count-1)*step {
			return errElsewhere
		}
		start = first
	}
	list := make(types.List, count)
	for i, id := range take(w.t.Items(id), start, step, count) {
		var err error
		if list[i], err = w.object(id, at); err != nil {
			return err
		}
	}
	return w.r.follow(&list, at, rest, w.part.add)
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
