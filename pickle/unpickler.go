package pickle

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/unpkl/unpkl/internal/bridge"
	"github.com/unpkl/unpkl/internal/tape"
	"github.com/unpkl/unpkl/internal/window"
)

// HighestProtocol is the highest protocol that an [Unpickler] reads.
const HighestProtocol byte = 5

// Encoding says what a Python 2 str (the opcodes STRING, BINSTRING and SHORT_BINSTRING) becomes, as
// the encoding argument of Python's pickle.load does.
type Encoding uint8

// The encodings of a Python 2 str.
const (
	EncodingRaw    Encoding = iota // a string with the same bytes, whatever they are
	EncodingASCII                  // a string; any other byte is an error (Python's default)
	EncodingLatin1                 // a string with a code point for each byte
	EncodingUTF8                   // a string; bytes that are not UTF-8 are an error
	EncodingBytes                  // a []byte
	EncodingKeep                   // a Py2String
)

// Unpickler reads pickles from a stream of bytes. The hook fields have the names, types and
// meanings of gopickle's Unpickler; all of them may be nil.
//
// An Unpickler is not safe for concurrent use. Different Unpicklers share nothing.
type Unpickler struct {
	// FindClass returns the value that stands for a class or function; the package documentation
	// says what it may be. Without it every class is a [Global]. It is also called for the few
	// names that gopickle resolves before it calls its hook; if it returns an error for one of
	// these, the class is a Global.
	FindClass func(module, name string) (any, error)
	// PersistentLoad returns the object that a persistent id stands for. Without it, a persistent
	// id is an error of the kind ErrUnsupported.
	PersistentLoad func(pid any) (any, error)
	// GetExtension returns the object that an extension code stands for. The code is at least 1.
	// Without it, an extension code is an error of the kind ErrUnsupported.
	GetExtension func(code int) (any, error)
	// NextBuffer returns the next out-of-band buffer (PEP 574): a []byte if it is read-only in
	// Python, a *types.ByteArray if not, or any other value. Without it, an out-of-band buffer is
	// an error of the kind ErrUnsupported.
	NextBuffer func() (any, error)
	// MakeReadOnly returns a read-only view of such a buffer. Without it, a *types.ByteArray
	// becomes a []byte with the same memory, and any other value is used as it is.
	MakeReadOnly func(any) (any, error)

	// Strict makes a class or function that no hook knows an error of the kind ErrUnknownGlobal. A
	// hook does not know a class if it returns a [Global] for it.
	Strict bool
	// Allow, if it is not nil, says which of the classes that no hook knows are no errors in strict
	// mode. Such a class is a [Global], as without Strict.
	Allow func(module, name string) bool
	// KeepMemo keeps the memo from one Load to the next. This is needed for several objects that
	// one Python Pickler has written. By default, each Load begins with an empty memo, for separate
	// pickles.
	KeepMemo bool
	// SharedInput allows bytes objects of 4 KiB or more to share memory with the slice that
	// NewUnpicklerBytes was given, at any alignment. Otherwise they are copied.
	SharedInput bool
	// Encoding says what a Python 2 str becomes.
	Encoding Encoding
	// Limits bound what an input may cost.
	Limits Limits

	// compressed returns the number of compressed bytes that were decompressed for the input so
	// far, for Limits.CompressionRatio. It is nil if the input is not compressed.
	compressed func() int64
	// tally counts the cost of several Unpicklers of one input. If it is nil, each Load counts for
	// itself.
	tally *bridge.Tally

	w     window.Window
	slabs slabs
	// host is the memory for the host of one pickle. It is in use if its tape is not nil. Nested
	// pickles, and pickles with KeepMemo, have hosts of their own.
	host     host
	keptHost *host // with KeepMemo, the host of the last pickle

	proto    int           // protocol of the last pickle
	nested   int           // number of pickles around the current one
	limits   Limits        // Limits with defaults
	usage    *bridge.Tally // tally, or ownTally
	ownTally bridge.Tally  // counts the current Load if tally is nil
	// path is the path of readPartial for the next pass.
	path []tape.PathStep
	// running is the tape of the current pickle, for nested pickles.
	running *tape.Tape
}

