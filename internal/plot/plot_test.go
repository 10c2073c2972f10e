package plot_test

import (
	"bytes"
	"encoding/base64"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi/sixel"

	"github.com/unpkl/unpkl/internal/plot"
	"github.com/unpkl/unpkl/ndarray"
)

func array[T ndarray.Element](t *testing.T, values []T, shape ...int) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(values, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func random(n int) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, n)
	for i := range out {
		out[i] = r.NormFloat64()
	}
	return out
}

// TestOutline checks that the points of a large array are those of Thin over all elements, in every
// memory order.
func TestOutline(t *testing.T) {
	values := random(50_003)
	values[17], values[40_000], values[40_001] = math.NaN(), math.Inf(1), -1e300
	at, y, count, err := plot.Outline(array(t, values), 500)
	if err != nil {
		t.Fatal(err)
	}
	if count != len(values) || len(at) > 502 || !slices.IsSorted(at) {
		t.Errorf("%d points of %d", len(at), count)
	}
	for i, k := range at {
		if y[i] != values[k] {
			t.Errorf("point %d is %v, element %d is %v", i, y[i], k, values[k])
		}
	}
	if !slices.Contains(at, 40_000) || !slices.Contains(at, 40_001) {
		t.Error("the extremes are left out")
	}
	for _, v := range []any{"text", array(t, values, 50_003, 1)} {
		if _, _, _, err := plot.Outline(v, 10); err == nil {
			t.Errorf("no error for %T", v)
		}
	}
}

