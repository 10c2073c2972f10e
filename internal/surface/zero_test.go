// Package surface_test checks rules for everything that this module exports: that zero values are
// usable, and that there are examples.
package surface_test

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"io"
	"reflect"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/audit"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/frame/arrowframe"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/hdf5/pytables"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
	"github.com/unpkl/unpkl/store"
	"github.com/unpkl/unpkl/torch"
	"github.com/unpkl/unpkl/xr"
)

// zeros has a pointer to the zero value of each exported struct. TestZeroValues fails if one is
// missing.
var zeros = []any{
	new(unpkl.File), new(unpkl.FileDecoder), new(unpkl.Value), new(unpkl.Decoder),
	new(unpkl.Encoder), new(unpkl.InvalidUnmarshalError), new(unpkl.UnmarshalTypeError),
	new(unpkl.FieldError),
	new(audit.Finding), new(audit.Report),
	new(convert.HDF5), new(convert.Parts), new(convert.JSON), new(convert.Text),
	new(convert.HoldError), new(convert.Format), new(convert.Raw), new(convert.BLOB),
	new(convert.Chunks),
	new(frame.Series), new(frame.IntervalValue), new(frame.PeriodValue), new(frame.Strings),
	new(frame.Frame), new(frame.Record), new(frame.Index),
	new(hdf5.Link), new(hdf5.NamedType), new(hdf5.Datatype), new(hdf5.Member),
	new(hdf5.FloatLayout), new(hdf5.Region), new(hdf5.Chunk), new(hdf5.DatasetOptions),
	new(hdf5.WriteOptions), new(hdf5.Writer), new(hdf5.Dataset), new(hdf5.Filter), new(hdf5.File),
	new(hdf5.Error), new(hdf5.Options), new(hdf5.Group), new(hdf5.Reference),
	new(hdf5.RegionReference), new(hdf5.Appender), new(hdf5.Attribute),
	new(pytables.Options),
	new(ndarray.DTypeSpec), new(ndarray.Error), new(ndarray.Float8),
	new(ndarray.DType), new(ndarray.Field), new(ndarray.DatetimeUnit), new(ndarray.Record),
	new(ndarray.Scalar), new(ndarray.Array), new(ndarray.Concatenated), new(ndarray.BitMask),
	new(ndarray.Masked), new(ndarray.Stats), new(ndarray.LongDouble), new(ndarray.CLongDouble),
	new(ndarray.Datetime64), new(ndarray.Timedelta64), new(ndarray.Mapped),
	new(npy.ArchiveWriter), new(npy.Header), new(npy.Options), new(npy.Decoder),
	new(npy.WriteOptions), new(npy.Archive),
	new(pickle.Global), new(pickle.Object), new(pickle.Limits),
	new(pickle.DecodeError), new(pickle.LimitError), new(pickle.Field), new(pickle.Protocol),
	new(pickle.Buffer), new(pickle.PersistentRef), new(pickle.Pickler), new(pickle.EncodeError),
	new(pickle.Set), new(pickle.FrozenSet), new(pickle.Unpickler), new(pickle.OpInfo),
	new(pickle.Scanner),
	new(reconstruct.OrderedDict), new(reconstruct.DefaultDict), new(reconstruct.Counter),
	new(reconstruct.Deque), new(reconstruct.Fraction), new(reconstruct.UUID),
	new(reconstruct.Timestamp), new(reconstruct.PandasTimedelta), new(reconstruct.ArgumentError),
	new(reconstruct.Pandas), new(reconstruct.Options), new(reconstruct.Resolver),
	new(reconstruct.Class), new(reconstruct.Range), new(reconstruct.Slice), new(reconstruct.Sparse),
	new(reconstruct.Geometry), new(reconstruct.Instance), new(reconstruct.TypedArray),
	new(reconstruct.Date), new(reconstruct.Time), new(reconstruct.Datetime),
	new(reconstruct.Timedelta), new(reconstruct.Timezone), new(reconstruct.ZoneInfo),
	new(reconstruct.Path), new(reconstruct.Version), new(reconstruct.ReduceOptions),
	new(reconstruct.Reducers), new(reconstruct.Estimator), new(reconstruct.Tree),
	new(reconstruct.Booster), new(reconstruct.Image), new(reconstruct.Graph),
	new(reconstruct.GraphNode), new(reconstruct.GraphEdge), new(reconstruct.WordVectors),
	new(reconstruct.Quantity), new(reconstruct.Table), new(reconstruct.TableColumn),
	new(reconstruct.AstroTime), new(reconstruct.SkyCoord), new(reconstruct.SkyComponent),
	new(reconstruct.SparseND), new(reconstruct.Awkward), new(reconstruct.Part),
	new(reconstruct.PRNGKeys),
	new(reconstruct.ZarrArray), new(reconstruct.ZarrGroup), new(reconstruct.Unit),
	new(reconstruct.Exception), new(reconstruct.Partial), new(reconstruct.EnumMember),
	new(reconstruct.Pattern), new(reconstruct.Function), new(reconstruct.MadeClass),
	new(store.S3Config), new(store.Store), new(store.Object), new(store.Entry),
	new(torch.Storage), new(torch.Tensor), new(torch.Sparse), new(torch.Quantizer),
	new(torch.Archive), new(torch.Options), new(torch.Legacy),
	new(xr.Variable), new(xr.DataArray), new(xr.Dataset), new(xr.DataTree), new(xr.Named),
	new(xr.Dim), new(arrowframe.Pickled),
}

