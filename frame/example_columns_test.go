package frame_test

import (
	"encoding/json"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/unpkl/unpkl/frame"
)

func ExampleFrame_Drop() {
	f, err := people().Drop("born")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.ColumnNames())
	_, err = people().Drop("died")
	fmt.Println(err)
	// Output:
	// [name]
	// frame: no column is called "died"
}

func ExampleFrame_Rename() {
	f, err := people().Rename(map[string]string{"born": "year", "died": "end"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.ColumnNames())
	// Output: [name year]
}

func ExampleFrame_MarshalJSON() {
	text, err := json.Marshal(people())
	fmt.Println(strings.ReplaceAll(string(text), `,"`, ",\n\""), err)
	// Output:
	// {"$dataframe":{"shape":[2,2],
	// "columns":[{"name":"name",
	// "dtype":"str"},{"name":"born",
	// "dtype":"int64"}],
	// "index":{"class":"RangeIndex",
	// "shape":[2],
	// "name":null,
	// "start":0,
	// "stop":2,
	// "step":1},
	// "data":[["Ada",
	// "Alan"],[1815,1912]]}} <nil>
}

func ExampleFrame_String() {
	fmt.Println(people())
	// Output:
	// name  born
	// 0   Ada  1815
	// 1  Alan  1912
}

func ExampleFrame_Validate() {
	f := people()
	f.Columns[0].Kind = frame.Interval // which has two ends
	fmt.Println(people().Validate(), f.Validate() != nil)
	// Output: <nil> true
}

func ExampleNewIndex() {
	names, err := frame.NewSeries("name", []string{"Ada", "Alan"})
	if err != nil {
		log.Fatal(err)
	}
	x := frame.NewIndex(names)
	text, err := json.Marshal(x)
	fmt.Println(x.Len(), x.Name(), x.At(1), x.IsRange(), x.IsMulti(), x.Validate())
	fmt.Println(string(text), err)
	// Output:
	// 2 name Alan false false <nil>
	// {"$index":{"class":"Index","shape":[2],"name":"name","dtype":"str","data":["Ada","Alan"]}} <nil>
}

func ExampleRecord() {
	for _, r := range people().Records() {
		fmt.Println(r.Row(), r.Label(), r.Map())
	}
	// Output:
	// 0 0 map[born:1815 name:Ada]
	// 1 1 map[born:1912 name:Alan]
}

func ExampleSeries_WithZone() {
	s, err := frame.NewSeries("at", []time.Time{time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)})
	if err != nil {
		log.Fatal(err)
	}
	s = s.WithZone("Europe/Paris")
	loc, err := s.Location()
	fmt.Println(s.At(0), loc, err)
	fmt.Println(s)
	text, err := json.Marshal(s)
	fmt.Println(len(text) > 0, err, s.Validate())
	// Output:
	// 2024-07-01 14:00:00 +0200 CEST Europe/Paris <nil>
	// 0   2024-07-01 14:00:00+02:00
	// Name: at, dtype: datetime64[ns, Europe/Paris]
	// true <nil> <nil>
}

func ExampleStrings() {
	t := &frame.Strings{Offsets32: []int32{0, 3, 7}, Data: []byte("AdaAlan")}
	fmt.Println(t.Validate(), t.Len(), t.At(0), string(t.Bytes(1)), t.IsNull(1))
	// Output: <nil> 2 Ada Alan false
}
