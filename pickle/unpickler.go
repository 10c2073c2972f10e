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

// HighestProtocol is the newest protocol that an [Unpickler] reads.
const HighestProtocol byte = 5

// Encoding says what a Python 2 str (the opcodes STRING, BINSTRING and
// SHORT_BINSTRING) becomes, as the encoding argument of Python's pickle.load does.
type Encoding uint8

// The encodings of a Python 2 str.
const (
	EncodingRaw    Encoding = iota // a string of the same bytes, whatever they are
	EncodingASCII                  // a string; other bytes are an error (Python's default)
	EncodingLatin1                 // a string, each byte a code point
	EncodingUTF8                   // a string; what is not UTF-8 is an error
	EncodingBytes                  // a []byte
	EncodingKeep                   // a Py2String
)

// Unpickler reads pickles from a stream of bytes. The hook fields have the
// names, types and meanings of gopickle's Unpickler; all of them may be nil.
//
// An Unpickler is not safe for concurrent use; several of them share nothing.
type Unpickler struct {
	// FindClass returns the value that stands for a class or function: see the
	// package documentation for what it may be. Without it every
	// class is a [Global]. The names that gopickle resolves before it asks its hook
	// are asked for here too; if the hook has no answer for them
	// (an error), they are Globals.
	FindClass func(module, name string) (any, error)
	// PersistentLoad returns the object of a persistent id. Without it, such an
	// id is an error of the kind ErrUnsupported.
	PersistentLoad func(pid any) (any, error)
	// GetExtension returns the object of an extension code, 1 or more. Without it,
	// such a code is an error of the kind ErrUnsupported.
	GetExtension func(code int) (any, error)
	// NextBuffer returns the next out-of-band buffer (PEP 574): a []byte if
	// it is read-only in Python, a *types.ByteArray if not, or any other value.
	// Without it, such a buffer is an error of the kind ErrUnsupported.
	NextBuffer func() (any, error)
	// MakeReadOnly returns a read-only view of such a buffer. Without it, a
	// *types.ByteArray becomes a []byte of the same memory, and
	// another value of NextBuffer stays what it is.
	MakeReadOnly func(any) (any, error)

	// Strict makes a class or function that no hook knows an error of the kind
	// ErrUnknownGlobal. A hook that returns a [Global] does not know it.
	Strict bool
	// Allow, where it is not nil, says which of the classes that no hook knows strict mode
	// accepts all the same; each is then a [Global], as without Strict.
	Allow func(module, name string) bool
	// KeepMemo keeps the memo from one Load to the next, which is how one Python
	// Pickler writes several objects; streams of separate pickles need a new one for
	// each, which is the default.
	KeepMemo bool
	// SharedInput lets bytes objects of 4 KiB or more be part of the slice that
	// NewUnpicklerBytes got, at any alignment, instead of copies.
	SharedInput bool
	// Encoding says what a Python 2 str becomes.
	Encoding Encoding
	// Limits bound what an input may cost.
	Limits Limits

	// compressed returns, for input that is being decompressed, how many compressed bytes that took
	// so far, or is nil: see Limits.CompressionRatio. What several Unpicklers of one input cost is
	// counted in one tally; without one, each Load counts anew.
	compressed func() int64
	tally      *bridge.Tally

	w     window.Window
	slabs slabs
	// host is that of the pickle that is being read, unless its tape is nil: hosts of pickles
	// inside it, and one whose memo goes on, are made anew.
	host     host
	keptHost *host // of the pickle before, with KeepMemo
	proto    int
	nested   int
	limits   Limits        // with defaults
	usage    *bridge.Tally // of the Load that runs
	ownTally bridge.Tally
	// steps are those of readPart until the pass begins.
	path []tape.PathStep
	// running is the tape of the pickle that is being read, for the pickles inside it.
	running *tape.Tape
}

// NewUnpickler returns an Unpickler that reads from r.
//
// It reads r in blocks. If r can give bytes back, that is a bufio.Reader (or
// whatever has its Peek, Discard and Buffered), a bytes.Buffer or an io.Seeker,
// Load leaves it just behind the pickle, so that it can be read further by others. From any other
// reader, up to 64 KiB may have been read that only the next Load of the same Unpickler
// sees.
func NewUnpickler(r io.Reader) *Unpickler {
	return &Unpickler{w: window.New(r)}
}

// NewUnpicklerBytes returns an Unpickler that reads from data, which is neither
// copied as a whole nor changed, and must not change while it is read.
func NewUnpicklerBytes(data []byte) *Unpickler {
	return &Unpickler{w: window.Bytes(data)}
}

