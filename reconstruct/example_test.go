package reconstruct_test

import (
	"bytes"
	"fmt"
	"log"
	"strings"

	gopickle "github.com/nlpodyssey/gopickle/pickle"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// numpy.arange(6.).reshape(2, 3), pickled by NumPy 1.26 at protocol 2.
const arange = "\x80\x02cnumpy.core.multiarray\x0a_reconstruct\x0aq\x00cnumpy\x0andarray\x0aq\x01K\x00\x85q\x02c_codecs\x0aencod" +
	"e\x0aq\x03X\x01\x00\x00\x00bq\x04X\x06\x00\x00\x00latin1q\x05\x86q\x06Rq\x07\x87q\x08Rq\x09(K\x01K\x02K\x03\x86q" +
	"\x0acnumpy\x0adtype\x0aq\x0bX\x02\x00\x00\x00f8q\x0c\x89\x88\x87q\x0dRq\x0e(K\x03X\x01\x00\x00\x00<q\x0fNNNJ\xff" +
	"\xff\xff\xffJ\xff\xff\xff\xffK\x00tq\x10b\x89h\x03X1\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" +
	"\x00\x00\xc3\xb0?\x00\x00\x00\x00\x00\x00\x00@\x00\x00\x00\x00\x00\x00\x08@\x00\x00\x00\x00\x00\x00\x10@\x00\x00" +
	"\x00\x00\x00\x00\x14@q\x11h\x05\x86q\x12Rq\x13tq\x14b."

func ExampleFindClass() {
	u := pickle.NewUnpicklerBytes([]byte(arange))
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		log.Fatal(err)
	}
	a := v.(*ndarray.Array)
	values, err := ndarray.Slice[float64](a)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(a.DType(), a.Shape(), values)
	// Output: float64 [2 3] [0 1 2 3 4 5]
}

// The hook works with gopickle's own Unpickler as well.
func ExampleFindClass_gopickle() {
	u := gopickle.NewUnpickler(strings.NewReader(arange))
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		log.Fatal(err)
	}
	values, err := ndarray.Slice[float64](v.(*ndarray.Array))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(values)
	// Output: [0 1 2 3 4 5]
}

// A service can put limits on arrays, and classes of its own before ours.
func ExampleNew() {
	resolver := reconstruct.New(reconstruct.Options{Limits: pickle.Limits{Elements: 4}})
	u := pickle.NewUnpicklerBytes([]byte(arange))
	u.FindClass = func(module, name string) (any, error) {
		if module == "myapp.models" {
			return nil, fmt.Errorf("%s.%s is not wanted here", module, name)
		}
		return resolver.FindClass(module, name)
	}
	_, err := u.Load()
	fmt.Println(err)
	// Output: pickle: numpy array: Elements limit exceeded: 6, at most 4 allowed (BUILD at byte 255)
}

func ExampleNormalize() {
	// A namedtuple Point(1, 2): at protocol 2, and at protocol 0.
	for _, data := range []string{
		"\x80\x02cgeo\nPoint\nq\x00K\x01K\x02\x86q\x01\x81q\x02.",
		"ccopy_reg\n_reconstructor\np0\n(cgeo\nPoint\np1\nc__builtin__\ntuple\np2\n(I1\nI2\ntp3\ntp4\nRp5\n.",
	} {
		u := pickle.NewUnpicklerBytes([]byte(data))
		u.FindClass = reconstruct.FindClass
		v, err := u.Load()
		if err != nil {
			log.Fatal(err)
		}
		n := reconstruct.Normalize(v.(*pickle.Object))
		fmt.Println(n.ClassName(), n.Args)
	}
	// Output:
	// geo.Point [1 2]
	// geo.Point [(1, 2)]
}

func ExampleLocation() {
	d := &reconstruct.Datetime{
		Year: 2024, Month: 7, Day: 1, Hour: 12,
		TZ: &reconstruct.Timezone{Offset: reconstruct.Timedelta{Seconds: 2 * 3600}},
	}
	loc, err := reconstruct.Location(d.TZ)
	if err != nil {
		log.Fatal(err)
	}
	t, err := d.Time()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(loc, t.UTC(), d.ISOFormat())
	// Output: UTC+02:00 2024-07-01 10:00:00 +0000 UTC 2024-07-01T12:00:00+02:00
}

func ExampleKnown() {
	fmt.Println(reconstruct.Known("numpy._core.multiarray", "_reconstruct"),
		reconstruct.Known("os", "system"))
	// Output: true false
}

// The Reduce hook of a Pickler: what this package makes of a pickle is written again.
func ExampleNewReducers() {
	x, err := ndarray.FromSlice([]float32{1, 2, 3})
	if err != nil {
		log.Fatal(err)
	}
	var b bytes.Buffer
	p := pickle.NewPickler(&b)
	// With the names that NumPy 1.26 writes itself.
	p.Reduce = reconstruct.NewReducers(
		reconstruct.ReduceOptions{NumPy: reconstruct.Version{Major: 1, Minor: 26}}).Reduce
	if err := p.Dump(x); err != nil {
		log.Fatal(err)
	}
	u := pickle.NewUnpickler(&b)
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(v)
	// Output: [1. 2. 3.]
}

func ExampleTimeOfDay() {
	noon := ndarray.Timedelta64{Value: 43_200_500, Unit: ndarray.DatetimeUnit{Base: "ms", Num: 1}}
	t, ok := reconstruct.TimeOfDay(noon)
	fmt.Println(t.Hour, t.Microsecond, ok)
	// Output: 12 500000 true
}

func ExampleAddressText() {
	u := pickle.NewUnpicklerBytes([]byte(
		"\x80\x02cipaddress\nIPv4Address\nJ\x01\x02\x00\x0a\x85R."))
	u.FindClass = reconstruct.FindClass
	v, err := u.Load()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reconstruct.AddressText(v.(*pickle.Object)))
	// Output: 10.0.2.1 true
}
