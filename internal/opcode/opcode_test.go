package opcode_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/internal/opcode"
)

// python is what scripts/gen_opcode_cases.py wrote.
type python struct {
	Opcodes []struct {
		Code     byte
		Name     string
		Protocol uint8
		Arg      int // as ArgumentDescriptor.n of pickletools: bytes, or a negative kind
	}
	// Arguments has for each opcode pairs of an argument in hexadecimal and what CPython makes of
	// it: null, or a type and its text.
	Arguments map[string][][2]json.RawMessage
}

func readPython(t *testing.T) *python {
	t.Helper()
	data, err := os.ReadFile("testdata/opcodes.json")
	if err != nil {
		t.Fatal(err)
	}
	p := new(python)
	if err := json.Unmarshal(data, p); err != nil {
		t.Fatal(err)
	}
	return p
}

// The lengths that pickletools has for arguments which are no fixed number of bytes.
const (
	upToNewline = -1
	counted1    = -2
	counted4    = -3
	countedU4   = -4
	counted8    = -5
)

// TestTable holds the table against that of pickletools.
func TestTable(t *testing.T) {
	known := map[byte]bool{}
	for _, op := range readPython(t).Opcodes {
		known[op.Code] = true
		info := opcode.Table[op.Code]
		if info.Name != op.Name || info.Protocol != op.Protocol {
			t.Errorf("%#02x is %s of protocol %d, want %s of %d", op.Code, info.Name,
				info.Protocol, op.Name, op.Protocol)
		}
		ok := int(info.Fixed) == op.Arg && info.Layout != opcode.Counted
		switch op.Arg {
		case upToNewline:
			ok = info.Layout == opcode.Line || info.Layout == opcode.TwoLines
		case counted1:
			ok = info.Layout == opcode.Counted && info.Fixed == 1
		case counted4, countedU4:
			ok = info.Layout == opcode.Counted && info.Fixed == 4
		case counted8:
			ok = info.Layout == opcode.Counted && info.Fixed == 8
		}
		if !ok || info.Fixed >= opcode.MaxFixed {
			t.Errorf("%s: layout %d of %d bytes, pickletools says %d", op.Name, info.Layout,
				info.Fixed, op.Arg)
		}
	}
	for code, info := range opcode.Table {
		if (info.Name != "") != known[byte(code)] {
			t.Errorf("%#02x: %q", code, info.Name)
		}
	}
}

// TestArguments decodes what CPython decoded.
func TestArguments(t *testing.T) {
	const digits = 4300 // the most that CPython takes
	number := func(small int64, large *big.Int) string {
		if large != nil {
			return large.String()
		}
		return strconv.FormatInt(small, 10)
	}
	decode := map[string]func(b []byte) (typ, text string, err error){
		"INT": func(b []byte) (string, string, error) {
			small, large, isBool, err := opcode.ParseIntLine(b, digits)
			if isBool {
				return "bool", map[int64]string{0: "False", 1: "True"}[small], err
			}
			return "int", number(small, large), err
		},
		"LONG": func(b []byte) (string, string, error) {
			small, large, err := opcode.ParseLongLine(b, digits)
			return "int", number(small, large), err
		},
		"FLOAT": func(b []byte) (string, string, error) {
			f, err := opcode.ParseFloat(b)
			return "float", fmt.Sprint(f), err
		},
		"STRING": func(b []byte) (string, string, error) {
			s, err := opcode.Unquote(b)
			return "bytes", hex.EncodeToString(s), err
		},
		"UNICODE": func(b []byte) (string, string, error) {
			s, err := opcode.DecodeRawUnicode(b)
			return "str", hex.EncodeToString(s), err
		},
		"LONG1": func(b []byte) (string, string, error) {
			small, large := opcode.DecodeLong(b)
			return "int", number(small, large), nil
		},
	}
	for name, rows := range readPython(t).Arguments {
		refused := 0
		for _, row := range rows {
			var arg string
			var want []string
			if json.Unmarshal(row[0], &arg) != nil || json.Unmarshal(row[1], &want) != nil {
				t.Fatalf("%s: %s", name, row)
			}
			b, err := hex.DecodeString(arg)
			if err != nil {
				t.Fatal(err)
			}
			typ, text, err := decode[name](b)
			switch {
			case want == nil:
				if refused++; err == nil {
					t.Errorf("%s %q: %s %s, CPython refuses it", name, b, typ, text)
				}
			case err != nil:
				t.Errorf("%s %q: %v, CPython reads %v", name, b, err, want)
			case typ != want[0] || text != wantText(want):
				t.Errorf("%s %q: %s %s, want %v", name, b, typ, text, want)
			}
		}
		if len(rows) < 300 || refused == len(rows) {
			t.Errorf("%s: %d arguments, %d of them bad", name, len(rows), refused)
		}
	}
}

// wantText returns what Python says in the form that decode has: floats are in hexadecimal there.
func wantText(want []string) string {
	if want[0] != "float" {
		return want[1]
	}
	text := want[1]
	switch strings.TrimPrefix(text, "-") {
	case "inf", "nan":
	default:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err.Error()
		}
		return fmt.Sprint(f)
	}
	return map[string]string{"inf": "+Inf", "-inf": "-Inf", "nan": "NaN"}[text]
}
