package plain

import (
	"fmt"

	"github.com/unpkl/unpkl/internal/pyvalue"
	"github.com/unpkl/unpkl/internal/tape"
)

func errCycle() error { return fmt.Errorf("unpkl: %w", pyvalue.ErrCycle) }

// beginList is begin for a list or tuple.
func (m *maker) beginList(id tape.ID, at int) (any, error) {
	if err := m.checkDepth(); err != nil {
		return nil, err
	}
	n := m.t.Size(id)
	if n == 0 {
		m.complete(at, emptyList)
		return emptyList, nil
	}
	if m.maySplit(id) {
		return m.splitList(id, at)
	}
	f := cellFrame{kind: listFrame, slot: at, rest: m.t.Cursor(id)}
	m.batch(&f)
	list, plain := m.arena.list(n, areSmallLeaves(m.t, f.ids))
	f.list = list
	for {
		m.fillLeaves(&f)
		if f.next < len(f.ids) {
			m.push(plain, f)
			return plain, nil
		}
		if !m.batch(&f) {
			m.complete(at, plain)
			return plain, nil
		}
	}
}

// beginIDs is beginList for a list with the items ids, which belong to a set.
func (m *maker) beginIDs(ids []tape.ID, at int) (any, error) {
	list, plain := m.arena.list(len(ids), areSmallLeaves(m.t, ids))
	f := cellFrame{kind: listFrame, slot: at, ids: ids, list: list}
	if m.fillLeaves(&f); f.next == len(ids) {
		m.complete(at, plain)
		return plain, nil
	}
	m.push(plain, f)
	return plain, nil
}

// beginDict is begin for a dict whose keys are all text.
func (m *maker) beginDict(id tape.ID, at int) (any, error) {
	if err := m.checkDepth(); err != nil {
		return nil, err
	}
	n := m.t.Size(id) / 2
	if m.maySplit(id) {
		return m.splitDict(id, at)
	}
	dict := make(map[string]any, n)
	if n == 0 {
		m.complete(at, dict)
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
			m.complete(at, dict)
			return dict, nil
		}
	}
}

// lastOfEqual returns the keys and values, in turn, of a dict whose keys are text. Of entries with
// equal keys, it returns one, at the place of the first and with the value of the last.
func (m *maker) lastOfEqual(id tape.ID) []tape.ID {
	ids := m.t.Items(id)
	indexOf := make(map[string]int, len(ids)/2) // of a key in out
	out := make([]tape.ID, 0, len(ids))
	for i := 0; i < len(ids); i += 2 {
		key := m.key(ids[i])
		if at, found := indexOf[key]; found {
			out[at+1] = ids[i+1]
			continue
		}
		indexOf[key] = len(out)
		out = append(out, ids[i], ids[i+1])
	}
	return out
}
