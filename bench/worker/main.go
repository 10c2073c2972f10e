// Command worker makes one measurement for compare.py. It prints the median time of a round in
// seconds, and the bytes and allocations per round.
//
//	worker IMPL TASK FILE SECONDS
//	worker fresh LOAD FILE
//	worker convert ROUNDS read|write FILES [FLAG]
package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	gopickle "github.com/nlpodyssey/gopickle/pickle"
	"github.com/nlpodyssey/gopickle/types"

	ogorek "github.com/kisielk/og-rek"
	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// Record is an item of workload D, Item one of C and Row one of F. Scalars, Event and Object are
// items of N.
type (
	Record struct {
		ID     int      `pickle:"id"`
		Name   string   `pickle:"name"`
		Value  float64  `pickle:"value"`
		Tags   []string `pickle:"tags"`
		Active bool     `pickle:"active"`
		Date   string   `pickle:"date"`
	}
	Item struct {
		ID     int       `pickle:"id"`
		Name   string    `pickle:"name"`
		Values []float64 `pickle:"values"`
	}
	Scalars struct {
		ID    int64   `pickle:"id"`
		Score float64 `pickle:"score"`
		OK    bool    `pickle:"ok"`
	}
	Event struct {
		At    time.Time `pickle:"at"`
		Value float64   `pickle:"value"`
	}
	Object struct {
		ID    int     `pickle:"id"`
		Name  string  `pickle:"name"`
		Value float64 `pickle:"value"`
	}
	Row struct {
		ID   int64   `pickle:"id"`
		X    float64 `pickle:"x"`
		Y    float64 `pickle:"y"`
		Flag int32   `pickle:"flag"`
		W    float32 `pickle:"w"`
	}
)

// A task prepares a measurement, for example by reading the file, and returns the function of a
// round.
type task func(path string) (func() (any, error), error)

func ofBytes(f func(data []byte) (any, error)) task {
	return func(path string) (func() (any, error), error) {
		data, err := os.ReadFile(path)
		return func() (any, error) { return f(data) }, err
	}
}

func ofPath(f func(path string) (any, error)) task {
	return func(path string) (func() (any, error), error) {
		return func() (any, error) { return f(path) }, nil
	}
}

func ofValue(f func(v any) (any, error)) task {
	return func(path string) (func() (any, error), error) {
		v, err := unpkl.LoadFile(path)
		return func() (any, error) { return f(v) }, err
	}
}

func unmarshal[T any](data []byte) (any, error) {
	var v T
	err := unpkl.Unmarshal(data, &v)
	return v, err
}

func loads(data []byte) (any, error) { return unpkl.LoadBytes(data) }

func gopickleLoads(data []byte) (any, error) {
	u := gopickle.NewUnpickler(bytes.NewReader(data))
	u.FindClass = reconstruct.FindClass
	u.NextBuffer = func() (any, error) { return nil, io.EOF }
	return u.Load()
}

func ogorekLoads(data []byte) (any, error) {
	return ogorek.NewDecoderWithConfig(bytes.NewReader(data),
		&ogorek.DecoderConfig{StrictUnicode: true, PyDict: true}).Decode()
}

func ogorekDumps(v any) (any, error) {
	var b bytes.Buffer
	err := ogorek.NewEncoderWithConfig(&b, &ogorek.EncoderConfig{Protocol: 4,
		StrictUnicode: true}).Encode(v)
	return b.Bytes(), err
}

func values(v any) (any, error) {
	a, ok := v.(map[string]any)["values"].(*ndarray.Array)
	if !ok {
		return nil, fmt.Errorf("no array in %T", v)
	}
	return ndarray.Slice[float64](a)
}

func marshal[T any](protocol int) task {
	return func(path string) (func() (any, error), error) {
		data, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		var v T
		if err := unpkl.Unmarshal(data, &v); err != nil {
			return nil, err
		}
		return func() (any, error) { return unpkl.Marshal(v, unpkl.WithProtocol(protocol)) }, nil
	}
}

// thousand returns a task whose round runs that of t a thousand times.
func thousand(t task) task {
	return func(path string) (func() (any, error), error) {
		run, err := t(path)
		return func() (any, error) {
			out := make([]any, 1000)
			var err error
			for i := range out {
				if out[i], err = run(); err != nil {
					return nil, err
				}
			}
			return out, nil
		}, err
	}
}

