package plot

import (
	"image"
	"image/color"
	"math"
)

// viridis has samples of matplotlib's colour map of that name at equal distances.
var viridis = [...]color.NRGBA{
	{68, 1, 84, 255}, {71, 44, 122, 255}, {59, 81, 139, 255}, {44, 113, 142, 255},
	{33, 144, 141, 255},
	{39, 173, 129, 255}, {92, 200, 99, 255}, {170, 220, 50, 255}, {253, 231, 37, 255},
}

// missingColor is the colour of NaN.
var missingColor = color.NRGBA{128, 128, 128, 255}

// color returns the colour of a value in a heat map.
func (a axis) color(v float64) color.NRGBA {
	if v != v {
		return missingColor
	}
	t := 0.5
	if a.greatest > a.least {
		t = a.share(v)
	}
	at := t * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	mix := func(from, to uint8) uint8 {
		return uint8(math.Round(float64(from) + (float64(to)-float64(from))*(at-float64(i))))
	}
	from, to := viridis[i], viridis[i+1]
	return color.NRGBA{mix(from.R, to.R), mix(from.G, to.G), mix(from.B, to.B), 255}
}

// pixel returns a pixel of a picture.
func (f *Figure) pixel(x, y int) color.NRGBA {
	p := f.Pixels[(y*f.Columns+x)*f.Channels:]
	switch f.Channels {
	case 1:
		return color.NRGBA{p[0], p[0], p[0], 255}
	case 3:
		return color.NRGBA{p[0], p[1], p[2], 255}
	}
	return color.NRGBA{p[0], p[1], p[2], p[3]}
}

// picture returns a heat map or picture with one pixel for each element.
func (f *Figure) picture() image.Image {
	img := image.NewNRGBA(image.Rect(0, 0, f.Columns, f.Rows))
	a, _ := axisOf(f.Grid, f.YUnit)
	for y := range f.Rows {
		for x := range f.Columns {
			if f.Kind == Image {
				img.SetNRGBA(x, y, f.pixel(x, y))
			} else {
				img.SetNRGBA(x, y, a.color(f.Grid[y*f.Columns+x]))
			}
		}
	}
	return img
}
