package pickle

import (
	"bytes"
	"testing"
)

// Unpickler.find_class of dill/_dill.py looks for these names as they are, whatever the protocol.
func TestNamesThatOnlyDillHas(t *testing.T) {
	for _, name := range []string{"__main__", "NoneType"} {
		for protocol := range 6 {
			var b bytes.Buffer
			p := NewPickler(&b)
			p.Protocol = ProtocolOf(protocol)
			if err := p.Dump(Global{"__builtin__", name}); err != nil {
				t.Fatal(err)
			}
			if v, err := NewUnpicklerBytes(b.Bytes()).Load(); err != nil || v != any(Global{"__builtin__", name}) {
				t.Errorf("protocol %d: %s is written as %v, %v", protocol, name, v, err)
			}
		}
	}
}
