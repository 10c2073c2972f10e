package delimited

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRead: Read returns the same as Split and Infer, for any deviation from the types of the first
// rows, at any place.
func TestRead(t *testing.T) {
	t.Parallel()
	deviations := []string{"", "x", "1.5", "-7", "nan", "NA", "1e400", "0x1p4", `"1.5"`,
		`"a ""b"", c` + "\n" + `d"`, "9223372036854775808", "99999999999999999999", "True",
		"-0.000000000000000012345678901234567", " 1", "1 ", "1_0", "#N/A", "+5", "1.", ".5", "-",
		"123456789012345678", "1234567890123456789", "0000000000000000000001.5", "infinity"}
	d := Dialect{Delimiter: ',', Quotes: true, Short: true}
	for i, deviation := range deviations {
		for column := range 4 {
			text := deviating(deviation, column, []string{"\n", "\r\n"}[(i+column)%2])
			sameTables(t, text, d, 4, false)
		}
	}
}

// TestReadBlocks is TestRead for several blocks, of which one deviates and has fewer rows than
// lines.
func TestReadBlocks(t *testing.T) {
	t.Parallel()
	usual := bytes.Repeat(deviating("5", 0, "\n"), blockSize/400_000+1)
	d := Dialect{Delimiter: ',', Quotes: true, Short: true}
	for i, deviation := range []string{"1.5", "NA", "x", `"a` + "\n" + `b"`} {
		text := append(append(bytes.Clone(usual), deviating(deviation, i%4, "\n")...), usual...)
		sameTables(t, text, d, 4, false)
	}
	text := append(bytes.Clone(usual), "1,2,3\n1,2,3,4,5\n"...)
	if _, _, err := Read(text, d, 4, 1, false); err == nil {
		t.Error("a row of five fields is read")
	}
	sameTables(t, text, d, 4, false)
}

// deviating returns a text of four columns (ints, floats, words and bools) with empty fields in two
// of three rows, and with one field replaced.
func deviating(deviation string, column int, eol string) []byte {
	r := rand.New(rand.NewPCG(1, uint64(column)))
	var b bytes.Buffer
	const rows = 8_000
	for i := range rows {
		fields := []string{fmt.Sprint(r.IntN(1e6) - 5e5), fmt.Sprint(r.NormFloat64()),
			[]string{"alpha", "b c", `"d,e"`, ""}[r.IntN(4)], []string{"True", "False"}[i%2]}
		if i == rows-10 {
			fields[column] = deviation
		}
		b.Write(bytes.Join([][]byte{[]byte(fields[0]), []byte(fields[1]), []byte(fields[2]),
			[]byte(fields[3])}, []byte{','}))
		b.WriteString(eol)
		if i == rows/2 {
			b.WriteString(eol) // a line that is no row
		}
	}
	return b.Bytes()
}

// TestReadMatrix is TestRead for numbers only, separated by blanks or commas, with comments.
func TestReadMatrix(t *testing.T) {
	t.Parallel()
	for _, d := range []Dialect{{Comment: "#"}, {Delimiter: ','}, {Delimiter: ';', Comment: "#"}} {
		for _, deviation := range []string{"1", "1.5", "x", "1+2j", "", "nan", "# 1", "1 2", "NA",
			"18446744073709551615"} {
			for column := range 2 {
				text := numbers(d.Delimiter, deviation, column)
				sameTables(t, text, d, 2, true)
				sameTables(t, text, d, 2, false)
			}
		}
	}
}

// numbers returns a text of ints and floats.
func numbers(delimiter byte, deviation string, column int) []byte {
	r := rand.New(rand.NewPCG(2, uint64(column)))
	var b bytes.Buffer
	const rows = 9_000
	for i := range rows {
		fields := []string{fmt.Sprint(i), fmt.Sprintf("%.18e", r.NormFloat64())}
		if i == rows-5 {
			fields[column] = deviation
		}
		b.WriteString(fields[0])
		if delimiter == 0 {
			b.WriteString(" \t")
		} else {
			b.WriteByte(delimiter)
		}
		b.WriteString(fields[1] + "\n")
	}
	return b.Bytes()
}

func sameTables(t *testing.T, text []byte, d Dialect, cols int, matrix bool) {
	t.Helper()
	if directTypes(text, d, cols, matrix) == nil && (d.Comment == "" || matrix) {
		t.Fatal("not read directly")
	}
	got, columns, err := Read(text, d, cols, 1, matrix)
	want, wantErr := Split(text, d, cols, 1)
	if (err != nil) != (wantErr != nil) || err != nil && err.Error() != wantErr.Error() {
		t.Fatalf("%v, want %v", err, wantErr)
	}
	if err != nil {
		return
	}
	if got.Rows() != want.Rows() {
		t.Fatalf("%d rows, want %d", got.Rows(), want.Rows())
	}
	for c, w := range want.Infer(matrix) {
		g := columns[c]
		if g.Type != w.Type || !slices.Equal(g.Ints, w.Ints) || !slices.Equal(g.Uints, w.Uints) ||
			!slices.EqualFunc(g.Floats, w.Floats, sameBits) ||
			!slices.Equal(g.Complex, w.Complex) && g.Type == Complex ||
			!slices.Equal(g.Bools, w.Bools) || !slices.Equal(g.Missing, w.Missing) {
			t.Fatalf("column %d: type %d, want %d", c, g.Type, w.Type)
		}
		for i := 0; i < want.Rows(); i += 1 + want.Rows()/1000 {
			g, gotQuoted := got.Field(i, c)
			w, wantQuoted := want.Field(i, c)
			if !bytes.Equal(g, w) || gotQuoted != wantQuoted {
				t.Fatalf("row %d, column %d: %q, want %q", i, c, g, w)
			}
		}
	}
}

func sameBits(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }
