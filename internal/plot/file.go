package plot

import (
	"errors"
	"image/color"
	"image/png"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Formats are the endings of the formats that WriteFile writes.
var Formats = []string{".png", ".svg"}

// filePoints is the approximate number of points of a line in a file.
const filePoints = 4000

// WriteFile writes the figure as PNG or SVG, as ending says, which must be one of Formats. A heat
// map or picture as PNG has one pixel for each element.
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
		return f.addBars(p)
	case Heat, Image:
		p.Add(plotter.NewImage(f.picture(), 0, 0, float64(f.Columns), float64(f.Rows)))
	default:
		return f.addLine(p)
	}
	return nil
}

// fileBars is the number of bars of a histogram in a file.
const fileBars = 50

// lineColor is the colour of lines and bars.
var lineColor = color.NRGBA{44, 113, 142, 255}

// addBars adds a histogram to p.
func (f *Figure) addBars(p *plot.Plot) error {
	a, ok := axisOf(f.Y, f.YUnit)
	if !ok {
		return errNoNumbers
	}
	least, greatest := a.place(a.least), a.place(a.greatest)
	if least == greatest {
		least, greatest = least-0.5, greatest+0.5
	}
	h := &plotter.Histogram{Width: (greatest - least) / fileBars, FillColor: lineColor,
		LineStyle: plotter.DefaultLineStyle}
	counts := a.counts(f.Y, fileBars)
	if a.least == a.greatest {
		counts[0], counts[fileBars/2] = 0, counts[0]
	}
	for i, n := range counts {
		from := least + h.Width*float64(i)
		h.Bins = append(h.Bins, plotter.HistogramBin{Min: from, Max: from + h.Width,
			Weight: float64(n)})
	}
	p.Add(h)
	a.mark(&p.X)
	return nil
}

// errNoNumbers is the error for a figure without finite numbers.
var errNoNumbers = errors.New("there are no finite numbers")

// addLine adds a line to p, or points if the figure has values of X.
func (f *Figure) addLine(p *plot.Plot) error {
	xs := f.X
	if xs == nil {
		xs = []float64{0, float64(len(f.Y) - 1)}
	}
	x, okX := axisOf(xs, f.XUnit)
	y, okY := axisOf(f.Y, f.YUnit)
	if !okX || !okY {
		return errNoNumbers
	}
	var points plotter.XYs
	for _, i := range Thin(f.Y, filePoints) {
		at := float64(i)
		if f.X != nil {
			at = f.X[i]
		}
		if v := f.Y[i]; at == at && v == v && !math.IsInf(at, 0) && !math.IsInf(v, 0) {
			points = append(points, plotter.XY{X: x.place(at), Y: y.place(v)})
		}
	}
	if len(points) == 0 {
		return errNoNumbers
	}
	x.mark(&p.X)
	y.mark(&p.Y)
	if f.X == nil {
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color = lineColor
		p.Add(line)
		return nil
	}
	scatter, err := plotter.NewScatter(points)
	if err != nil {
		return err
	}
	scatter.GlyphStyle = draw.GlyphStyle{Color: lineColor, Radius: vg.Points(1.5),
		Shape: draw.CircleGlyph{}}
	p.Add(scatter)
	return nil
}