// Load reads the next pickle and returns its value. At the end of the input
// it returns io.EOF, and only there; every other error is a [*DecodeError], or
// that of the reader inside one.
//
// What it returns does not share memory with the input unless SharedInput is set.
// After an error the input's position is not defined.
func (u *Unpickler) Load() (any, error) {
	p, err := u.read()
	if err != nil {
		return nil, err
	}
	defer p.Release()
	return p.Object(p.Tape().Root())
}

// More reports whether the input goes on behind the pickle that was read last, with another one or
// with anything else. Its error is the reader's.
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
	bridge.ReadPartial = func(u any, steps []tape.PathStep) (bridge.Pickle,
		func([]tape.PathStep) (bridge.Pickle, error), error) {
		return u.(*Unpickler).readPartial(steps)
	}
	bridge.SetInput = func(unpickler any, data []byte) { unpickler.(*Unpickler).setInput(data) }
	bridge.PublicError = publicError
	bridge.ProgramGlobal = func(module, name string, static bool) any {
		return programGlobal{Module: module, Name: name, Static: static}
	}
	bridge.NewPlans = func() any { return new(planCache) }
	bridge.UsePlans = func(pickler, plans any) { pickler.(*Pickler).planCache, _ = plans.(*planCache) }
	bridge.ReadPayload = func(unpickler any, n int64) ([]byte, error) {
		return builderInput{unpickler.(*Unpickler)}.ReadPayload(n)
	}
	bridge.SetTally = func(unpickler any, compressed func() int64, tally *bridge.Tally) {
		u := unpickler.(*Unpickler)
		u.compressed, u.tally = compressed, tally
	}
}

// setInput makes u read data, as NewUnpicklerBytes does, with its hooks and options. Small values
// of the pickle before do not share memory with those of the next.
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

// readPart implements [bridge.ReadPart].
func (u *Unpickler) readPartial(steps []tape.PathStep) (p bridge.Pickle,
	again func([]tape.PathStep) (bridge.Pickle, error), err error) {
	if !u.w.IsSlice() || u.KeepMemo || u.tally != nil || u.compressed != nil {
		steps = nil
	}
	before := u.w
	again = func(steps []tape.PathStep) (bridge.Pickle, error) {
		u.w, u.path = before, steps
		p, err := u.read()
		u.path = nil
		return p, err
	}
	p, err = again(steps)
	return p, again, err
}

// tapes keeps the memory of tapes from one pickle to the next.
var tapes = sync.Pool{New: func() any { return new(tape.Tape) }}

// run carries out the opcodes of a pickle. kept is what the pickle before it has left, if its memo
// goes on, else nil.
func (u *Unpickler) run(kept *host) (*host, error) {
	h := kept
	if h == nil {
		h = u.newHost()
	}
	h.keys.maxDepth = u.limits.Depth
	h.passEnded = false
	outer, steps := u.running, u.path
	u.running, u.path = h.t, nil // pickles inside this one are wanted as they are
	err := h.t.Read(&u.w, &tape.Options{
		Host:     h,
		Limits:   u.tapeLimits(),
		Usage:    u.usage.Usage,
		RawStr:   u.Encoding == EncodingRaw,
		KeepMemo: kept != nil,
		Path:     steps,
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

// newHost returns the host of a pickle.
func (u *Unpickler) newHost() *host {
	h := &u.host
	if h.t != nil || u.KeepMemo {
		h = new(host)
	}
	h.u, h.t, h.slabs = u, tapes.Get().(*tape.Tape), &u.slabs
	return h
}

// tapeLimits are the limits that a pass keeps.
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

// begin readies the window for a pickle.
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

// InputOffset returns the number of bytes of the input that have been
// consumed: after Load, the offset of the byte behind the pickle's STOP.
func (u *Unpickler) InputOffset() int64 { return u.w.Offset() }

// Protocol returns the protocol of the pickle that Load read last: the argument of its PROTO
// opcode, or without one, as protocols 0 and 1 are, the newest protocol among its
// opcodes.
func (u *Unpickler) Protocol() int { return u.proto }

// Load reads the first pickle of a file, as gopickle's function does: with no
// hooks.
func Load(filename string) (any, error) {
	f, err := os.Open(filename)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return NewUnpickler(f).Load()
}

// Loads reads the first pickle of a string, as gopickle's function does: with no
// hooks.
func Loads(s string) (any, error) {
	return NewUnpickler(strings.NewReader(s)).Load()
}
