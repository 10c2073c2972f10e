package plot

import (
	"fmt"
	"image/color"
	"image/png"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Formats are the endings of the files that WriteFile writes.
var Formats = []string{".png", ".svg"}

// filePoints is about how many points of a line a file has.
const filePoints = 4000

// WriteFile writes the figure as PNG or SVG, by the ending of the file's name. A heat map or
// picture as PNG has a pixel an element.
func (f *Figure) WriteFile(w io.Writer, ending string) error {
	if ending == ".png" && (f.Kind == Heat || f.Kind == Image) {
		return png.Encode(w, f.picture())
	}
	p := plot.New()
	p.Title.Text = f.Title
	if err := f.addTo(p); err != nil {
		return err
	}
	to, err := p.WriterTo(16*vg.Centimeter, 10*vg.Centimeter, ending[1:])
	if err != nil {
		return err
	}
	_, err = to.WriteTo(w)
	return err
}

func (f *Figure) addTo(p *plot.Plot) error {
	switch f.Kind {
	case Histogram:
		var values plotter.Values
		for _, v := range f.Y {
			if v == v && !math.IsInf(v, 0) {
				values = append(values, v)
			}
		}
		if len(values) == 0 {
			return fmt.Errorf("there are no finite numbers")
		}
		h, err := plotter.NewHist(values, 50)
		if err != nil {
			return err
		}
		h.FillColor = color.NRGBA{44, 113, 142, 255}
		p.Add(h)
	case Heat, Image:
		p.Add(plotter.NewImage(f.picture(), 0, 0, float64(f.Columns), float64(f.Rows)))
	default:
		return f.addLine(p)
	}
	return nil
}

// addLine adds a line, or the points of values over others.
func (f *Figure) addLine(p *plot.Plot) error {
	var points plotter.XYs
	for _, i := range Thin(f.Y, filePoints) {
		x := float64(i)
		if f.X != nil {
			x = f.X[i]
		}
		if y := f.Y[i]; x == x && y == y && !math.IsInf(x, 0) && !math.IsInf(y, 0) {
			points = append(points, plotter.XY{X: x, Y: y})
		}
	}
	if len(points) == 0 {
		return fmt.Errorf("there are no finite numbers")
	}
	if f.X == nil {
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color = color.NRGBA{44, 113, 142, 255}
		p.Add(line)
		return nil
	}
	scatter, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: color.NRGBA{44, 113, 142, 255},
		Radius: vg.Points(1.5), Shape: draw.CircleGlyph{}}
	p.Add(scatter)
	return nil
}
