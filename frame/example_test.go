package frame_test

import (
	"fmt"

	"github.com/unpkl/unpkl/frame"
)

// people is a frame as pandas.DataFrame({"name": ["Ada", "Alan"], "born": [1815, 1912]})
// makes it.
func people() *frame.Frame {
	name, err := frame.NewSeries("name", []string{"Ada", "Alan"})
	if err != nil {
		panic(err)
	}
	born, err := frame.NewSeries("born", []int64{1815, 1912})
	if err != nil {
		panic(err)
	}
	f, err := frame.New(name, born)
	if err != nil {
		panic(err)
	}
	return f
}

func ExampleColumn() {
	born, err := frame.Column[int64](people(), "born")
	fmt.Println(born, err)
	// Output: [1815 1912] <nil>
}

func ExampleValues() {
	names, err := frame.Values[string](people().Column("name"))
	fmt.Println(names, err)
	// Output: [Ada Alan] <nil>
}

func ExampleRows() {
	type person struct {
		Name string `pickle:"name"`
		Born int    `pickle:"born"`
	}
	rows, err := frame.Rows[person](people())
	fmt.Println(rows, err)
	// Output: [{Ada 1815} {Alan 1912}] <nil>
}

func ExampleFrame_Unmarshal() {
	var rows []*struct {
		Born float64 `pickle:"born"`
	}
	err := people().Unmarshal(&rows)
	fmt.Println(rows[1].Born, err)
	// Output: 1912 <nil>
}

func ExampleFrame_Records() {
	for i, r := range people().Records() {
		name, _ := r.Get("name")
		fmt.Println(i, name, r.At(1))
	}
	// Output:
	// 0 Ada 1815
	// 1 Alan 1912
}

func ExampleFrame_Shape() {
	rows, cols := people().Shape()
	fmt.Println(rows, cols, people().ColumnNames())
	// Output: 2 2 [name born]
}

func ExampleIndex() {
	x := frame.NewRangeIndex(3)
	fmt.Println(x.Class, x.Len(), x.At(2))
	// Output: RangeIndex 3 2
}

func ExamplePeriodValue_String() {
	fmt.Println(frame.PeriodValue{Ordinal: 604, Freq: "M"})
	fmt.Println(frame.PeriodValue{Ordinal: 201, Freq: "Q-DEC"})
	// Output:
	// 2020-05
	// 2020Q2
}
