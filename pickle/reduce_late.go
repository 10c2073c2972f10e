package pickle

import "github.com/nlpodyssey/gopickle/types"

// lateDict is a dict that gets entries after an object that is being written.
type lateDict struct {
	indexOf map[string]int      // the index of the entry of a key
	pending map[string]struct{} // keys whose entries are not to be written with the dict
}

// lateArgs returns the dict and the keys of what stands for late entries; ok is false of any other
// call.
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

// expectLate notes which entries come after an object, before any of it is written.
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

// early returns the entries of a dict that are written with it.
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

// saveLate writes the late entries of a dict, which is on the stack.
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
