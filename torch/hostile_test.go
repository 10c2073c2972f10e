package torch_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/torch"
)

// tensorText is a pickle of protocol 2 without memo of a tensor; what is in it are pickles without
// STOP.
func tensorText(class, size, offset, shape, strides string) string {
	return "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\n" + class +
		"\nS'0'\nS'cpu'\n" + size + "tQ" + offset + shape + strides + "I00\n}tR."
}

// archive is a zip of torch.save with that pickle and a storage of 24 bytes.
func archive(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range map[string]string{"x/data.pkl": text, "x/version": "3\n",
		"x/data/0": strings.Repeat("\x01", 24)} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// legacy is a file of the format before, with the storage as given.
func legacy(text, keys, storage string) []byte {
	return []byte("\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.\x80\x02}." + text +
		keys + storage)
}

const six = "I6\n"

// TestLies: a tensor that its storage does not hold is an error, in every format.
func TestLies(t *testing.T) {
	t.Parallel()
	good := tensorText("FloatStorage", six, "I0\n", "(I2\nI3\nt", "(I3\nI1\nt")
	oneKey, bytes24 := "\x80\x02]S'0'\na.", string(binary.LittleEndian.AppendUint64(nil, 6))+
		strings.Repeat("\x01", 24)
	for _, data := range [][]byte{archive(t, good), legacy(good, oneKey, bytes24)} {
		if v, err := unpkl.LoadBytes(data); err != nil || v.(*ndarray.Array).Size() != 6 {
			t.Fatal(v, err)
		}
	}
	for name, text := range map[string]string{
		"shape":           tensorText("FloatStorage", six, "I0\n", "(I2\nI4\nt", "(I4\nI1\nt"),
		"strides":         tensorText("FloatStorage", six, "I0\n", "(I2\nI3\nt", "(I4\nI1\nt"),
		"negative stride": tensorText("FloatStorage", six, "I0\n", "(I2\nt", "(I-1\nt"),
		"huge stride": tensorText("FloatStorage", six, "I0\n", "(I2\nt",
			"(I4611686018427387904\nt"),
		"offset":          tensorText("FloatStorage", six, "I1\n", "(I2\nI3\nt", "(I3\nI1\nt"),
		"negative offset": tensorText("FloatStorage", six, "I-1\n", "(I1\nt", "(I1\nt"),
		"huge offset": tensorText("FloatStorage", six, "I4611686018427387904\n", "(I1\nt",
			"(I1\nt"),
		"no strides": tensorText("FloatStorage", six, "I0\n", "(I2\nt", ")"),
		"wider type": tensorText("DoubleStorage", six, "I0\n", "(I6\nt", "(I1\nt"),
		"size":       tensorText("FloatStorage", "I7\n", "I0\n", "(I6\nt", "(I1\nt"),
		"huge size": tensorText("FloatStorage", "I4611686018427387905\n", "I0\n", "(I6\nt",
			"(I1\nt"),
		"negative size":   tensorText("FloatStorage", "I-1\n", "I0\n", "(I6\nt", "(I1\nt"),
		"shape of text":   tensorText("FloatStorage", six, "I0\n", "(S'a'\nt", "(I1\nt"),
		"missing":         strings.Replace(good, "S'0'", "S'1'", 1),
		"key that climbs": strings.Replace(good, "S'0'", "S'../x'", 1),
	} {
		for form, data := range map[string][]byte{"archive": archive(t, text),
			"legacy": legacy(text, oneKey, bytes24)} {
			// A legacy file may end before elements of another size do.
			if v, err := unpkl.LoadBytes(data); !errors.Is(err, pickle.ErrMalformed) &&
				!(form == "legacy" && errors.Is(err, unpkl.ErrTruncated)) {
				t.Errorf("%s, %s: %v, %v", name, form, v, err)
			}
		}
	}
	packed := func(offset, shape, strides string) []byte {
		return archive(t, strings.Replace(strings.Replace(tensorText("QUInt4x2Storage", "I24\n",
			offset, shape, strides), "_rebuild_tensor_v2", "_rebuild_qtensor", 1), "I00\n}tR.",
			"(ctorch\nper_tensor_affine\nF0.5\nI3\ntI00\n}tR.", 1))
	}
	for _, good := range [][]byte{packed("I0\n", "(I48\nt", "(I1\nt"), packed("I0\n", "(I6\nI8\nt",
		"(I1\nI6\nt"), packed("I3\n", "(I5\nt", "(I9\nt")} {
		v, err := unpkl.LoadBytes(good)
		if x, ok := v.(*torch.Tensor); err != nil || !ok || x.Array == nil {
			t.Errorf("packed: %v, %v", v, err)
		}
	}
	for name, data := range map[string][]byte{
		"shape":   packed("I0\n", "(I49\nt", "(I1\nt"),
		"offset":  packed("I48\n", "(I1\nt", "(I1\nt"),
		"below":   packed("I-1\n", "(I1\nt", "(I1\nt"),
		"strides": packed("I0\n", "(I6\nI8\nt", "(I8\nt"),
		"stride":  packed("I0\n", "(I2\nt", "(I4611686018427387904\nt"),
		// Of which a copy would take terabytes.
		"expanded": packed("I0\n", "(I1000000\nI1000000\nt", "(I0\nI0\nt"),
	} {
		if v, err := unpkl.LoadBytes(data); !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("packed, %s: %v, %v", name, v, err)
		}
	}
	big := tensorText("FloatStorage", six, "I0\n", "(I1000000\nI1000000\nt", "(I0\nI0\nt")
	if _,
		err := unpkl.LoadBytes(archive(t, big),
		unpkl.WithLimits(unpkl.Limits{Elements: 1e9})); !errors.Is(err,
		unpkl.ErrLimit) {
		t.Error(err)
	}
}

