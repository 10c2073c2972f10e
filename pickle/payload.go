package pickle

import (
	"io"

	"github.com/unpkl/unpkl/internal/bridge"
)

// builderInput is the input of an Unpickler for a [bridge.Builder].
type builderInput struct{ u *Unpickler }

var _ bridge.Input = builderInput{}

// ReadPayload implements [bridge.Input].
func (p builderInput) ReadPayload(n int64) ([]byte, error) {
	if n < 0 {
		return nil, malformed("payload of %d bytes", n)
	}
	if limit := p.u.limits.StringBytes; n > limit {
		return nil, &LimitError{Limit: "StringBytes", Max: limit, Want: n}
	}
	b, err := p.u.w.Payload(uint64(n), nil)
	return b, publicLimitError(err)
}

// ReadByte implements [bridge.Input].
func (p builderInput) ReadByte() (byte, error) {
	b, err := p.u.w.Take(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// maxNested is the greatest number of nested pickles. Each is a call on Go's stack.
const maxNested = 100

// LoadNested implements [bridge.Input].
func (p builderInput) LoadNested() (any, error) {
	u := p.u
	if u.nested == maxNested {
		return nil, &LimitError{Limit: "Depth", Max: maxNested, Want: maxNested + 1}
	}
	u.nested++
	proto, outer := u.proto, u.running
	u.usage.Usage = outer.Usage()
	defer func() {
		outer.SetUsage(u.usage.Usage)
		u.proto = proto
		u.nested--
	}()
	h, err := u.run(nil)
	if err != nil {
		return nil, err
	}
	defer h.Release()
	return h.Object(h.t.Root())
}

// LoadFrom implements [bridge.Input].
func (p builderInput) LoadFrom(r io.Reader) (any, error) {
	u, inner := p.u, NewUnpickler(r)
	inner.FindClass, inner.PersistentLoad, inner.GetExtension = u.FindClass, u.PersistentLoad,
		u.GetExtension
	inner.Strict, inner.Allow = u.Strict, u.Allow
	inner.Encoding, inner.Limits = u.Encoding, u.Limits
	return inner.Load()
}
