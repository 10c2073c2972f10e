package pickle

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// different are the cases that CPython's unpickler in C accepts and ours does not.
var different = map[string]string{
	"frame-nested": "pickle.py refuses it too; PEP 3154 forbids it",
	"build-twice":  "what a second __setstate__ does is the class's affair; an Object refuses to guess",
}

// routes are the kinds of input of an Unpickler.
var routes = map[string]func(data string) *Unpickler{
	"bytes": func(d string) *Unpickler { return NewUnpicklerBytes([]byte(d)) },
	"reader": func(d string) *Unpickler {
		return NewUnpickler(struct{ io.Reader }{strings.NewReader(d)})
	},
	"onebyte": func(d string) *Unpickler {
		return NewUnpickler(iotest.OneByteReader(strings.NewReader(d)))
	},
	"dataerr": func(d string) *Unpickler {
		return NewUnpickler(iotest.DataErrReader(strings.NewReader(d)))
	},
	"seeker": func(d string) *Unpickler { return NewUnpickler(strings.NewReader(d)) },
	"bufio": func(d string) *Unpickler {
		return NewUnpickler(bufio.NewReaderSize(strings.NewReader(d), 16))
	},
	"buffer": func(d string) *Unpickler { return NewUnpickler(bytes.NewBufferString(d)) },
}

func TestPythonCases(t *testing.T) {
	for _, c := range pyCases(t) {
		for name, route := range routes {
			u := route(c.data)
			u.Encoding = EncodingLatin1
			v, err := u.Load()
			checkError(t, c.name+"/"+name, c.data, err)
			wantErr := c.want[0] == '!' && c.want != deep || different[c.name] != ""
			switch {
			case err != nil && !wantErr:
				t.Errorf("%s/%s: %v, Python says %s", c.name, name, err, c.want)
			case err == nil && wantErr:
				t.Errorf("%s/%s: %s, Python says %s", c.name, name, canon(v), c.want)
			case err == nil && canon(v) != c.want:
				t.Errorf("%s/%s: %s, Python says %s", c.name, name, canon(v), c.want)
			}
		}
	}
}

// checkError checks that an error is of one of the kinds and has an opcode and offset.
func checkError(t *testing.T, name, data string, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if data == "" && err == io.EOF {
		return
	}
	var de *DecodeError
	if !errors.As(err, &de) {
		t.Errorf("%s: %T is not a DecodeError: %v", name, err, err)
		return
	}
	kinds := 0
	for _, kind := range []error{ErrTruncated, ErrMalformed, ErrLimit, ErrUnknownGlobal,
		ErrUnsupported} {
		if errors.Is(err, kind) {
			kinds++
		}
	}
	if kinds != 1 {
		t.Errorf("%s: %d kinds: %v", name, kinds, err)
	}
	if de.Offset < 0 || de.Offset >= int64(len(data)) || Opcode(data[de.Offset]) != de.Op {
		t.Errorf("%s: no %v at %d", name, de.Op, de.Offset)
	}
}
