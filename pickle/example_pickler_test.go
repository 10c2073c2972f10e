package pickle_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"
	"reflect"
	"time"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/pickle"
)

func ExamplePickler() {
	var b bytes.Buffer
	p := pickle.NewPickler(&b)
	p.Protocol = pickle.ProtocolOf(2)
	shared := types.NewListFromSlice([]any{1, "a"})
	if err := p.Dump(types.NewTupleFromSlice([]any{shared, shared})); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", b.String())
	// Output: "\x80\x02]q\x00(K\x01X\x01\x00\x00\x00aq\x01eh\x00\x86q\x02."
}

func ExampleDumps() {
	data, err := pickle.Dumps(map[string]any{"b": 2.5, "a": nil})
	fmt.Printf("%q %v\n", data, err)
	// Output: "\x80\x04\x95\x17\x00\x00\x00\x00\x00\x00\x00}\x94(\x8c\x01a\x94N\x8c\x01b\x94G@\x04\x00\x00\x00\x00\x00\x00u." <nil>
}

// The Reduce hook says how types of other packages are written.
// One Pickler may make any number of pickles, each of which is complete.
func ExamplePickler_Dumps() {
	p := pickle.Pickler{Protocol: pickle.ProtocolOf(2)}
	for _, v := range []any{1, []any{2, "three"}} {
		data, err := p.Dumps(v)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%q\n", data)
	}
	// Output:
	// "\x80\x02K\x01."
	// "\x80\x02]q\x00(K\x02X\x05\x00\x00\x00threeq\x01e."
}

func ExamplePickler_reduce() {
	var b bytes.Buffer
	p := pickle.NewPickler(&b)
	p.Protocol = pickle.ProtocolOf(0)
	p.Reduce = func(t reflect.Type) pickle.ReduceFunc {
		if t != reflect.TypeFor[time.Duration]() {
			return nil
		}
		return func(v any, protocol int) (any, error) {
			class := pickle.Global{Module: "datetime", Name: "timedelta"}
			return &pickle.Object{Class: class, Args: []any{0, v.(time.Duration).Seconds()}}, nil
		}
	}
	if err := p.Dump(90 * time.Second); err != nil {
		log.Fatal(err)
	}
	os.Stdout.Write(b.Bytes())
	// Output:
	// cdatetime
	// timedelta
	// p0
	// (I0
	// F90.0
	// tp1
	// Rp2
	// .
}

// An object that no hook knows is written as it was read.
func ExampleObject() {
	o := &pickle.Object{
		Class: pickle.Global{Module: "shop", Name: "Order"}, Form: pickle.FormNewObj,
		State: &types.Dict{{Key: "id", Value: 7}}, HasState: true,
	}
	data, err := pickle.Dumps(o)
	if err != nil {
		log.Fatal(err)
	}
	v, err := pickle.NewUnpicklerBytes(data).Load()
	if err != nil {
		log.Fatal(err)
	}
	again := v.(*pickle.Object)
	fmt.Println(again.ClassName(), again.State)
	// Output: shop.Order {id: 7}
}

type sample struct{ X, Y float64 }

// newSample is the call that makes every sample in Python.
var newSample = &pickle.Constructor{Class: pickle.KnownGlobal{Module: "shop", Name: "new_sample"}, Args: []any{1}}

// PickleReduce implements [pickle.Reducer].
func (s sample) PickleReduce(protocol int) (any, error) {
	return &pickle.Constructed{By: newSample, State: pickle.FreshTuple{s.X, s.Y}}, nil
}

// Many values that differ only in their state.
func ExampleConstructed() {
	data, err := pickle.Dumps([]any{sample{1, 2}, sample{3, 4}})
	if err != nil {
		log.Fatal(err)
	}
	v, err := pickle.NewUnpicklerBytes(data).Load()
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range *v.(*types.List) {
		o := e.(*pickle.Object)
		fmt.Println(o.Class, o.Args, *o.State.(*types.Tuple))
	}
	// Output:
	// shop.new_sample [1] [1 2]
	// shop.new_sample [1] [3 4]
}

// A payload that is made while it is written, and never in memory as a whole.
func ExampleLargeBytes() {
	zeros := &pickle.LargeBytes{Size: 1 << 20, Write: func(w io.Writer) error {
		_, err := io.CopyN(w, zeroReader{}, 1<<20)
		return err
	}}
	var b bytes.Buffer
	if err := pickle.NewPickler(&b).Dump(zeros); err != nil {
		log.Fatal(err)
	}
	v, err := pickle.NewUnpickler(&b).Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(v.([]byte)))
	// Output: 1048576
}

type zeroReader struct{}

func (zeroReader) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}
