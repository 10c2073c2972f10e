package pickle_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

func ExampleNewUnpickler() {
	// Two pickles, one after another: pickle.dump was called twice.
	file := strings.NewReader("\x80\x04]\x94(K\x01K\x02e." + "\x80\x04\x8c\x05hello\x94.")
	u := pickle.NewUnpickler(file)
	for {
		v, err := u.Load()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%T %v\n", v, v)
	}
	// Output:
	// *types.List [1, 2]
	// string hello
}

func ExampleNewUnpicklerBytes() {
	// pickle.dumps(os.system) with a call of it, as an attacker writes it.
	u := pickle.NewUnpicklerBytes([]byte("cposix\nsystem\n\x8c\x04ls /\x85R."))
	v, err := u.Load()
	o := v.(*pickle.Object)
	fmt.Println(o.ClassName(), o.Args, err)

	u = pickle.NewUnpicklerBytes([]byte("cposix\nsystem\n\x8c\x04ls /\x85R."))
	u.Strict = true
	_, err = u.Load()
	fmt.Println(err, errors.Is(err, pickle.ErrUnknownGlobal))
	// Output:
	// posix.system [ls /] <nil>
	// pickle: unknown global "posix.system" (GLOBAL at byte 0) true
}

// point is the Go type of this example for the Python class shapes.Point.
type point struct{ X, Y int }

// PyDictSet sets an attribute, as BUILD does.
func (p *point) PyDictSet(key, value any) error {
	switch key {
	case "x":
		p.X, _ = value.(int)
	case "y":
		p.Y, _ = value.(int)
	}
	return nil
}

type pointClass struct{}

// PyNew makes an instance, as NEWOBJ does.
func (pointClass) PyNew(args ...any) (any, error) { return new(point), nil }

func ExampleUnpickler_findClass() {
	u := pickle.NewUnpicklerBytes([]byte(
		"\x80\x02cshapes\nPoint\nq\x00)\x81q\x01}q\x02(U\x01xK\x03U\x01yK\x04ub."))
	u.FindClass = func(module, name string) (any, error) {
		if module == "shapes" && name == "Point" {
			return pointClass{}, nil
		}
		return pickle.Global{Module: module, Name: name}, nil
	}
	v, err := u.Load()
	fmt.Printf("%+v %v\n", v, err)
	// Output: &{X:3 Y:4} <nil>
}

func ExampleLoads() {
	v, err := pickle.Loads("\x80\x04}\x94\x8c\x04name\x94\x8c\x03abc\x94s.")
	fmt.Println(v.(*types.Dict).MustGet("name"), err)
	// Output: abc <nil>
}

func ExampleLoad() {
	_, err := pickle.Load("no-such-file.pkl")
	fmt.Println(errors.Is(err, os.ErrNotExist))
	// Output: true
}

func ExampleDisassemble() {
	err := pickle.Disassemble(os.Stdout, strings.NewReader("\x80\x04]\x94(K\x01\x8c\x01a\x94e."))
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	//     0: \x80 PROTO      4
	//     2: ]    EMPTY_LIST
	//     3: \x94 MEMOIZE    (as 0)
	//     4: (    MARK
	//     5: K        BININT1    1
	//     7: \x8c     SHORT_BINUNICODE 'a'
	//    10: \x94     MEMOIZE    (as 1)
	//    11: e        APPENDS    (MARK at 4)
	//    12: .    STOP
	// highest protocol among opcodes = 4
}

func ExampleDisAll() {
	two := strings.NewReader("K\x01.K\x02.")
	if err := pickle.Disassemble(os.Stdout, two, pickle.DisAll()); err != nil {
		fmt.Println(err)
	}
	// Output:
	//     0: K    BININT1    1
	//     2: .    STOP
	// highest protocol among opcodes = 1
	//     3: K    BININT1    2
	//     5: .    STOP
	// highest protocol among opcodes = 1
}

func ExampleDisLimits() {
	limits := pickle.DisLimits(pickle.Limits{InputBytes: 4})
	err := pickle.Disassemble(io.Discard, strings.NewReader("\x8c\x05large."), limits)
	fmt.Println(errors.Is(err, pickle.ErrLimit))
	// Output: true
}

func ExampleOps() {
	for op, err := range pickle.Ops(strings.NewReader("cposix\nsystem\n\x8c\x02ls\x85R.")) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if g, ok := op.Arg.(pickle.Global); ok {
			fmt.Println(op.Offset, op.Op, g)
		}
	}
	// Output: 0 GLOBAL posix.system
}

func ExampleOpsBytes() {
	for op, err := range pickle.OpsBytes([]byte("\x8c\x01a.")) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(op.Offset, op.Op, op.Arg)
	}
	// Output:
	// 0 SHORT_BINUNICODE a
	// 3 STOP <nil>
}

func ExampleNewScanner() {
	s := pickle.NewScanner(strings.NewReader("]."))
	op, err := s.Next()
	fmt.Println(op.Op, s.InputOffset(), err)
	// Output: EMPTY_LIST 1 <nil>
}

func ExampleScanner() {
	s := pickle.NewScannerBytes([]byte("K\x01.K\x02."))
	for {
		op, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(op.Offset, op.Op, op.Arg)
	}
	// Output:
	// 0 BININT1 1
	// 2 STOP <nil>
	// 3 BININT1 2
	// 5 STOP <nil>
}

func ExampleNewSet() {
	s, err := pickle.NewSet(1, 2.5, 1.0, true)
	fmt.Println(s.Items, s.Has(1), err)
	// Output: [1 2.5] true <nil>
}

func ExampleNewFrozenSet() {
	s, err := pickle.NewFrozenSet("a", "b", "a")
	fmt.Println(s.Items, err)
	// Output: [a b] <nil>
}

func ExampleNewDict() {
	// 1 and 1.0 are one key in Python: the first of them stays, with the last value.
	d, err := pickle.NewDict(types.DictEntry{Key: 1, Value: "int"},
		types.DictEntry{Key: 1.0, Value: "float"})
	for _, entry := range *d {
		fmt.Println(entry.Key, entry.Value, err)
	}
	// Output: 1 float <nil>
}

func ExampleEqualKeys() {
	fmt.Println(pickle.EqualKeys(1, 1.0), pickle.EqualKeys("a", []byte("a")))
	// Output: true false
}

func ExampleUnpickler_nextBuffer() {
	buffers := [][]byte{[]byte("out of band")}
	u := pickle.NewUnpicklerBytes([]byte("\x80\x05\x97."))
	u.NextBuffer = func() (any, error) {
		if len(buffers) == 0 {
			return nil, pickle.Malformed("more buffers than were given")
		}
		b := buffers[0]
		buffers = buffers[1:]
		return b, nil
	}
	v, err := u.Load()
	fmt.Printf("%s %v\n", v, err)
	// Output: out of band <nil>
}

func ExampleGlobal_Python3() {
	old := pickle.Global{Module: "__builtin__", Name: "xrange"}
	fmt.Println(old.Python3())
	// Output: builtins.range
}