// TestZeroValues calls every method of the zero value of every exported struct, marshals it and
// prints it. Each call must work or return an error. A method may panic only if its documentation
// says so. Methods of an embedded pointer, which is nil in the zero value, belong to the type of
// the pointer and are not called.
func TestZeroValues(t *testing.T) {
	docs := map[string]string{} // of methods, by "package.Type.Method"
	structs := map[string]bool{}
	for _, p := range packages(t) {
		for _, typ := range p.Types {
			spec := typ.Decl.Specs[0].(*ast.TypeSpec)
			_, isStruct := spec.Type.(*ast.StructType)
			if isStruct && ast.IsExported(typ.Name) {
				structs[p.Name+"."+typ.Name] = true
			}
			for _, m := range typ.Methods {
				docs[p.Name+"."+typ.Name+"."+m.Name] = m.Doc
			}
		}
	}
	for _, zero := range zeros {
		typ := reflect.TypeOf(zero)
		name := typ.Elem().String()
		delete(structs, name)
		for i := range typ.NumMethod() {
			m := typ.Method(i)
			text, declared := docs[name+"."+m.Name]
			if !declared && promoted(typ.Elem(), m.Name) {
				continue
			}
			documented := strings.Contains(text, "panic")
			for _, number := range []int64{0, 8, -1} {
				guard(t, name+"."+m.Name, documented, func() {
					callZero(reflect.New(typ.Elem()).Method(i), number)
				})
			}
		}
		guard(t, "Marshal "+name, false, func() {
			if data, err := unpkl.Marshal(reflect.New(typ.Elem()).Interface()); err == nil {
				ids := unpkl.WithPersistentLoad(func(any) (any, error) { return nil, nil })
				_, err = unpkl.LoadBytes(data, ids)
				if err != nil {
					t.Errorf("Marshal of the zero %s wrote what Load refuses: %v", name, err)
				}
			}
		})
		guard(t, "print "+name, false, func() {
			_ = fmt.Sprintf("%v %+v", reflect.New(typ.Elem()), reflect.New(typ.Elem()).Elem())
		})
	}
	for name := range structs {
		t.Errorf("%s is not among the zero values", name)
	}
}

// promoted reports whether a method of a type comes from an embedded pointer.
func promoted(typ reflect.Type, method string) bool {
	for i := range typ.NumField() {
		f := typ.Field(i)
		if _, ok := f.Type.MethodByName(method); ok && f.Anonymous &&
			f.Type.Kind() == reflect.Pointer {
			return true
		}
	}
	return false
}

// guard runs f and reports a panic as an error, unless panics are documented.
func guard(t *testing.T, name string, documented bool, f func()) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil && !documented {
			t.Errorf("%s: panic: %v\n%s", name, r, debug.Stack())
		}
	}()
	f()
}

// callZero calls a method with zero values. Where nil makes no sense it passes something empty: a
// context, a reader, a writer or a function. It runs the iterators that the method returns.
func callZero(m reflect.Value, number int64) {
	typ := m.Type()
	args := make([]reflect.Value, 0, typ.NumIn())
	for i := range typ.NumIn() {
		if typ.IsVariadic() && i == typ.NumIn()-1 {
			break
		}
		arg := argument(typ.In(i))
		if arg.Kind() == reflect.Int {
			arg = reflect.ValueOf(int(number)).Convert(arg.Type())
		}
		args = append(args, arg)
	}
	for _, result := range m.Call(args) {
		if result.Kind() == reflect.Func && !result.IsNil() && result.Type().CanSeq() {
			for range result.Seq() {
			}
		}
		if result.Kind() == reflect.Func && !result.IsNil() && result.Type().CanSeq2() {
			for range result.Seq2() {
			}
		}
	}
}

var empty = []any{context.Background(), bytes.NewReader(nil), io.Discard, time.UTC}

// argument returns an argument of a type.
func argument(typ reflect.Type) reflect.Value {
	if typ.Kind() == reflect.Func {
		return reflect.MakeFunc(typ, func([]reflect.Value) []reflect.Value {
			var out []reflect.Value
			for i := range typ.NumOut() {
				out = append(out, reflect.Zero(typ.Out(i)))
			}
			return out
		})
	}
	for _, v := range empty {
		if reflect.TypeOf(v) == typ ||
			typ.Kind() == reflect.Interface && typ.NumMethod() > 0 &&
				reflect.TypeOf(v).Implements(typ) {
			return reflect.ValueOf(v)
		}
	}
	return reflect.Zero(typ)
}

// TestZeroCoders: the zero Encoder and Decoder read and write once Reset says where.
func TestZeroCoders(t *testing.T) {
	var (
		e   unpkl.Encoder
		d   unpkl.Decoder
		buf bytes.Buffer
	)
	if err := e.Encode(1); err == nil {
		t.Error("an Encoder without a writer encodes")
	}
	if err := d.Decode(new(any)); err != io.EOF {
		t.Errorf("a Decoder without a reader decodes: %v", err)
	}
	e.Reset(&buf)
	want := map[string]any{"key": "text"}
	if err := e.Encode(want); err != nil {
		t.Fatal(err)
	}
	d.Reset(&buf)
	var got any
	if err := d.Decode(&got); err != nil || !reflect.DeepEqual(got, any(want)) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}
