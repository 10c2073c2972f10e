package plain

import (
	"fmt"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
)

func errCycle() error { return fmt.Errorf("unpkl: %w", pyvalue.ErrCycle) }

// beginList is begin for a list or tuple.
func (m *maker) beginList(id tape.ID, at int) (any, error) {
	if err := m.level(); err != nil {
		return nil, err
	}
	n := m.t.Size(id)
	if n == 0 {
		m.flat(at, emptyList)
		return emptyList, nil
	}
	if m.maySplit(id) {
		return m.splitList(id, at)
	}
	f := cellFrame{kind: listFrame, slot: at, rest: m.t.Cursor(id)}
	m.batch(&f)
	list, plain := m.arena.list(n, areLight(m.t, f.ids))
	f.list = list
	for {
		m.fillLeaves(&f)
		if f.next < len(f.ids) {
			m.push(plain, f)
			return plain, nil
		}
		if !m.batch(&f) {
			m.flat(at, plain)
			return plain, nil
		}
	}
}

// beginIDs is beginList for the cells of a list that are not all of a container's.
func (m *maker) beginIDs(ids []tape.ID, at int) (any, error) {
	list, plain := m.arena.list(len(ids), areLight(m.t, ids))
	f := cellFrame{kind: listFrame, slot: at, ids: ids, list: list}
	if m.fillLeaves(&f); f.next == len(ids) {
		m.flat(at, plain)
		return plain, nil
	}
	m.push(plain, f)
	return plain, nil
}

// beginDict is begin for a dict whose keys are text.
func (m *maker) beginDict(id tape.ID, at int) (any, error) {
	if err := m.level(); err != nil {
		return nil, err
	}
	n := m.t.Size(id) / 2
	if m.maySplit(id) {
		return m.splitDict(id, at)
	}
	dict := make(map[string]any, n)
	if n == 0 {
		m.flat(at, dict)
		return dict, nil
	}
	f := cellFrame{kind: strFrame, slot: at, byStr: dict, rest: m.t.Cursor(id)}
	if m.careful {
		f.ids, f.rest = m.lastOfEqual(id), tape.BatchCursor{}
	} else {
		m.batch(&f)
	}
	for {
		m.fillLeaves(&f)
		if f.next < len(f.ids) {
			m.push(dict, f)
			return dict, nil
		}
		if !m.batch(&f) {
			m.flat(at, dict)
			return dict, nil
		}
	}
}

// lastOfEqual returns the keys and values of a dict with keys of text in turn, of equal keys in the
// place of the first with the value of the last.
func (m *maker) lastOfEqual(id tape.ID) []tape.ID {
	ids := m.t.Items(id)
	place := make(map[string]int, len(ids)/2)
	out := make([]tape.ID, 0, len(ids))
	for i := 0; i < len(ids); i += 2 {
		key := m.key(ids[i])
		if at, met := place[key]; met {
			out[at+1] = ids[i+1]
			continue
		}
		place[key] = len(out)
		out = append(out, ids[i], ids[i+1])
	}
	return out
}
