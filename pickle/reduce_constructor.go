package pickle

import "github.com/unpkl/unpkl/internal/written"

// constructorCode is what the call of a written.Constructor comes to once all that it has for the
// memo is there: always the same bytes, from protocol 4 on, where memoizing takes no index.
type constructorCode struct {
	written  int    // it was written
	code     []byte // empty as long as it is not known
	memoized uint32 // how many of its values are memoized
}

// constructorTable has the codes of Constructors.
type constructorTable struct {
	indices smallMap[*written.Constructor, int] // in codes
	codes   []constructorCode
}

// place returns where the code of c is, which it makes if there is none.
func (t *constructorTable) indexOf(c *written.Constructor) int {
	i, ok := t.indices.get(c)
	if !ok {
		i = len(t.codes)
		if i < cap(t.codes) {
			t.codes = t.codes[:i+1] // with memory for its code
		} else {
			t.codes = append(t.codes, constructorCode{})
		}
		t.indices.add(c, i)
	}
	return i
}

func (t *constructorTable) release() {
	t.indices.release()
	if cap(t.codes) > maxKeptItems {
		t.codes = nil
	}
	for i := range t.codes {
		c := &t.codes[i]
		*c = constructorCode{code: c.code[:0]}
		if cap(c.code) > maxKeptBuffer/maxKeptItems {
			c.code = nil
		}
	}
	t.codes = t.codes[:0]
}

// capture is the writing of a written.Constructor's call whose bytes will be its code.
type capture struct {
	obj    *Object // that the call makes, nil if there is no capture
	code   int     // place of its code
	start  int     // in the output
	frame  int
	segs   int
	before memoCounts
}

// memoCounts tells whether something was added to a memo that could be found in it.
type memoCounts struct {
	next                            uint32
	used, globals, modules, strings int
}

func (m *pickleMemo) counts() memoCounts {
	return memoCounts{m.next, int(m.used), m.globals.size(), m.modules.size(), m.strings.size()}
}

// saveConstructed writes an object that has the identity id.
func (p *pickling) saveConstructed(c *written.Constructed, id objectID) error {
	if c.By == nil {
		return Unsupported("a Constructed without a Constructor")
	}
	if idx, known := p.memo.lookup(id); known {
		p.get(idx)
		return nil
	}
	place := p.constructors.indexOf(c.By)
	code := &p.constructors.codes[place]
	if len(code.code) > 0 && len(p.out.buf)+len(code.code) < p.out.frameLimit {
		p.out.buf = append(p.out.buf, code.code...)
		p.memo.next += code.memoized
		idx, _ := p.memo.insert(id)
		p.put(idx)
		p.stack.pushOp(OpBuild)
		p.checkFrame()
		return p.saveTupleAs(c.State, objectID{})
	}
	o := p.stack.pooledObject()
	o.Class, o.Args, o.State, o.HasState = c.By.Class, c.By.Args, &c.State, true
	code.written++
	if code.written > 1 && len(code.code) == 0 && p.proto >= 4 && p.PersistentID == nil {
		p.capture = capture{o, place, len(p.out.buf), p.out.frame, len(p.out.segs), p.memo.counts()}
	}
	p.stack.tasks.push(task{kind: taskReduce, op: OpReduce, noMemo: true})
	p.stack.objects.push(reduceTask{obj: o, id: id, pooled: true})
	return nil
}

// endCapture is called when the call that is captured has been written.
func (p *pickling) endCapture() {
	c := p.capture
	p.capture = capture{}
	now := p.memo.counts()
	memoized := now.next - c.before.next
	now.next = c.before.next
	if now == c.before && p.out.frame == c.frame && len(p.out.segs) == c.segs {
		into := &p.constructors.codes[c.code]
		into.code, into.memoized = append(into.code, p.out.buf[c.start:]...), memoized
	}
}
