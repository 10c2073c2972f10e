package frame_test

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

// TestZoneOneAnswer gets an element of a column with a time zone in every way: it is the same
// time in the same zone. What is expected is what pandas says of
// pd.to_datetime([0, 1720000000123456789], utc=True).tz_convert("Europe/Paris").
func TestZoneOneAnswer(t *testing.T) {
	var data []byte
	for _, v := range []int64{0, 1720000000123456789, ndarray.NaT} {
		data = binary.LittleEndian.AppendUint64(data, uint64(v))
	}
	ns, err := ndarray.ParseDType("<M8[ns]")
	if err != nil {
		t.Fatal(err)
	}
	values, err := ndarray.New(ns, []int{3}, ndarray.OrderC, data)
	if err != nil {
		t.Fatal(err)
	}
	s := &frame.Series{Name: "t", Kind: frame.Datetime, Values: values, TZ: "Europe/Paris",
		DType: "datetime64[ns, Europe/Paris]"}
	f, err := frame.New(s)
	if err != nil {
		t.Fatal(err)
	}
	column, err := frame.Column[*time.Time](f, "t")
	if err != nil {
		t.Fatal(err)
	}
	anys, err := frame.Column[any](f, "t")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"1970-01-01T01:00:00+01:00",
		"2024-07-03T11:46:40.123456789+02:00", ""} {
		var rec frame.Record
		for k, r := range f.Records() {
			if k == i {
				rec = r
			}
		}
		got, _ := rec.Get("t")
		byTime, ok := s.Time(i)
		answers := map[string]any{"At": f.Columns[0].At(i), "Record.At": rec.At(0),
			"Record.Get": got,
			"Record.Map": rec.Map()["t"], "Column[any]": anys[i]}
		if ok {
			answers["Time"] = byTime
		}
		if column[i] != nil {
			answers["Column[*time.Time]"] = *column[i]
		}
		for name, v := range answers {
			if want == "" {
				if v != nil {
					t.Errorf("%s of NaT is %v", name, v)
				}
				continue
			}
			at, isTime := v.(time.Time)
			if !isTime || at.Format(time.RFC3339Nano) != want ||
				at.Location().String() != "Europe/Paris" {
				t.Errorf("%s is %v (%T), want %s", name, v, v, want)
			}
		}
		if want != "" && len(answers) != 7 {
			t.Errorf("element %d has %d answers", i, len(answers))
		}
	}
	utc, err := frame.Column[*ndarray.Datetime64](f, "t")
	if err != nil || utc[1].Value != 1720000000123456789 {
		t.Errorf("as datetime64: %v, %v", utc, err)
	}
}
