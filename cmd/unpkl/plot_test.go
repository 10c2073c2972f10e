package main

import (
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// TestPlotPicture checks that an array of uint8 with channels becomes a picture with the same
// pixels.
func TestPlotPicture(t *testing.T) {
	const height, width = 5, 7
	for _, channels := range []int{3, 4} {
		values := make([]uint8, height*width*channels)
		for i := range values {
			values[i] = uint8(i*37 + 11)
		}
		a, err := ndarray.FromSlice(values, height, width, channels)
		if err != nil {
			t.Fatal(err)
		}
		folder := t.TempDir()
		if err := unpkl.WriteFile(filepath.Join(folder, "picture.pkl"),
			map[string]any{"img": a}); err != nil {
			t.Fatal(err)
		}
		mustRun(t, "", "plot", "-o", filepath.Join(folder, "out.png"),
			filepath.Join(folder, "picture.pkl"), "/img")
		file, err := os.Open(filepath.Join(folder, "out.png"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		img, err := png.Decode(file)
		if err != nil {
			t.Fatal(err)
		}
		if b := img.Bounds(); b.Dx() != width || b.Dy() != height {
			t.Fatalf("the picture is %v", b)
		}
		for y := range height {
			for x := range width {
				p := values[(y*width+x)*channels:]
				want := color.NRGBA{p[0], p[1], p[2], 255}
				if channels == 4 {
					want.A = p[3]
				}
				if got := color.NRGBAModel.Convert(img.At(x, y)); got != want {
					t.Errorf("%d channels: pixel %d, %d is %v, want %v", channels, x, y, got, want)
				}
			}
		}
	}
}

// TestPlotShowsPeaks checks that a single peak among millions of elements is drawn.
func TestPlotShowsPeaks(t *testing.T) {
	values := make([]float64, 1<<20)
	values[777_777], values[5] = 1000, -1000
	a, err := ndarray.FromSlice(values)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "peak.pkl")
	if err := unpkl.WriteFile(path, a); err != nil {
		t.Fatal(err)
	}
	got := mustRun(t, "", "plot", "--height", "5", path)
	for _, want := range []string{" 1000 ", "-1000 "} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is not in\n%s", want, got)
		}
	}
}