// TestShrunk checks that each pixel is the mean of the elements in it, in C and in F order.
func TestShrunk(t *testing.T) {
	values := make([]float64, 6*4)
	for i := range values {
		values[i] = float64(i)
	}
	values[0] = math.NaN()
	a := array(t, values, 6, 4)
	f, err := plot.Shrunk(a, false, 3, 2)
	if err != nil {
		t.Fatal(err)
	}
	// Of 0 1 4 5 the 0 is NaN.
	if want := []float64{10. / 3, 4.5, 10.5, 12.5, 18.5, 20.5}; !slices.Equal(f.Grid, want) {
		t.Errorf("got %v, want %v", f.Grid, want)
	}
	turned, err := plot.Shrunk(a.T(), false, 2, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{10. / 3, 10.5, 18.5, 4.5, 12.5, 20.5}; !slices.Equal(turned.Grid, want) {
		t.Errorf("turned: got %v, want %v", turned.Grid, want)
	}
	for _, bad := range []*ndarray.Array{array(t, values), array(t, values, 2, 3, 4),
		array(t, []float64{}, 0, 4)} {
		if _, err := plot.Shrunk(bad, false, 2, 2); err == nil {
			t.Errorf("no error for shape %v", bad.Shape())
		}
	}
}

// figure returns a heat map of two halves.
func figure(t *testing.T) *plot.Figure {
	t.Helper()
	values := make([]float64, 20*40)
	for i := range values {
		if i%40 >= 20 {
			values[i] = 1
		}
	}
	f, err := plot.New(array(t, values, 20, 40), nil, plot.Heat, "halves")
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// checkHalves checks that a picture is dark on the left and bright on the right.
func checkHalves(t *testing.T, at func(x, y int) color.Color, width, height int) {
	t.Helper()
	left, _, _, _ := at(width/4, height/2).RGBA()
	right, _, _, _ := at(3*width/4, height/2).RGBA()
	if left>>8 > 80 || right>>8 < 240 {
		t.Errorf("the halves are %d and %d of 255 red", left>>8, right>>8)
	}
}

// TestPictures decodes the pictures for each kind of terminal.
func TestPictures(t *testing.T) {
	write := func(p plot.Protocol) string {
		var out bytes.Buffer
		if err := figure(t).WriteText(&out, plot.Terminal{Width: 40, Height: 20, Color: true,
			Pictures: p}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "20 rows, 40 columns, 0 to 1") {
			t.Errorf("%s has no legend", p)
		}
		return out.String()
	}
	checkPNG := func(data string) {
		t.Helper()
		raw, err := base64.StdEncoding.DecodeString(data)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); b.Dx() != 40 || b.Dy() != 20 {
			t.Errorf("the picture has %v", b)
		}
		checkHalves(t, img.At, 40, 20)
	}
	data := ""
	for _, m := range regexp.MustCompile("\x1b_G[^;]*;([^\x1b]*)\x1b\\\\").FindAllStringSubmatch(
		write(plot.Kitty), -1) {
		data += m[1]
	}
	checkPNG(data)
	m := regexp.MustCompile("\x1b]1337;File=[^:]*inline=1[^:]*:([^\x07]*)\x07").FindStringSubmatch(
		write(plot.ITerm2))
	if m == nil {
		t.Fatal("no picture for iTerm2")
	}
	checkPNG(m[1])
	m = regexp.MustCompile("(?s)\x1bP[0-9;]*q(.*)\x1b\\\\").FindStringSubmatch(write(plot.Sixel))
	if m == nil {
		t.Fatal("no sixels")
	}
	img, err := new(sixel.Decoder).Decode(strings.NewReader(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	checkHalves(t, img.At, img.Bounds().Dx(), img.Bounds().Dy())
	if text := write(plot.NoPictures); !strings.Contains(text, "▀") {
		t.Errorf("half blocks are %q", text)
	}
}

// TestProtocolOf checks that only known terminals get pictures.
func TestProtocolOf(t *testing.T) {
	for _, c := range []struct {
		env  map[string]string
		want plot.Protocol
	}{
		{map[string]string{"TERM": "xterm-256color"}, plot.NoPictures},
		{map[string]string{"TERM": "xterm-kitty"}, plot.Kitty},
		{map[string]string{"TERM": "xterm-kitty", "TMUX": "1"}, plot.NoPictures},
		{map[string]string{"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, plot.ITerm2},
		{map[string]string{"TERM": "foot-extra"}, plot.Sixel},
		{map[string]string{"TERM": "screen"}, plot.NoPictures},
	} {
		if got := plot.ProtocolOf(func(name string) string { return c.env[name] }); got != c.want {
			t.Errorf("%v: %q, want %q", c.env, got, c.want)
		}
	}
}

// TestEveryRange checks that values of any magnitude are drawn, and that no line of the text is
// wider than the terminal.
func TestEveryRange(t *testing.T) {
	day := ndarray.DatetimeUnit{Base: "D"}
	for name, values := range map[string][]float64{
		"wide":      {1e308, 1e308, -1e308},
		"denormal":  {5e-324, 1e-310},
		"one":       {7},
		"same":      {1.5e18, 1.5e18},
		"near":      {1e18, 1e18 + 256, 1e18 + 512},
		"large":     {math.MaxFloat64, -math.MaxFloat64, math.Inf(1), math.NaN()},
		"tiny same": {5e-324, 5e-324},
		"zero":      {0, 0, 0},
		"small":     {-1e-300, 1e-300},
	} {
		x := array(t, values, len(values))
		grid := array(t, append(slices.Clone(values), values...), 2, len(values))
		for _, kind := range []plot.Kind{plot.Line, plot.Histogram, plot.Heat, "over"} {
			var figure *plot.Figure
			var err error
			switch kind {
			case plot.Heat:
				figure, err = plot.New(grid, nil, kind, name)
			case "over":
				figure, err = plot.New(x, x, plot.Line, name)
			default:
				figure, err = plot.New(x, nil, kind, name)
			}
			if err != nil {
				t.Fatal(err)
			}
			for _, unit := range []ndarray.DatetimeUnit{{}, day, {Base: "ns"}} {
				figure.XUnit, figure.YUnit = unit, unit
				checkDrawn(t, figure, unit.Base == "" && kind == plot.Line)
			}
		}
	}
}

// checkDrawn draws a figure as text, SVG and PNG.
func checkDrawn(t *testing.T, figure *plot.Figure, pixels bool) {
	t.Helper()
	var out bytes.Buffer
	if err := figure.WriteText(&out, plot.Terminal{Width: 80, Height: 10}); err != nil {
		t.Errorf("%s as %s: %v", figure.Title, figure.Kind, err)
	}
	for line := range strings.Lines(out.String()) {
		if strings.Contains(line, "no finite") || utf8.RuneCountInString(line) > 81 {
			t.Errorf("%s as %s: %q", figure.Title, figure.Kind, line)
		}
	}
	for _, ending := range plot.Formats {
		if out.Reset(); ending == ".png" && !pixels {
			continue
		}
		if err := figure.WriteFile(&out, ending); err != nil || out.Len() < 50 ||
			strings.Contains(out.String(), "NaN") {
			t.Errorf("%s as %s%s: %d bytes, %v", figure.Title, figure.Kind, ending, out.Len(), err)
		}
	}
}
