// Command hdf5 makes one measurement for hdf5cost.py. It prints the least time of ROUNDS calls in
// seconds, and the sum of the elements that were read.
//
//	hdf5 unpkl|scigolib ROUNDS read FILE NAME [ROW COLUMN ROWS COLUMNS]
//	hdf5 unpkl|scigolib ROUNDS write SOURCE FILE contiguous|chunked|deflate [nosync]
//
// SOURCE is a .npy file of doubles. scigolib is github.com/scigolib/hdf5, for those files that it
// reads and writes correctly.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/unpkl/unpkl/ndarray"
)

// task prepares a measurement. call is the function to measure; it returns the elements that it
// read.
type task func(args []string) (call func() (read any, err error), err error)

var tasks = map[string]task{
	"unpkl read":     readTask,
	"unpkl write":    writeTask,
	"scigolib read":  scigolibReadTask,
	"scigolib write": scigolibWriteTask,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "hdf5:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 5 {
		return fmt.Errorf("see the comment above: %d words are too few", len(args))
	}
	rounds, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	t := tasks[args[0]+" "+args[2]]
	if t == nil {
		return fmt.Errorf("no task %s %s", args[0], args[2])
	}
	call, err := t(args[3:])
	if err != nil {
		return err
	}
	least := time.Hour
	var read any
	for range rounds {
		read = nil
		runtime.GC()
		begin := time.Now()
		if read, err = call(); err != nil {
			return err
		}
		least = min(least, time.Since(begin))
	}
	_, err = fmt.Println(least.Seconds(), sum(read))
	return err
}

// sum returns the sum of the elements, or of the lengths of texts.
func sum(read any) float64 {
	total := 0.0
	switch read := read.(type) {
	case *ndarray.Array:
		if texts, err := ndarray.Strings(read); err == nil {
			return sum(texts)
		}
		x, err := ndarray.Values[float64](read)
		if err == nil {
			return sum(x)
		}
	case []float64:
		for _, x := range read {
			total += x
		}
	case []string:
		for _, s := range read {
			total += float64(len(s))
		}
	}
	return total
}

// box returns the numbers ROW COLUMN ROWS COLUMNS, or none if there are no words.
func box(words []string) ([]int, error) {
	numbers := make([]int, len(words))
	for i, word := range words {
		var err error
		if numbers[i], err = strconv.Atoi(word); err != nil {
			return nil, err
		}
	}
	if len(numbers) != 0 && len(numbers) != 4 {
		return nil, fmt.Errorf("a slice of %d numbers, not 4", len(numbers))
	}
	return numbers, nil
}
