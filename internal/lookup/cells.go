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

// Part is a decoding target that receives only the part of a pickle to which Pointer leads. The
// Find methods append what they find to Matches.
type Part struct {
	Pointer pointer.Pointer
	// CopyText is the argument of [NewReader].
	CopyText bool

	// JSONTokens restricts the search to tokens that mean the same in the JSON document that
	// to-json writes: keys of dicts and indices that are not negative. The search then stops at
	// the first other token: there is one match, and TokensUsed is the number of tokens that led
	// to it. SharedContainers has the lists, tuples, dicts, sets and objects inside the match to
	// which the pickle may refer more than once, or is nil if that is not known.
	JSONTokens       bool
	TokensUsed       int
	SharedContainers map[any]bool

	// Rows selects items of the list, tuple or dict to which Pointer leads. It returns the
	// ascending indices of the wanted items among n and must be a pure function. If it is nil,
	// all items are wanted. The first FirstRows items must be wanted for every n.
	Rows      func(n int) []int
	FirstRows int
	// ShallowRows allows the containers inside a row to be left empty. A row of a list is an
	// item of it, and a row of a dict is an entry.
	ShallowRows bool

	// Tree, if it is not nil, replaces Pointer and Rows: it asks for the first items of nested
	// containers. The one match is the root, which is not passed through [Reader.Resolve].
	Tree *Tree

	// ConvertCell and ConvertObject make the Value of a match from a cell and from an object.
	// Without them the Value is the object.
	ConvertCell   func(p bridge.Pickle, id tape.ID) (any, error)
	ConvertObject func(object any) (any, error)
	Matches       []Match

	// RepeatableHooks promises that the caller's persistent id and extension hooks return the
	// same results when the pickle is read a second time.
	RepeatableHooks bool

	// wantedRows are the rows that Rows selects, once a pass over the pickle has told how many
	// there are and has left some of the selected ones out. The next pass keeps these.
	wantedRows []tape.Range
}

// Path returns the path for a partial pass over the pickle: the keys and indices with which the
// pointer begins, and a selection of rows behind them. A pass cannot follow every kind of token,
// so the path may end before the pointer does.
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
			return steps // the next token applies to the list that this slice makes
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

// rowsPath returns the steps that select rows of the container to which the pointer leads.
func (p *Part) rowsPath(wanted []tape.Range) []tape.PathStep {
	rows := selectStep(wanted)
	if !p.ShallowRows {
		return []tape.PathStep{rows}
	}
	rows.Selection.ShallowDicts = true
	return []tape.PathStep{rows, {Selection: &tape.Selection{Wanted: tape.AllItems().Wanted}}}
}

// selectStep returns the step that selects items at the wanted positions with all their contents.
func selectStep(wanted []tape.Range) tape.PathStep {
	return tape.PathStep{Selection: &tape.Selection{Wanted: wanted, ContentsBelow: math.MaxInt}}
}

// stepOf returns the step for a token; ok is false for a token that a partial pass cannot follow.
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

// FindInPartial finds the part on a tape from which a partial pass left items out; see
// [tape.Tape.CheckPartial]. If it returns no error, the matches are the same as those of the whole
// pickle. If it returns an error, the pickle must be read again: with the new Path if again is
// true, otherwise as a whole.
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
	// errOmitted says that the search came to a container whose items were left out by the
	// partial pass, and that these items may belong to the part.
	errOmitted = errors.New("what was left out may be wanted")
	// errRowsOmitted says that rows which Part.Rows selects were left out.
	errRowsOmitted = errors.New("rows were left out")
)

// FindInTape finds the part on the tape of a whole pickle.
func (p *Part) FindInTape(from bridge.Pickle) error {
	w := &cellWalk{part: p, p: from, t: from.Tape(), r: NewReader(p.CopyText)}
	if p.Tree != nil {
		return w.makeTree()
	}
	return w.follow(w.t.Root(), nil, p.Pointer)
}

// FindInObject finds the part in an object that was made of the whole pickle.
func (p *Part) FindInObject(v any) error { return p.FindInObjectAt(v, 0) }

// FindInObjectAt is FindInObject for an object to which the first done tokens of Pointer lead.
func (p *Part) FindInObjectAt(v any, done int) error {
	if p.JSONTokens || p.Tree != nil {
		p.Matches, p.TokensUsed = []Match{{At: p.Pointer[:done], Value: v}}, done
		return nil
	}
	return NewReader(p.CopyText).follow(v, p.Pointer[:done:done], p.Pointer[done:], p.addMatch)
}

// addMatch adds a match whose Value is an object, and converts the object.
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
	// After a partial pass, pathLen is the number of steps of its path, partials has the
	// containers from which it left items out, and rowSelection is the step of the path that
	// selects rows. After a pass over everything they are 0 and nil.
	pathLen      int
	partials     map[tape.ID]*tape.Partial
	rowSelection *tape.Selection
}

