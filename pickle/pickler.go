package pickle

import (
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/nlpodyssey/gopickle/types"
)

// Protocol is the pickle protocol that a [Pickler] writes. The zero value is the
// default, protocol 4, which every Python since 3.4 reads.
type Protocol struct {
	number int
	set    bool
}

// DefaultProtocol is the protocol of a Pickler that says nothing else.
const DefaultProtocol = 4

// ProtocolOf returns the protocol with the given number, 0 to 5. Any other number
// makes Dump fail.
func ProtocolOf(number int) Protocol { return Protocol{number, true} }

// Number returns the number of the protocol.
func (p Protocol) Number() int {
	if !p.set {
		return DefaultProtocol
	}
	return p.number
}

// Strings says which equal strings a [Pickler] writes as one Python object. In
// Python that depends on where the strings came from; a string of one
// character below U+0100, an empty string, and bytes objects of length 0 and 1, are
// always one object, and are so here in every mode.
type Strings uint8

const (
	// StringsAuto shares strings and bytes of decoded trees (gopickle's
	// containers, *Object) by identity: the same memory is the same object,
	// so that a tree that was read is written with the sharing it had. Of Go
	// values, the keys of maps and the names of fields are shared by value, as
	// Python's json module and its compiler do, and other strings are not.
	// Equal Go values give equal output.
	StringsAuto Strings = iota
	// StringsByIdentity shares all strings by identity.
	StringsByIdentity
	// StringsByValue shares all equal strings: the shortest output.
	StringsByValue
	// StringsUnshared writes every string anew, but for keys and names as
	// in StringsAuto.
	StringsUnshared
)

// Buffer is Python's PickleBuffer: memory that may travel beside the pickle
// (PEP 574). Written at protocol 5 without a BufferCallback, or when that says
// so, it becomes a bytearray, or a bytes object if ReadOnly. A Pickler does not
// copy or change Data.
type Buffer struct {
	Data     []byte
	ReadOnly bool
}

// PersistentRef stands for an object that lives outside of the pickle and is known
// by its persistent id. A PersistentLoad hook may return it, and a [Pickler] writes
// it back as that id, with or without a PersistentID hook. Protocol 0 takes only ids
// that are text or integers.
type PersistentRef struct {
	ID any
}

// Pickler writes Go values as pickles, with the bytes that CPython's C pickler
// writes for the same objects: memo, frames, batches and opcodes chosen alike.
//
// It writes everything that an [Unpickler] yields (the table in the package
// documentation), and besides
//
//   - Go ints and floats of every width, *big.Int, complex numbers, strings, []byte
//   - nil pointers as None, other pointers as what they point to; the same pointer
//     is the same Python object, so cycles through pointers, maps and slices are
//     written as cycles
//   - maps as dicts, in sorted key order; slices and arrays as lists, arrays of
//     interface type and arrays as map keys as tuples; nil maps and slices as empty
//     ones
//   - structs, where the Fields hook says how
//   - types that are a [Reducer], or that the Reduce hook knows
//
// A string that is not UTF-8 (three-byte surrogates allowed) is written as a Python
// 2 str, like a [Py2String].
//
// Dump never recurses into data, so depth is no concern. A Pickler is not safe for
// concurrent use. The fields must not change during Dump.
//
// Reference: CPython, Modules/_pickle.c, save and the functions it calls.
type Pickler struct {
	// Protocol is what to write; the zero value is protocol 4.
	Protocol Protocol
	// PersistentID returns the persistent id of v, or nil for a value that is
	// to be written itself. Python's Pickler.persistent_id. It sees every value,
	// None and ints included, that is reached.
	PersistentID func(v any) (pid any, err error)
	// BufferCallback receives each [Buffer] at protocol 5, in the order in
	// which NEXT_BUFFER will ask for them. It returns true to have
	// the buffer in the pickle after all. Python's buffer_callback.
	BufferCallback func(b *Buffer) (inBand bool, err error)
	// ExtensionCode returns the code of a global in the extension
	// registry, which replaces it from protocol 2 on, or 0. Python's
	// copyreg.add_extension.
	ExtensionCode func(g Global) int
	// Reduce says how values of a Go type are written, or returns nil for a type
	// that it does not know. It comes before what Pickler does by itself, but is
	// not asked for the types that an Unpickler yields, nor for Go's unnamed basic
	// types. It is asked once for each type. Python's dispatch_table.
	Reduce func(t reflect.Type) ReduceFunc
	// Fields says how a struct type becomes a dict. Without it, structs
	// are an error.
	Fields func(t reflect.Type) []Field
	// kept, where set, keeps what was found out about Go types for the next Pickler with the same
	// Reduce and Fields.
	planCache *planCache
	// Strings says which equal strings are one object.
	Strings Strings

	w io.Writer
}

// NewPickler returns a Pickler that writes to w.
func NewPickler(w io.Writer) *Pickler { return &Pickler{w: w} }

// Dump writes v as one complete pickle. Called again, it writes another,
// independent pickle behind it. Nothing is written unless v can be written as a
// whole; then small values are written from a buffer, and payloads of 64 KiB and
// more from their own memory.
//
// The error is an [*EncodeError] for a value that cannot be written, an error of a
// hook inside an *EncodeError, or an error of the writer.
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

// Dumps is Dump to memory of its own, of just the size that it takes, instead of to the
// Pickler's writer.
func (p *Pickler) Dumps(v any) ([]byte, error) {
	q, err := p.pickle(v)
	var data []byte
	if err == nil {
		data, err = q.out.bytes()
	}
	q.release(err == nil)
	return data, err
}

// pickle makes the pickle of v in working memory that is to be released.
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

// EncodeError is the error for a value that cannot be written. The text may change
// between versions.
type EncodeError struct {
	// Path leads from the dumped value to the one concerned, as in
	// `[3]["name"].state`; it is empty for the dumped value itself.
	Path string
	// Err says what is wrong; it wraps ErrUnsupported, or is a hook's own error.
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

// Dumps returns v as a pickle of protocol 4. It is short for [Pickler.Dumps] of a
// Pickler that says nothing.
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

// save writes v, or as much of it as can be written at once and pushes a task for
// the rest. The function save of _pickle.c.
func (p *pickling) save(v any) error {
	p.checkFrame()
	if p.PersistentID != nil {
		if done, err := p.savePersistent(v); done || err != nil {
			return err
		}
	}
	return p.saveValue(v)
}

// boundary ends the frame that holds enough, before the next object.
func (p *pickling) checkFrame() {
	if len(p.out.buf) >= p.out.frameLimit {
		p.out.nextFrame()
	}
}

// savePersistent asks the hook for v's persistent id and writes that if there
// is one.
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
		// An id may be an object that has an id, and so on for as long as the input was.
		var met *PersistentRef
		for n := 1; ; n++ {
			ref, ok := pid.(*PersistentRef)
			if !ok {
				return p.saveValue(pid)
			}
			if ref == met {
				return Unsupported("a persistent id that is its own")
			}
			if n&(n-1) == 0 {
				met = ref
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

// saveValue is save without the hook for persistent ids.
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
