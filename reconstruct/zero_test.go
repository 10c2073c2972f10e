package reconstruct_test

import (
	"io"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/internal/written"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestMarshalZeroValues writes the zero value of each type that a plain value may have, at every
// protocol: there is an error, or a pickle that loads.
func TestMarshalZeroValues(t *testing.T) {
	values := []any{
		&ndarray.Array{}, &ndarray.Masked{}, &ndarray.Scalar{}, &ndarray.DType{},
		(*ndarray.Array)(nil), (*ndarray.Masked)(nil), (*ndarray.Scalar)(nil),
		(*ndarray.DType)(nil),
		ndarray.Record{}, ndarray.LongDouble{}, ndarray.CLongDouble{}, ndarray.Datetime64{},
		ndarray.Timedelta64{}, ndarray.Float16(0),
		&frame.Frame{}, &frame.Index{}, frame.PeriodValue{}, frame.IntervalValue{},
		(*frame.Frame)(nil),
		&pickle.Object{}, &pickle.Set{}, &pickle.FrozenSet{}, pickle.Global{}, &pickle.Buffer{},
		&written.Constructed{}, &written.LargeBytes{}, &written.Trailer{},
		&reconstruct.OrderedDict{}, &reconstruct.DefaultDict{}, &reconstruct.Counter{},
		&reconstruct.Deque{}, &reconstruct.Date{}, &reconstruct.Time{}, &reconstruct.Datetime{},
		reconstruct.Timedelta{}, &reconstruct.Timezone{}, &reconstruct.ZoneInfo{},
		reconstruct.Decimal(""), reconstruct.Fraction{}, &reconstruct.UUID{}, &reconstruct.Path{},
		&reconstruct.Range{}, &reconstruct.Slice{}, &reconstruct.TypedArray{},
		reconstruct.Timestamp{}, reconstruct.PandasTimedelta{}, reconstruct.PandasNull(""),
		&reconstruct.Sparse{}, (*reconstruct.Deque)(nil),
	}
	for k := frame.Numpy; k <= frame.Opaque; k++ {
		values = append(values, &frame.Series{Kind: k})
	}
	for _, v := range values {
		for protocol := range 6 {
			for _, v := range []any{v, []any{v}, map[string]any{"k": v}} {
				data, err := unpkl.Marshal(v, unpkl.WithProtocol(protocol))
				if err != nil {
					if err.Error() == "" {
						t.Errorf("%T: an error without text", v)
					}
					continue
				}
				if _, err := unpkl.LoadBytes(data, unpkl.WithObjects()); err != nil {
					t.Errorf("%T %#v at protocol %d: %v", v, v, protocol, err)
				}
			}
		}
	}
	if npy.Write(io.Discard, nil, nil) == nil {
		t.Error("a nil array is written")
	}
	if err := npy.Write(io.Discard, &ndarray.Array{}, nil); err != nil {
		t.Errorf("the zero array: %v", err)
	}
}