// stream decodes all pickles in a file, each into a T.
func stream[T any](path string) (any, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []T
	for d := unpkl.NewDecoder(f); ; {
		var v T
		switch err := d.Decode(&v); err {
		case nil:
			out = append(out, v)
		case io.EOF:
			return out, nil
		default:
			return nil, err
		}
	}
}

// loop keeps a core busy without using memory.
func loop(x uint64) uint64 {
	for i := range uint64(50_000_000) {
		x += x>>7 ^ i*3
	}
	return x
}

func twice(string) (any, error) {
	var sum [2]uint64
	var wg sync.WaitGroup
	for i := range sum {
		wg.Go(func() { sum[i] = loop(uint64(i)) })
	}
	wg.Wait()
	return sum[0] + sum[1], nil
}

// many returns a task that decodes eight files on n goroutines.
func many(n int) task {
	return func(path string) (func() (any, error), error) {
		var files [][]byte
		for i := range 8 {
			data, err := os.ReadFile(fmt.Sprintf("%s/K%d.p4.pkl", path, i))
			if err != nil {
				return nil, err
			}
			files = append(files, data)
		}
		return func() (any, error) {
			work := make(chan []byte, len(files))
			for _, f := range files {
				work <- f
			}
			close(work)
			var wg sync.WaitGroup
			errs := make(chan error, len(files))
			for range n {
				wg.Go(func() {
					for f := range work {
						if _, err := unpkl.LoadBytes(f); err != nil {
							errs <- err
						}
					}
				})
			}
			wg.Wait()
			close(errs)
			return nil, <-errs
		}, nil
	}
}

var tasks = map[string]task{
	"unpkl load-file": ofPath(func(p string) (any, error) {
		v, err := unpkl.LoadFile(p)
		if err != nil {
			return nil, err
		}
		return values(v)
	}),
	"unpkl open": ofPath(func(p string) (any, error) {
		f, err := unpkl.Open(p)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		v, err := f.Load()
		if err != nil {
			return nil, err
		}
		_, err = values(v)
		return nil, err
	}),
	"unpkl open-file": ofPath(func(p string) (any, error) {
		f, err := unpkl.Open(p)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		_, err = f.Load()
		return nil, err
	}),
	"unpkl frame-columns": ofPath(func(p string) (any, error) {
		v, err := unpkl.LoadFile(p)
		if err != nil {
			return nil, err
		}
		return frame.Column[string](v.(*frame.Frame), "name")
	}),
	"unpkl loads": ofBytes(loads),
	"unpkl loads-shared": ofBytes(func(d []byte) (any, error) {
		return unpkl.LoadBytes(d, unpkl.WithSharedInput())
	}),
	"unpkl load-path":  ofPath(func(p string) (any, error) { return unpkl.LoadFile(p) }),
	"unpkl to-records": ofBytes(unmarshal[[]Record]),
	"unpkl to-items":   ofBytes(unmarshal[[]Item]),
	"unpkl to-floats":  ofBytes(unmarshal[[]float64]),
	"unpkl to-ints":    ofBytes(unmarshal[[]int64]),
	"unpkl to-strings": ofBytes(unmarshal[[]string]),
	"unpkl dumps5": ofValue(func(v any) (any, error) {
		return unpkl.Marshal(v, unpkl.WithProtocol(5))
	}),
	"unpkl dumps4": ofValue(func(v any) (any, error) {
		return unpkl.Marshal(v, unpkl.WithProtocol(4))
	}),
	"unpkl dump-records4":    marshal[[]Record](4),
	"unpkl dump-items4":      marshal[[]Item](4),
	"unpkl to-scalars":       ofBytes(unmarshal[[]Scalars]),
	"unpkl to-events":        ofBytes(unmarshal[[]Event]),
	"unpkl to-dict":          ofBytes(unmarshal[map[string]float64]),
	"unpkl to-objects":       ofBytes(unmarshal[[]Object]),
	"unpkl loads-1000":       thousand(ofBytes(loads)),
	"unpkl to-record-1000":   thousand(ofBytes(unmarshal[Record])),
	"unpkl to-item-1000":     thousand(ofBytes(unmarshal[Item])),
	"unpkl dumps-1000":       thousand(marshal[any](4)),
	"unpkl dump-record-1000": thousand(marshal[Record](4)),
	"unpkl dump-item-1000":   thousand(marshal[Item](4)),
	"gopickle loads-1000":    thousand(ofBytes(gopickleLoads)),
	"og-rek loads-1000":      thousand(ofBytes(ogorekLoads)),
	"og-rek dumps-1000":      thousand(ofValue(ogorekDumps)),
	"unpkl stream":           ofPath(stream[any]),
	"unpkl stream-records":   ofPath(stream[Record]),
	"cores one":              ofPath(func(string) (any, error) { return loop(0) + loop(1), nil }),
	"cores two":              ofPath(twice),
	"unpkl many1":            many(1),
	"unpkl many2":            many(2),
	"unpkl fields": ofValue(func(v any) (any, error) {
		a := v.(*ndarray.Array)
		var sum int
		for _, f := range a.DType().Fields() {
			view, err := a.Field(f.Name)
			if err != nil {
				return nil, err
			}
			sum += view.Size()
		}
		return sum, nil
	}),
	"unpkl fields-copy": ofValue(func(v any) (any, error) {
		a := v.(*ndarray.Array)
		var out []any
		for _, name := range []string{"id", "x", "y"} {
			view, err := a.Field(name)
			if err != nil {
				return nil, err
			}
			var col any
			if name == "id" {
				col, err = ndarray.Values[int64](view)
			} else {
				col, err = ndarray.Values[float64](view)
			}
			if err != nil {
				return nil, err
			}
			out = append(out, col)
		}
		return out, nil
	}),
	"unpkl rows": ofValue(func(v any) (any, error) {
		return ndarray.Records[Row](v.(*ndarray.Array))
	}),
	"gopickle loads": ofBytes(gopickleLoads),
	"gopickle load-file": ofPath(func(p string) (any, error) {
		data, err := os.ReadFile(p)
		if err != nil {
			return nil, err
		}
		u := gopickle.NewUnpickler(bytes.NewReader(data))
		u.FindClass = reconstruct.FindClass
		v, err := u.Load()
		if err != nil {
			return nil, err
		}
		a, _ := v.(*types.Dict).Get("values")
		return ndarray.Slice[float64](a.(*ndarray.Array))
	}),
	"og-rek loads":  ofBytes(ogorekLoads),
	"og-rek dumps4": ofValue(ogorekDumps),
}

