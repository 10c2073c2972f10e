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
	JSONTokens       bool
	TokensUsed       int
	SharedContainers map[any]bool
	// CopyText is that of [NewReader].
	CopyText bool
	// Rows, if it is not nil, says which items are wanted of a list, tuple or dict of n that a
	// pointer leads to: their indices, ascending. It must say the same each time. FirstRows is how
	// many of the first items are among them whatever n is.
	Rows      func(n int) []int
	FirstRows int
	// Flat says that of the items of a row the containers need not have theirs.
	ShallowRows bool
	// Tree, if it is not nil, says instead that only the beginnings of containers inside each other
	// are wanted. The Value of the one match is then not resolved.
	Tree *Tree
	// Cell and Value make what the matches hold of a cell and of an object; nil leaves objects.
	ConvertCell   func(p bridge.Pickle, id tape.ID) (any, error)
	ConvertObject func(object any) (any, error)
	Matches       []Match
	// Again says that the hooks give the same when they are asked again.
	RepeatableHooks bool

	wantedRows []tape.Range // what a pass left out although Rows wants it, with the rest of what it wants
}

// Steps are what the pass over a pickle can look for: the keys and indices that the pointer begins
// with, and then what is wanted of the last container.
func (p *Part) Path() []tape.PathStep {
	if p.JSONTokens {
		return nil
	}
	if p.Tree != nil {
		return p.Tree.path()
	}
	var steps []tape.PathStep
	for _, token := range p.Pointer {
		step, ok := stepOf(token)
		if !ok {
			return steps
		}
		steps = append(steps, step)
		if step.Selection != nil && token != pointer.All {
			return steps // the next token is of the list of these
		}
	}
	switch {
	case p.wantedRows != nil:
		return append(steps, p.rowsPath(p.wantedRows)...)
	case p.Rows != nil && p.FirstRows > 0:
		return append(steps, p.rowsPath([]tape.Range{{To: p.FirstRows}})...)
	}
	return steps
}

// rowsSteps are the steps to some rows.
func (p *Part) rowsPath(wanted []tape.Range) []tape.PathStep {
	rows := selectStep(wanted)
	if !p.ShallowRows {
		return []tape.PathStep{rows}
	}
	rows.Selection.DictKeysOnly = true
	return []tape.PathStep{rows, {Selection: &tape.Selection{Wanted: tape.AllItems().Wanted}}}
}

// someStep is the step to some items, with all that they hold.
func selectStep(wanted []tape.Range) tape.PathStep {
	return tape.PathStep{Selection: &tape.Selection{Wanted: wanted, ContentsBelow: math.MaxInt}}
}

