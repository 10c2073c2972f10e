package pickle

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// Protocol is the pickle protocol that a [Pickler] writes. The zero value means the default,
// protocol 4, which every Python since 3.4 reads.
type Protocol struct {
	number int
	set    bool
}

// DefaultProtocol is the protocol of a Pickler whose Protocol is not set.
const DefaultProtocol = 4

// ProtocolOf returns the protocol with the given number, 0 to 5. With any other number Dump returns
// an error.
func ProtocolOf(number int) Protocol { return Protocol{number, true} }

// Number returns the number of the protocol.
func (p Protocol) Number() int {
	if !p.set {
		return DefaultProtocol
	}
	return p.number
}

// Strings says which equal strings a [Pickler] writes as one Python object. In Python this depends
// on where the strings came from. An empty string, a string of one character below U+0100, and
// bytes objects of length 0 and 1 are always one object in CPython, and so they are here in every
// mode.
type Strings uint8

const (
	// StringsAuto writes strings and bytes in decoded trees (gopickle's containers and *Object) as
	// one object if they share memory, so that a tree that was read keeps the sharing it had. In Go
	// values, equal keys of maps and equal names of fields are one object, as Python's json module
	// and compiler make them, and other strings are separate objects. Equal Go values give equal
	// output.
	StringsAuto Strings = iota
	// StringsByIdentity writes strings as one object if they share memory.
	StringsByIdentity
	// StringsByValue writes all equal strings as one object. This gives the shortest output.
	StringsByValue
	// StringsUnshared writes every string as an object of its own, except keys and names of fields,
	// which are written as in StringsAuto.
	StringsUnshared
)

// Buffer is Python's PickleBuffer: memory that may be stored outside of the pickle (PEP 574). At
// protocol 5, without a BufferCallback or if that returns true, it is written as a bytearray, or as
// a bytes object if ReadOnly. A Pickler neither copies nor changes Data.
type Buffer struct {
	Data     []byte
	ReadOnly bool
}

// PersistentRef stands for an object outside of the pickle that has a persistent id. A
// PersistentLoad hook may return it, and a [Pickler] writes it as that id, with or without a
// PersistentID hook. At protocol 0 the id must be a string or an integer.
type PersistentRef struct {
	ID any
}

// Pickler writes Go values as pickles. It writes the bytes that CPython's pickler in C writes for
// the same objects, with the same memo, frames, batches and opcodes.
//
// It writes everything that an [Unpickler] returns (see the table in the package documentation),
// and also
//
//   - Go ints and floats of every width, *big.Int, complex numbers, strings, []byte
//   - nil pointers as None, and other pointers as the values they point to; equal pointers are the
//     same Python object, so that cycles through pointers, maps and slices are written as cycles
//   - maps as dicts in the order of their sorted keys; slices and arrays as lists; arrays of
//     interface type, and arrays that are map keys, as tuples; nil maps and slices as empty ones
//   - structs as the Fields hook says
//   - types that implement [Reducer], or that the Reduce hook knows
//
// A string that is not UTF-8 (surrogates in three bytes are allowed) is written as a Python 2 str,
// like a [Py2String].
//
// Dump does not recurse on data, so that the depth of a value does not matter. A Pickler is not
// safe for concurrent use. Its fields must not change during Dump.
//
// Reference: CPython, Modules/_pickle.c, save and the functions it calls.
type Pickler struct {
	// Protocol is the protocol to write. The zero value means protocol 4.
	Protocol Protocol
	// PersistentID returns the persistent id of v, or nil if v itself is to be written. It is
	// called for every value, including None and ints. It is Python's Pickler.persistent_id.
	PersistentID func(v any) (pid any, err error)
	// BufferCallback is called at protocol 5 with each [Buffer], in the order of the NEXT_BUFFER
	// opcodes. If it returns true, the buffer is written into the pickle. It is Python's
	// buffer_callback.
	BufferCallback func(b *Buffer) (inBand bool, err error)
	// ExtensionCode returns the code of a global in the extension registry, which is written
	// instead of the global from protocol 2 on, or 0 for none. See Python's copyreg.add_extension.
	ExtensionCode func(g Global) int
	// Reduce returns how values of a Go type are written, or nil for a type that it does not know.
	// It has precedence over the rules above, but is not called for the types that an Unpickler
	// returns, nor for Go's predeclared basic types. It is called once for each type. It is
	// Python's dispatch_table.
	Reduce func(t reflect.Type) ReduceFunc
	// Fields returns the fields of a struct type that are written as the items of a dict. Without
	// it, structs are an error.
	Fields func(t reflect.Type) []Field
	// planCache, if it is not nil, has the plans of Go types. It may be shared by Picklers with the
	// same Reduce and Fields hooks.
	planCache *planCache
	// Strings says which equal strings are one object.
	Strings Strings

	w io.Writer
}

// NewPickler returns a Pickler that writes to w.
func NewPickler(w io.Writer) *Pickler { return &Pickler{w: w} }

// Dump writes v as one complete pickle. Called again, it writes another, independent pickle. If v
// cannot be written as a whole, Dump writes nothing. Otherwise it writes small values from a
// buffer, and payloads of 64 KiB or more from their own memory.
//
// The error is an [*EncodeError] if a value cannot be written or a hook returns an error, or it is
// an error of the writer.
func (p *Pickler) Dump(v any) error {
	q, err := p.pickle(v)
	if err == nil && p.w == nil {
		err = &EncodeError{Err: Unsupported("a Pickler without a writer")}
	}
	if err == nil {
		err = q.out.writeTo(p.w)
	}
	q.release(err == nil)
	return err
}