// NewUnpickler returns an Unpickler that reads from r.
//
// It reads r in blocks. If r is a bufio.Reader (or has the methods Peek, Discard and Buffered), a
// bytes.Buffer or an io.Seeker, Load leaves it at the byte behind the pickle, so that others can
// read on. From any other reader it may read up to 64 KiB more, which only the next Load of the
// same Unpickler can use.
func NewUnpickler(r io.Reader) *Unpickler {
	return &Unpickler{w: window.New(r)}
}

// NewUnpicklerBytes returns an Unpickler that reads from data. It neither copies data as a whole
// nor changes it. The caller must not change data while it is read.
func NewUnpicklerBytes(data []byte) *Unpickler {
	return &Unpickler{w: window.Bytes(data)}
}

// Load reads the next pickle and returns its value. At the end of the input the error is io.EOF.
// Every other error is a [*DecodeError]; an error of the reader is inside one.
//
// The value belongs to the caller. It does not share memory with the input unless SharedInput is
// set. After an error the position in the input is undefined.
func (u *Unpickler) Load() (any, error) {
	p, err := u.read()
	if err != nil {
		return nil, err
	}
	defer p.Release()
	return p.Object(p.Tape().Root())
}

// More reports whether the input goes on behind the last pickle, with another pickle or anything
// else. Its errors are those of the reader.
func (u *Unpickler) More() (bool, error) {
	switch err := u.begin(); {
	case err == io.EOF:
		return false, nil
	case err != nil:
		return false, err
	}
	return true, nil
}

func init() {
	bridge.Read = func(u any) (bridge.Pickle, error) { return u.(*Unpickler).read() }
	bridge.ReadPartial = func(u any, path []tape.PathStep) (bridge.Pickle,
		func([]tape.PathStep) (bridge.Pickle, error), error) {
		return u.(*Unpickler).readPartial(path)
	}
	bridge.SetInput = func(unpickler any, data []byte) { unpickler.(*Unpickler).setInput(data) }
	bridge.PublicError = publicError
	bridge.ProgramGlobal = func(module, name string, static bool) any {
		return programGlobal{Module: module, Name: name, Static: static}
	}
	bridge.NewPlans = func() any { return new(planCache) }
	bridge.UsePlans = func(pickler, plans any) {
		pickler.(*Pickler).planCache, _ = plans.(*planCache)
	}
	bridge.ReadPayload = func(unpickler any, n int64) ([]byte, error) {
		return builderInput{unpickler.(*Unpickler)}.ReadPayload(n)
	}
	bridge.SetTally = func(unpickler any, compressed func() int64, tally *bridge.Tally) {
		u := unpickler.(*Unpickler)
		u.compressed, u.tally = compressed, tally
	}
}

// setInput implements [bridge.SetInput]. It begins new slabs, so that small values of the next
// pickle do not share memory with those of the last one.
func (u *Unpickler) setInput(data []byte) {
	u.w, u.slabs = window.Bytes(data), slabs{}
}

// read reads the next pickle onto a tape.
func (u *Unpickler) read() (bridge.Pickle, error) {
	if err := u.begin(); err != nil {
		return nil, err
	}
	u.w.Consume()
	if u.usage = u.tally; u.usage == nil {
		u.ownTally = bridge.Tally{}
		u.usage = &u.ownTally
	}
	h, err := u.run(u.keptHost)
	if u.tally != nil {
		u.usage.InputBytes += u.w.Offset()
	}
	if err != nil {
		u.keptHost = nil
		return nil, err
	}
	if u.KeepMemo {
		u.keptHost = h
	}
	u.w.End()
	return h, nil
}