// TestLegacyLies: the elements of a legacy file, and their keys, are as many as the tensors say.
func TestLegacyLies(t *testing.T) {
	t.Parallel()
	text := tensorText("FloatStorage", six, "I0\n", "(I6\nt", "(I1\nt")
	n := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	data := strings.Repeat("\x01", 24)
	for name, c := range map[string]struct {
		keys, storage string
		want          error
	}{
		"no keys":     {"\x80\x02].", n(6) + data, pickle.ErrMalformed},
		"other key":   {"\x80\x02]S'1'\na.", n(6) + data, pickle.ErrMalformed},
		"twice":       {"\x80\x02](S'0'\nS'0'\ne.", n(6) + data + n(6) + data, pickle.ErrMalformed},
		"other count": {"\x80\x02]S'0'\na.", n(5) + data, pickle.ErrMalformed},
		"huge count":  {"\x80\x02]S'0'\na.", n(1<<63) + data, pickle.ErrMalformed},
		"cut off":     {"\x80\x02]S'0'\na.", n(6) + data[1:], unpkl.ErrTruncated},
		"no elements": {"\x80\x02]S'0'\na.", "", unpkl.ErrTruncated},
		"ends early":  {"", "", unpkl.ErrTruncated},
	} {
		if v, err := unpkl.LoadBytes(legacy(text, c.keys, c.storage)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, %v", name, v, err)
		}
	}
	// A storage of a terabyte that is not there takes no memory.
	huge := strings.Replace(text, six, "I250000000000\n", 1)
	if _, err := unpkl.LoadBytes(legacy(huge, "\x80\x02]S'0'\na.", n(250e9))); !errors.Is(err,
		unpkl.ErrTruncated) {
		t.Error(err)
	}
}

// TestSparseLies: indices outside the shape are errors.
func TestSparseLies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ old, new string }{
		{"\x00", "\x03"}, {"\x02", "\x03"}, {"\x00", "\xff"},
	} {
		data, err := os.ReadFile("testdata/215_sparse_legacy.pt")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := unpkl.LoadBytes(data); err != nil {
			t.Fatal(err)
		}
		// The indices of the first tensor: [[0, 1, 1], [2, 0, 2]] as int64.
		row := func(first, last string) string {
			one := "\x01" + strings.Repeat("\x00", 7)
			end := strings.Repeat("\x00", 7)
			if c.new == "\xff" {
				end = strings.Repeat("\xff", 7)
			}
			if first == c.old {
				first += "\x00\x00\x00\x00\x00\x00\x00"
			} else {
				first += end
			}
			return first + one + one + last
		}
		at := bytes.Index(data, []byte(row("\x00", "\x02")))
		if c.old == "\x02" {
			data[at+24] = 3
		} else if at >= 0 {
			copy(data[at:], row(c.new, "\x02"))
		}
		if at < 0 {
			t.Fatal("no indices")
		}
		if _, err := unpkl.LoadBytes(data); !errors.Is(err, pickle.ErrMalformed) {
			t.Errorf("%q for %q: %v", c.new, c.old, err)
		}
	}
}

// TestLoadFromBytes: in the bytes of a storage no other class than torch's is named, whatever the
// options.
func TestLoadFromBytes(t *testing.T) {
	t.Parallel()
	for _, inner := range []string{
		string(legacy("\x80\x02cos\nsystem\n(S'true'\ntR.", "\x80\x02].", "")),
		string(legacy("\x80\x02csubprocess\nPopen\n.", "\x80\x02].", "")),
		"\x80\x02cos\nsystem\n.", "", "PK\x03\x04",
	} {
		data := "\x80\x04\x8c\x0dtorch.storage\x8c\x10_load_from_bytes\x93B" +
			string(binary.LittleEndian.AppendUint32(nil, uint32(len(inner)))) + inner + "\x85R."
		if v, err := unpkl.LoadBytes([]byte(data), unpkl.WithObjects()); err == nil {
			t.Errorf("%q: %v", inner, v)
		}
	}
}

// TestSaveErrors: what cannot be written writes nothing.
func TestSaveErrors(t *testing.T) {
	t.Parallel()
	text, err := ndarray.ParseDType("<U3")
	if err != nil {
		t.Fatal(err)
	}
	words, err := ndarray.Zeros(text, 2)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, v := range []any{words, map[string]any{"a": words}, &torch.Tensor{DType: "float32"},
		&torch.Tensor{DType: "int32", Array: words}, make(chan int)} {
		if err := torch.Save(&b, v); err == nil || b.Len() > 0 {
			t.Errorf("%T: %v, %d bytes", v, err, b.Len())
		}
	}
}

