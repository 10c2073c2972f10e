package pickle_test

import (
	"bytes"
	"errors"
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

// The Reduce hook says how types of other packages are written.
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

func ExampleUnsupported() {
	p := pickle.NewPickler(io.Discard)
	p.Reduce = func(t reflect.Type) pickle.ReduceFunc {
		return func(v any, protocol int) (any, error) {
			return nil, pickle.Unsupported("a value of type %s is nothing to Python", t)
		}
	}
	err := p.Dump(make(chan int))
	fmt.Println(errors.Is(err, pickle.ErrUnsupported))
	// Output: true
}
