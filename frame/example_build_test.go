package frame_test

import (
	"fmt"
	"time"

	"github.com/unpkl/unpkl/frame"
)

func ExampleNew() {
	price, _ := frame.NewSeries("price", []float64{9.5, 12, 7.25})
	stock, _ := frame.NewSeries("stock", []int32{4, 0, 11})
	size, _ := frame.NewCategorical("size", []string{"M", "S", "M"}, "S", "M", "L")
	f, err := frame.New(price, stock, size)
	if err != nil {
		panic(err)
	}
	for _, c := range f.Columns {
		fmt.Println(c.Name, c.DType, c.At(0))
	}
	// Output:
	// price float64 9.5
	// stock int32 4
	// size category M
}

func ExampleFromRows() {
	type reading struct {
		Sensor  string    `pickle:"sensor"`
		At      time.Time `pickle:"at"`
		Celsius *float64  `pickle:"celsius"` // nil is NA
		note    string
	}
	warm := 21.5
	at := time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC)
	f, err := frame.FromRows([]reading{
		{Sensor: "hall", At: at, Celsius: &warm, note: "not exported"},
		{Sensor: "roof", At: at.Add(time.Minute)},
	})
	if err != nil {
		panic(err)
	}
	for _, c := range f.Columns {
		fmt.Println(c.Name, c.DType, c.IsNull(1))
	}
	// Output:
	// sensor str false
	// at datetime64[ns, UTC] false
	// celsius Float64 true
}

func ExampleNewSeries() {
	s, err := frame.NewSeries("wait", []time.Duration{time.Second, time.Minute})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.Name, s.DType, s.At(1))
	// Output:
	// wait timedelta64[ns] 60000000000 nanoseconds
}
