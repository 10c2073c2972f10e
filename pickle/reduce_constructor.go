package pickle

import "github.com/unpkl/unpkl/internal/written"

// constructorCode is the code of the call of a written.Constructor. From protocol 4 on, where
// MEMOIZE has no argument, a call is the same bytes each time, as soon as the memo has everything
// that the call fetches.
type constructorCode struct {
	written  int    // number of times that the call was written
	code     []byte // the bytes of the call, or empty if they are not known
	memoized uint32 // number of values that the call memoizes
}

// constructorTable has the codes of Constructors.
type constructorTable struct {
	indices smallMap[*written.Constructor, int] // indices of codes
	codes   []constructorCode
}

// indexOf returns the index of the code of c, and adds one if there is none.
func (t *constructorTable) indexOf(c *written.Constructor) int {
	i, ok := t.indices.get(c)
	if !ok {
		i = len(t.codes)
		if i < cap(t.codes) {
			t.codes = t.codes[:i+1] // its code has memory already
		} else {
			t.codes = append(t.codes, constructorCode{})
		}
		t.indices.add(c, i)
	}
	return i
}

// release empties the table and keeps some of its memory.
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

// capture records the call of a written.Constructor while it is being written, to make its code of
// the written bytes.
type capture struct {
	obj   *Object // the object that the call makes, or nil if nothing is captured
	code  int     // index in constructorTable.codes
	start int     // index in output.buf of the call

	// The state of the output and the memo before the call.
	frame  int
	segs   int
	before memoCounts
}

// memoCounts has the numbers of entries of a memo. If only next has changed, the memo cannot find
// any of the values that were memoized in between.
type memoCounts struct {
	next                            uint32
	used, globals, modules, strings int
}

// counts returns the numbers of entries.
func (m *pickleMemo) counts() memoCounts {
	return memoCounts{m.next, int(m.used), m.globals.size(), m.modules.size(), m.strings.size()}
}

// saveConstructed writes the object of a written.Constructed with the identity id.
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

// endCapture is called when the captured call has been written. The bytes become the code if the
// memo can find nothing new, and if they are in one frame and one segment.
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
