package pickle

import "github.com/nlpodyssey/gopickle/types"

// lateDict is a dict that gets some of its entries only after an object is complete: see LateItems.
type lateDict struct {
	indexOf map[string]int      // index in the dict of the entry with a key
	pending map[string]struct{} // keys of the late entries that were not written yet
}

// lateEntriesArgs returns the dict and the keys of a call with the class LateItems; ok is false for
// any other call.
func lateEntriesArgs(call *Object) (d *types.Dict, keys types.List, ok bool) {
	if call.Class != any(LateItems) || len(call.Args) != 2 {
		return nil, nil, false
	}
	d, ok1 := call.Args[0].(*types.Dict)
	list, ok2 := call.Args[1].(*types.List)
	if !ok1 || !ok2 || d == nil || list == nil {
		return nil, nil, false
	}
	for _, key := range *list {
		if _, ok := key.(string); !ok {
			return nil, nil, false
		}
	}
	return d, *list, true
}

// noteLateEntries notes the late entries of the calls of an object, before the object is written.
func (p *pickling) noteLateEntries(o *Object) {
	for _, call := range o.Calls {
		d, keys, ok := lateEntriesArgs(call)
		if !ok {
			continue
		}
		if p.lateDicts == nil {
			p.lateDicts = make(map[*types.Dict]lateDict)
		}
		l, known := p.lateDicts[d]
		if !known {
			l = lateDict{indexOf: make(map[string]int), pending: make(map[string]struct{})}
			for i, e := range *d {
				if key, ok := e.Key.(string); ok {
					l.indexOf[key] = i
				}
			}
			p.lateDicts[d] = l
		}
		for _, key := range keys {
			l.pending[key.(string)] = struct{}{}
		}
	}
}

// earlyEntries returns the entries of a dict except its late entries.
func (p *pickling) earlyEntries(d *types.Dict) types.Dict {
	l, ok := p.lateDicts[d]
	if !ok || len(l.pending) == 0 {
		return *d
	}
	entries := make(types.Dict, 0, len(*d)-min(len(*d), len(l.pending)))
	for _, e := range *d {
		if key, ok := e.Key.(string); ok {
			if _, late := l.pending[key]; late {
				continue
			}
		}
		entries = append(entries, e)
	}
	return entries
}

// saveLateEntries writes the late entries of the dict on top of the stack.
func (p *pickling) saveLateEntries(d *types.Dict, keys types.List) {
	l := p.lateDicts[d]
	entries := make(types.Dict, 0, len(keys))
	for _, key := range keys {
		text := key.(string)
		delete(l.pending, text)
		if i, ok := l.indexOf[text]; ok {
			entries = append(entries, (*d)[i])
		}
	}
	p.savePairs(task{kind: taskPairs, op: OpSetItems}, entries)
}
