// Command batch is a job on a large file. It maps a pickle of a dict with a matrix into memory, of
// which only the parts that are used are read, computes the covariance of the columns with Gonum,
// and writes it as a pickle for Python.
//
//	go run ./examples/batch -key samples data.pkl covariance.pkl
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/ndarray/gonumarray"
)

func main() {
	key := flag.String("key", "samples", "the key of the matrix")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: batch [-key KEY] IN OUT")
		os.Exit(2)
	}
	if err := run(*key, flag.Arg(0), flag.Arg(1), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// result is the output, a dict in Python.
type result struct {
	Covariance *ndarray.Array `pickle:"covariance"`
	Rows       int            `pickle:"rows"`
}

func run(key, from, to string, out io.Writer) error {
	f, err := unpkl.Open(from)
	if err != nil {
		return err
	}
	defer f.Close() // the matrix is in the file's memory until then
	v, err := f.Lookup("/" + key)
	if err != nil {
		return err
	}
	a, ok := v.(*ndarray.Array)
	if !ok {
		return fmt.Errorf("%s: %s is a %T, not an array", from, key, v)
	}
	m, err := gonumarray.ToDense(a)
	if err != nil {
		return err
	}
	var covariance mat.SymDense
	stat.CovarianceMatrix(&covariance, m, nil)
	square, err := gonumarray.FromDense(mat.DenseCopyOf(&covariance))
	if err != nil {
		return err
	}
	rows, cols := m.Dims()
	fmt.Fprintf(out, "%d rows, %d columns\n", rows, cols)
	return unpkl.WriteFile(to, result{square, rows})
}