// TestSharing: tensors of one storage are views of the same memory, and the mapped ones end with
// the File.
func TestSharing(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"215_views.pt", "215_views_legacy.pt", "10_views_legacy.pt"} {
		f, err := unpkl.Open(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]*ndarray.Array
		if err := f.Decode(&v); err != nil {
			t.Fatal(err)
		}
		if err := v["base"].SetAt(float32(99), 9); err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(v["grid"].At(1, 3), v["t"].At(3, 1), v["part"].At(0, 1),
			v["column"].At(1))
		if got != "99 99 99 99" {
			t.Errorf("%s: %s", name, got)
		}
		objects, err := f.Decoder()
		if err != nil {
			t.Fatal(err)
		}
		var kept *torch.Tensor
		var all map[string]any
		if err := objects.Decode(&all); err != nil {
			t.Fatal(err)
		}
		if kept, err = torch.NewTensor(all["base"].(*ndarray.Array)); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := torch.Save(&bytes.Buffer{}, kept); !errors.Is(err, unpkl.ErrClosed) {
			t.Errorf("%s: Save after Close: %v", name, err)
		}
		if _, err := v["grid"].Bytes(); !errors.Is(err, unpkl.ErrClosed) {
			t.Errorf("%s: %v after Close", name, err)
		}
	}
}

// TestTarLies: numbers of a tar that do not fit the rest are errors, and so is a tar that ends
// early.
func TestTarLies(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(filepath.Join("testdata", "01_tar.pt"))
	if err != nil {
		t.Fatal(err)
	}
	number := func(n ...int64) string {
		var b []byte
		for _, x := range n {
			b = binary.LittleEndian.AppendUint64(b, uint64(x))
		}
		return string(b)
	}
	turned := number(2, 4, 3, 1, 4, 0) // axes, shape, strides, offset of a tensor
	for name, lie := range map[string][2]string{
		"axes":             {turned, number(3, 4, 3, 1, 4, 0)},
		"more axes":        {turned, number(1<<31-1, 4, 3, 1, 4, 0)},
		"negative axes":    {turned, number(-1, 4, 3, 1, 4, 0)},
		"shape":            {turned, number(2, 4, 4, 1, 4, 0)},
		"negative shape":   {turned, number(2, -4, 3, 1, 4, 0)},
		"strides":          {turned, number(2, 4, 3, 1, 5, 0)},
		"huge stride":      {turned, number(2, 4, 3, 1<<62, 4, 0)},
		"offset":           {turned, number(2, 4, 3, 1, 4, 1)},
		"negative offset":  {turned, number(2, 4, 3, 1, 4, -1)},
		"storage":          {number(12) + "\x00\x00\x00\x00", number(13) + "\x00\x00\x00\x00"},
		"huge storage":     {number(12) + "\x00\x00\x00\x00", number(1<<61) + "\x00\x00\x00\x00"},
		"negative storage": {number(12) + "\x00\x00\x00\x00", number(-1) + "\x00\x00\x00\x00"},
		"view":             {"KMK\x06K\x01K\x03", "KMK\x06K\x03K\x03"},
		"view of none":     {"KMK\x06K\x01K\x03", "KMK\x09K\x01K\x03"},
		"view of a view":   {"KMK\x06K\x01K\x03", "KMKMK\x01K\x03"},
		"number twice":     {"KMK\x06K\x01K\x03", "K\x01K\x06K\x01K\x03"},
		"tensor of none":   {"M\xe9\x03K\x01", "M\xe9\x03K\x63"},
		"persistent id":    {"1004", "9004"},
		"order of members": {"tensors\x00", "tensor_\x00"},
	} {
		if n := bytes.Count(data, []byte(lie[0])); n < 1 {
			t.Errorf("%s: not in the file", name)
		}
		v, err := unpkl.LoadBytes(bytes.Replace(data, []byte(lie[0]), []byte(lie[1]), 1))
		if err == nil {
			t.Errorf("%s: %v", name, v)
		}
	}
	for n := 700; n < 5<<10; n += 7 {
		if v, err := unpkl.LoadBytes(data[:n]); err == nil {
			t.Errorf("%d bytes of the file: %v", n, v)
		}
	}
}

// FuzzLoad: whatever is read is an error or can be written, and read again as what it was.
func FuzzLoad(f *testing.F) {
	files, err := filepath.Glob("testdata/*.pt")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	limits := unpkl.WithLimits(unpkl.Limits{Elements: 1 << 20, OutputBytes: 1 << 20})
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := unpkl.LoadBytes(data, unpkl.WithObjects(), limits)
		if err != nil {
			return
		}
		var saved bytes.Buffer
		if torch.Save(&saved, v) != nil {
			return
		}
		if _, err := unpkl.LoadBytes(saved.Bytes(), unpkl.WithObjects(), limits); err != nil {
			t.Errorf("what Save wrote: %v", err)
		}
	})
}