func run(args []string) error {
	if len(args) == 3 && args[0] == "fresh" && freshLoads[args[1]] != nil {
		return fresh(args[2], freshLoads[args[1]])
	}
	if len(args) > 1 && args[0] == "convert" {
		return convertTask(args[1:])
	}
	if len(args) != 4 {
		return fmt.Errorf("usage: worker IMPL TASK FILE SECONDS")
	}
	prepare, ok := tasks[args[0]+" "+args[1]]
	if !ok {
		return fmt.Errorf("no task %s %s", args[0], args[1])
	}
	budget, err := strconv.ParseFloat(args[3], 64)
	if err != nil {
		return err
	}
	round, err := prepare(args[2])
	if err != nil {
		return err
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := round(); err != nil {
		return err
	}
	runtime.ReadMemStats(&after)
	// Collect the garbage of a round before the next, so that it does not count there. Rounds that
	// make hardly any garbage pay for their own: after a forced collection all caches are cold.
	const little = 64 << 10
	collect := after.TotalAlloc-before.TotalAlloc > little
	var times []time.Duration
	runtime.ReadMemStats(&before)
	for start := time.Now(); len(times) < 3 || time.Since(start).Seconds() < budget; {
		if collect {
			runtime.GC()
		}
		t := time.Now()
		if _, err := round(); err != nil {
			return err
		}
		times = append(times, time.Since(t))
	}
	runtime.ReadMemStats(&after)
	slices.Sort(times)
	n := uint64(len(times))
	fmt.Println(times[len(times)/2].Seconds(), (after.TotalAlloc-before.TotalAlloc)/n,
		(after.Mallocs-before.Mallocs)/n)
	return nil
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "worker:", err)
		os.Exit(1)
	}
}