// object returns the object of the cell to which at leads. A container on the path of a partial
// pass may lack items, so that no object can be made of it.
func (w *cellWalk) object(id tape.ID, at pointer.Pointer) (any, error) {
	if kind := w.t.Kind(id); len(at) < w.pathLen && (kind == tape.List || kind == tape.Dict) {
		return nil, errOmitted
	}
	return w.p.Object(id)
}

// size returns the number of items of a list or tuple, or of entries of a dict, in the pickle.
func (w *cellWalk) size(id tape.ID) int {
	if l := w.partials[id]; l != nil {
		return l.N
	}
	if w.t.Kind(id) == tape.Dict {
		return w.t.Size(id) / 2
	}
	return w.t.Size(id)
}

// follow adds the matches to which the rest of a pointer leads from the cell id; at is the part of
// the pointer that led to the cell. It goes on over objects where the cells do not tell enough.
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
	if len(rest) == 0 {
		if done, err := w.arrive(id, at); done {
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

// arrive adds the match of a cell to which the whole pointer leads, if it can be made without the
// object of that cell; done is false if it cannot.
func (w *cellWalk) arrive(id tape.ID, at pointer.Pointer) (done bool, err error) {
	switch {
	case w.part.ConvertCell != nil && len(at) < w.pathLen:
		return true, errOmitted
	case w.part.ConvertCell != nil:
		v, err := w.part.ConvertCell(w.p, id)
		w.part.Matches = append(w.part.Matches, Match{At: at, Value: v})
		return true, err
	case w.part.Rows != nil:
		return w.makeRows(id, at)
	}
	return false, nil
}

// shared returns the containers of the pickle to which it may refer more than once. The tape has a
// Value cell for each of them once their objects were made: they are the containers that the memo
// gave out, and those that a hook was given while the pickle was read.
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

// step returns the cell to which a token leads; ok is false if only the object of the cell can
// tell.
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

// child returns item i of a list or tuple; ok is false if the pass left it out.
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

// dictValue returns the value of a dict to which a token leads; ok is false if only the object of
// the dict can tell.
func (w *cellWalk) dictValue(id tape.ID, at pointer.Pointer, token string) (next tape.ID, ok bool,
	err error) {
	if w.part.JSONTokens && token != "" && token[0] == '$' {
		return 0, false, nil // to-json may have written the dict in another form, such as $dict
	}
	number, isNumber := parseInt(token)
	simple, byText := true, false
	walk := w.t.Children(id)
	for b := walk.Batch(); b != nil; b = walk.Batch() {
		for i := 0; i < len(b); i += 2 { // the last of equal keys has the value
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
				simple = false // the key may be equal to an int, as 1.0 is to 1
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

// parseInt returns the int of which a token is the shortest decimal form.
func parseInt(token string) (int64, bool) {
	i, err := strconv.ParseInt(token, 10, 64)
	return i, err == nil && strconv.FormatInt(i, 10) == token
}

// keyError returns the error for a token that leads to nothing in a dict whose keys are all strs
// and ints.
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

// keyToken returns the token of a key that is a str or an int.
func (w *cellWalk) keyToken(id tape.ID) string {
	if w.t.Kind(id) == tape.Int {
		return strconv.FormatInt(w.t.Int(id), 10)
	}
	return string(w.t.Span(id))
}

// followMany follows the pointer from each of several cells to which its first token leads. done
// is false if the token leads to one cell at most, or if only the object of id can tell.
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

// followSlice follows the rest of a pointer from the list that Python's x[s] makes.
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

// followItems follows the rest of a pointer from every item of a list or tuple.
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

// followValues follows the rest of a pointer from every value of a dict whose keys are strs.
func (w *cellWalk) followValues(id tape.ID, at, rest pointer.Pointer) error {
	ids := w.t.Items(id)
	last := make(map[string]tape.ID, len(ids)/2) // the last of equal keys has the value
	order := make([]string, 0, len(ids)/2)
	for i := 0; i < len(ids); i += 2 {
		key := string(w.t.Span(ids[i]))
		if _, seen := last[key]; !seen {
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

// starMatches collects what was found from each child to which a * leads. It is no error that the
// rest of the pointer leads nowhere from some of the children, but from all of them it is.
type starMatches struct {
	found    bool  // from at least one child
	notFound error // the first error of kind ErrNotFound, or nil
}

// add notes the result of following the pointer from one child. It returns any error that is not
// of kind ErrNotFound.
func (s *starMatches) add(err error) error {
	switch {
	case err == nil:
		s.found = true
	case !errors.Is(err, ErrNotFound):
		return err
	case s.notFound == nil:
		s.notFound = err
	}
	return nil
}

// err returns the error for a * from which nothing was found, or nil.
func (s *starMatches) err(at pointer.Pointer) error {
	switch {
	case s.found:
		return nil
	case s.notFound != nil:
		return s.notFound
	}
	return &NotFoundError{At: at, Token: pointer.All, Reason: "empty"}
}