// readPartial implements [bridge.ReadPartial].
func (u *Unpickler) readPartial(path []tape.PathStep) (p bridge.Pickle,
	again func([]tape.PathStep) (bridge.Pickle, error), err error) {
	if !u.w.IsSlice() || u.KeepMemo || u.tally != nil || u.compressed != nil {
		path = nil
	}
	before := u.w
	again = func(path []tape.PathStep) (bridge.Pickle, error) {
		u.w, u.path = before, path
		p, err := u.read()
		u.path = nil
		return p, err
	}
	p, err = again(path)
	return p, again, err
}

// tapes has tapes that are not in use.
var tapes = sync.Pool{New: func() any { return new(tape.Tape) }}

// run carries out the opcodes of a pickle. kept is the host of the last pickle if its memo is kept,
// else nil.
func (u *Unpickler) run(kept *host) (*host, error) {
	h := kept
	if h == nil {
		h = u.newHost()
	}
	h.keys.maxDepth = u.limits.Depth
	h.passEnded = false
	outer, path := u.running, u.path
	u.running, u.path = h.t, nil // nested pickles are read as a whole
	err := h.t.Read(&u.w, &tape.Options{
		Host:     h,
		Limits:   u.tapeLimits(),
		Usage:    u.usage.Usage,
		RawStr:   u.Encoding == EncodingRaw,
		KeepMemo: kept != nil,
		Path:     path,
	})
	if err == nil && len(h.dropped) > 0 {
		err = h.keepDropped()
	}
	u.running, u.usage.Usage = outer, h.t.Usage()
	if err != nil {
		h.Release()
		return nil, publicError(err)
	}
	u.proto = h.t.Protocol()
	h.passEnded = !u.KeepMemo
	return h, nil
}

// newHost returns a host for a pickle.
func (u *Unpickler) newHost() *host {
	h := &u.host
	if h.t != nil || u.KeepMemo {
		h = new(host)
	}
	h.u, h.t, h.slabs = u, tapes.Get().(*tape.Tape), &u.slabs
	return h
}

// tapeLimits returns the limits that a pass enforces.
func (u *Unpickler) tapeLimits() tape.Limits {
	l := tape.Limits{
		Objects:     u.limits.Objects,
		Memo:        u.limits.Memo,
		StringBytes: u.limits.StringBytes,
		IntDigits:   u.limits.IntDigits,
	}
	if u.compressed != nil {
		l.ValueBytes = func(taken int64) (int64, error) {
			return tape.ValueBytesOf(taken, u.compressed(), u.limits.CompressionRatio)
		}
	}
	return l
}

// begin prepares the window for the next pickle. The error is io.EOF if there is none.
func (u *Unpickler) begin() error {
	u.limits = u.Limits.WithDefaults()
	u.w.Limit = u.limits.InputBytes
	u.w.Shared = u.SharedInput && u.w.IsSlice()
	if err := u.w.Begin(); err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return &DecodeError{Offset: u.w.Offset(), Err: publicLimitError(err)}
	}
	return nil
}

// InputOffset returns the number of bytes of the input that were consumed. After Load this is the
// offset of the byte behind the pickle's STOP.
func (u *Unpickler) InputOffset() int64 { return u.w.Offset() }

// Protocol returns the protocol of the last pickle that Load read. It is the argument of the PROTO
// opcode, or if there is none, as in protocols 0 and 1, the highest protocol of an opcode.
func (u *Unpickler) Protocol() int { return u.proto }

// Load reads the first pickle of a file without any hooks, as gopickle's function does.
func Load(filename string) (any, error) {
	f, err := os.Open(filename)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return NewUnpickler(f).Load()
}

// Loads reads the first pickle of a string without any hooks, as gopickle's function does.
func Loads(s string) (any, error) {
	return NewUnpickler(strings.NewReader(s)).Load()
}