// Dumps returns v as a pickle in a new slice of the size that it needs. It does not use the
// Pickler's writer. Its errors are those of Dump.
func (p *Pickler) Dumps(v any) ([]byte, error) {
	q, err := p.pickle(v)
	var data []byte
	if err == nil {
		data, err = q.out.bytes()
	}
	q.release(err == nil)
	return data, err
}

// pickle encodes v. The caller must release the result, also after an error.
func (p *Pickler) pickle(v any) (*pickling, error) {
	q := p.begin()
	if q.proto < 0 || q.proto > int(HighestProtocol) {
		return q, &EncodeError{Err: Unsupported("no such protocol: %d", q.proto)}
	}
	if q.proto >= 2 {
		q.out.buf = append(q.out.buf, byte(OpProto), byte(q.proto))
	}
	if q.proto >= 4 {
		q.out.startFraming()
	}
	if err := q.run(v); err != nil {
		return q, &EncodeError{Path: q.path(), Err: err}
	}
	q.op(OpStop)
	q.out.finish()
	return q, nil
}

// EncodeError is the error for a value that cannot be written. Its text may change between
// versions.
type EncodeError struct {
	// Path leads from the dumped value to the one that cannot be written, as in
	// `[3]["name"].state`. It is empty for the dumped value itself.
	Path string
	// Err says what is wrong. It matches ErrUnsupported, or is an error of a hook.
	Err error
}

// Error returns "pickle: what is wrong (at PATH)".
func (e *EncodeError) Error() string {
	text := fmt.Sprint(e.Err)
	if !strings.HasPrefix(text, "pickle: ") {
		text = "pickle: " + text
	}
	if e.Path == "" {
		return text
	}
	return fmt.Sprintf("%s (at %s)", text, e.Path)
}

// Unwrap returns Err.
func (e *EncodeError) Unwrap() error { return e.Err }

// Dumps returns v as a pickle of protocol 4. It is [Pickler.Dumps] of a Pickler whose fields are
// not set.
func Dumps(v any) ([]byte, error) {
	var p Pickler
	return p.Dumps(v)
}

// run writes v and everything in it.
func (p *pickling) run(v any) error {
	err := p.save(v)
	for err == nil && p.stack.depth() > 0 {
		err = p.step(p.stack.tasks.top())
	}
	return err
}

// save writes v, or writes a part of it and pushes a task for the rest. It corresponds to the
// function save in _pickle.c.
func (p *pickling) save(v any) error {
	p.checkFrame()
	if p.PersistentID != nil {
		if done, err := p.savePersistent(v); done || err != nil {
			return err
		}
	}
	return p.saveValue(v)
}

// checkFrame must be called before each object. It begins a new frame if the current one is long
// enough.
func (p *pickling) checkFrame() {
	if len(p.out.buf) >= p.out.frameLimit {
		p.out.nextFrame()
	}
}

// savePersistent calls the PersistentID hook, and writes the persistent id of v if v has one.
func (p *pickling) savePersistent(v any) (done bool, err error) {
	pid, err := p.PersistentID(v)
	if err != nil || pid == nil {
		return false, err
	}
	return true, p.savePID(pid)
}

// savePID writes a persistent id.
func (p *pickling) savePID(pid any) error {
	if p.proto > 0 {
		p.stack.pushOp(OpBinPersID)
		// An id may be a PersistentRef itself, and so on. The chain is as long as the input
		// decides, and may be a cycle: seen is one of its elements, which is replaced at powers of
		// 2.
		var seen *PersistentRef
		for n := 1; ; n++ {
			ref, ok := pid.(*PersistentRef)
			if !ok {
				return p.saveValue(pid)
			}
			if ref == seen {
				return Unsupported("a persistent id that is its own")
			}
			if n&(n-1) == 0 {
				seen = ref
			}
			p.stack.pushOp(OpBinPersID)
			pid = ref.ID
		}
	}
	text, ok := pid.(string)
	switch i := reflect.ValueOf(pid); {
	case ok:
	case i.CanInt() || i.CanUint():
		text = fmt.Sprint(pid)
	default:
		return Unsupported("a persistent id of type %T at protocol 0", pid)
	}
	for i := range len(text) {
		if text[i] >= 0x80 || text[i] == '\n' {
			return Unsupported("the persistent id %q at protocol 0", text)
		}
	}
	p.op(OpPersID)
	p.out.buf = append(append(p.out.buf, text...), '\n')
	return nil
}

// op writes an opcode.
func (p *pickling) op(op Opcode) { p.out.buf = append(p.out.buf, byte(op)) }

// saveValue is save without the PersistentID hook.
func (p *pickling) saveValue(v any) error {
	switch x := v.(type) {
	case nil:
		p.op(OpNone)
	case bool:
		p.saveBool(x)
	case int:
		p.saveInt(int64(x))
	case float64:
		p.saveFloat(x)
	case string:
		return p.saveString(x)
	case []byte:
		return p.saveBytes(x)
	case *types.List:
		if x != nil {
			return p.saveList(*x, boxID(v))
		}
		p.op(OpNone)
	case *types.Dict:
		if x != nil && len(p.lateDicts) > 0 {
			return p.saveDict(p.earlyEntries(x), boxID(v))
		} else if x != nil {
			return p.saveDict(*x, boxID(v))
		}
		p.op(OpNone)
	case *types.Tuple:
		if x != nil {
			return p.saveTuple(*x)
		}
		p.op(OpNone)
	default:
		return p.saveOther(v)
	}
	return nil
}