// stepOf returns the step of a token; ok is false for one that a pass cannot look for.
func stepOf(token string) (step tape.PathStep, ok bool) {
	if token == pointer.All {
		return tape.PathStep{Selection: tape.AllItems()}, true
	}
	if i, isInt := parseInt(token); isInt {
		return tape.PathStep{Key: token, Int: i, IsInt: true}, i >= 0
	}
	subs, isSubscript := pointer.ParseSubscripts(token)
	switch {
	case !isSubscript:
		return tape.PathStep{Key: token}, true
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
	step = selectStep([]tape.Range{r})
	step.Selection.ListsOnly = true
	return step, r.From >= 0 && r.To > r.From
}

// CellsOf finds the part of a pickle of which containers lack items: see [tape.Tape.Cut]. Only
// where it returns no error is the part what it would be of the whole pickle. again says then to
// read the pickle again with the Steps that there are now.
func (p *Part) FindInPartial(from bridge.Pickle) (again bool, err error) {
	steps := p.Path()
	w := &cellWalk{part: p, p: from, t: from.Tape(), r: NewReader(p.CopyText),
		pathLen: len(steps), partials: map[tape.ID]*tape.Partial{}}
	if p.Tree == nil && len(steps) > len(p.Pointer) {
		w.rowSelection = steps[len(p.Pointer)].Selection
	}
	for _, l := range w.t.Partials() {
		w.partials[l.ID] = l
	}
	if p.Tree != nil {
		return false, w.makeTree()
	}
	before := p.wantedRows
	err = w.follow(w.t.Root(), nil, p.Pointer)
	if again = err == errRowsOmitted && before == nil; again {
		p.Matches = nil
	}
	return again, err
}

var (
	// errElsewhere says that what lacks items is not where the pointer leads past them.
	errOmitted = errors.New("what was left out may be wanted")
	// errRows says that what Part.Rows wants was left out.
	errRowsOmitted = errors.New("rows were left out")
)

// Cells finds the part of a pickle.
func (p *Part) FindInTape(from bridge.Pickle) error {
	w := &cellWalk{part: p, p: from, t: from.Tape(), r: NewReader(p.CopyText)}
	if p.Tree != nil {
		return w.makeTree()
	}
	return w.follow(w.t.Root(), nil, p.Pointer)
}

// Object finds the part of an object.
func (p *Part) FindInObject(v any) error { return p.FindInObjectAt(v, 0) }

// ObjectAt finds the part of an object that the first done tokens led to.
func (p *Part) FindInObjectAt(v any, done int) error {
	if p.JSONTokens || p.Tree != nil {
		p.Matches, p.TokensUsed = []Match{{At: p.Pointer[:done], Value: v}}, done
		return nil
	}
	return NewReader(p.CopyText).follow(v, p.Pointer[:done:done], p.Pointer[done:], p.addMatch)
}

// add notes an object that the pointer leads to.
func (p *Part) addMatch(m Match) (err error) {
	if p.ConvertObject != nil {
		m.Value, err = p.ConvertObject(m.Value)
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
	pathLen      int
	partials     map[tape.ID]*tape.Partial
	rowSelection *tape.Selection // the rows that it looked for
}

// object returns the object of a cell that at leads to. Of what the pass left out something of
// there is none.
func (w *cellWalk) object(id tape.ID, at pointer.Pointer) (any, error) {
	if kind := w.t.Kind(id); len(at) < w.pathLen && (kind == tape.List || kind == tape.Dict) {
		return nil, errOmitted
	}
	return w.p.Object(id)
}

// size returns how many items a list or tuple has, or entries a dict.
func (w *cellWalk) size(id tape.ID) int {
	if l := w.partials[id]; l != nil {
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
	if len(rest) > 0 && !w.part.JSONTokens {
		if done, err := w.followMany(id, at, rest); done {
			return err
		}
	}
	if len(rest) == 0 && w.part.ConvertCell != nil {
		if len(at) < w.pathLen {
			return errOmitted
		}
		v, err := w.part.ConvertCell(w.p, id)
		w.part.Matches = append(w.part.Matches, Match{At: at, Value: v})
		return err
	}
	if len(rest) == 0 && w.part.Rows != nil {
		if done, err := w.makeRows(id, at); done {
			return err
		}
	}
	v, err := w.object(id, at)
	if err != nil {
		return err
	}
	if w.part.JSONTokens {
		w.part.TokensUsed, w.part.SharedContainers = len(at), w.shared()
		w.part.Matches = append(w.part.Matches, Match{At: at, Value: v})
		return nil
	}
	return w.r.follow(v, at, rest, w.part.addMatch)
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
		return w.dictValue(id, at, token)
	case tape.List, tape.Tuple:
		subs, ok := pointer.ParseSubscripts(token)
		if !ok || len(subs) != 1 || subs[0].IsSlice || w.t.HasRuns(id) ||
			w.part.JSONTokens && (token[0] == '-' || token[len(token)-1] == ',') {
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
	if l := w.partials[id]; l != nil {
		if i, ok = l.StoredIndex(i); !ok {
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
func (w *cellWalk) dictValue(id tape.ID, at pointer.Pointer, token string) (next tape.ID, ok bool,
	err error) {
	if w.part.JSONTokens && token != "" && token[0] == '$' {
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
	case w.part.JSONTokens || !simple || token == pointer.All:
		return 0, false, nil
	case ok:
		return next, true, nil
	}
	return 0, false, w.keyError(id, at, token)
}

func parseInt(token string) (int64, bool) {
	i, err := strconv.ParseInt(token, 10, 64)
	return i, err == nil && strconv.FormatInt(i, 10) == token
}

// noKey returns the error of a key that a dict, whose keys are text and ints, does not have.
func (w *cellWalk) keyError(id tape.ID, at pointer.Pointer, token string) error {
	near := pointer.NewNearest(token)
	walk := w.t.Children(id)
	for b := walk.Batch(); b != nil; b = walk.Batch() {
		for i := 0; i < len(b); i += 2 {
			near.Add(w.keyToken(b[i]))
		}
	}
	return nameError(at, token, "a dict", near)
}

// key returns the token of a key that is text or an int.
func (w *cellWalk) keyToken(id tape.ID) string {
	if w.t.Kind(id) == tape.Int {
		return strconv.FormatInt(w.t.Int(id), 10)
	}
	return string(w.t.Span(id))
}

// several follows a token that leads to several cells; done is false where only an object tells.
func (w *cellWalk) followMany(id tape.ID, at, rest pointer.Pointer) (done bool, err error) {
	token := rest[0]
	switch w.t.Kind(id) {
	case tape.Dict:
		if token != pointer.All || !w.t.OnlyStrKeys(id) {
			return false, nil
		}
		return true, w.followValues(id, at, rest[1:])
	case tape.List, tape.Tuple:
		if w.t.HasRuns(id) {
			return false, nil
		}
		if token == pointer.All {
			return true, w.followItems(id, at, rest[1:])
		}
		subs, ok := pointer.ParseSubscripts(token)
		if !ok || len(subs) != 1 || !subs[0].IsSlice {
			return false, nil
		}
		return true, w.followSlice(id, subs[0], at.Child(token), rest[1:])
	}
	return false, nil
}

// slice follows the rest of a pointer from the list of some children.
func (w *cellWalk) followSlice(id tape.ID, s pointer.Subscript, at, rest pointer.Pointer) error {
	start, step, count := s.Range(w.size(id))
	if count == 0 {
		start = 0
	} else if l := w.partials[id]; l != nil {
		first, ok1 := l.StoredIndex(start)
		last, ok2 := l.StoredIndex(start + (count-1)*step)
		if !ok1 || !ok2 || last-first != (count-1)*step {
			return errOmitted
		}
		start = first
	}
	list := make(types.List, count)
	for i, id := range everyStep(w.t.Items(id), start, step, count) {
		var err error
		if list[i], err = w.object(id, at); err != nil {
			return err
		}
	}
	return w.r.follow(&list, at, rest, w.part.addMatch)
}

// allItems follows the rest of a pointer from every child of a list.
func (w *cellWalk) followItems(id tape.ID, at, rest pointer.Pointer) error {
	var all starMatches
	i := 0
	walk := w.t.Children(id)
	for b := walk.Batch(); b != nil; b = walk.Batch() {
		for _, child := range b {
			if err := all.add(w.follow(child, at.Child(strconv.Itoa(i)), rest)); err != nil {
				return err
			}
			i++
		}
	}
	return all.err(at)
}

// allValues follows the rest of a pointer from every value of a dict whose keys are text.
func (w *cellWalk) followValues(id tape.ID, at, rest pointer.Pointer) error {
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
	var all starMatches
	for _, key := range order {
		if err := all.add(w.follow(last[key], at.Child(key), rest)); err != nil {
			return err
		}
	}
	return all.err(at)
}

// branches are the ways that a * takes.
type starMatches struct {
	found    bool
	notFound error // of one that leads nowhere
}

// note returns an error but where the way leads nowhere.
func (b *starMatches) add(err error) error {
	switch {
	case err == nil:
		b.found = true
	case !errors.Is(err, ErrNotFound):
		return err
	case b.notFound == nil:
		b.notFound = err
	}
	return nil
}

// result is the error of a * that found nothing.
func (b *starMatches) err(at pointer.Pointer) error {
	switch {
	case b.found:
		return nil
	case b.notFound != nil:
		return b.notFound
	}
	return &NotFoundError{At: at, Token: pointer.All, Reason: "empty"}
}
