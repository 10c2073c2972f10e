// Command results writes the results of a Go program as a pickle that Python loads with NumPy
// alone. A struct becomes a dict, slices of numbers become arrays, and times and sets become those
// of Python.
//
//	go run ./examples/results results.pkl
//	python -c "import pickle; print(pickle.load(open('results.pkl', 'rb')))"
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/unpkl/unpkl"
)

// Experiment becomes a dict in Python.
type Experiment struct {
	Name    string              `pickle:"name"`
	Started time.Time           `pickle:"started"`
	Took    time.Duration       `pickle:"took"`
	Scores  []float64           `pickle:"scores"`
	Matrix  [][]float32         `pickle:"matrix"`
	Layers  []int               `pickle:"layers,list"` // a list, where Scores is an array
	Labels  map[string]struct{} `pickle:"labels"`
	Best    *Trial              `pickle:"best,omitempty"`
}

// Trial becomes a dict inside that.
type Trial struct {
	Rate  float64 `pickle:"rate"`
	Epoch int     `pickle:"epoch"`
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: results OUT")
		os.Exit(2)
	}
	if err := unpkl.WriteFile(os.Args[1], experiment()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func experiment() *Experiment {
	return &Experiment{
		Name:    "baseline",
		Started: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		Took:    90 * time.Second,
		Scores:  []float64{0.5, 0.75, 0.8},
		Matrix:  [][]float32{{1, 2}, {3, 4}},
		Layers:  []int{64, 32},
		Labels:  map[string]struct{}{"a": {}, "b": {}},
		Best:    &Trial{Rate: 0.01, Epoch: 7},
	}
}
