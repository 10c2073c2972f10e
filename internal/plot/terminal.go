package plot

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/unpkl/unpkl/internal/describe"
)

// Terminal says what a terminal can show.
type Terminal struct {
	Width, Height int // in character cells
	Color         bool
	// Pictures is the protocol for heat maps and pictures. Without one they are drawn as text.
	Pictures Protocol
}

// WriteText draws the figure as text with its title above.
func (f *Figure) WriteText(w io.Writer, t Terminal) error {
	if _, err := fmt.Fprintln(w, describe.Printable(f.Title)); err != nil {
		return err
	}
	text := ""
	switch f.Kind {
	case Histogram:
		text = f.bars(t)
	case Heat, Image:
		if t.Pictures != NoPictures {
			var err error
			if text, err = f.pictured(t); err != nil {
				return err
			}
			break
		}
		text = f.blocks(t)
	default:
		text = f.line(t)
	}
	_, err := io.WriteString(w, text)
	return err
}

// axisWidth is the least width of the labels beside a line in character cells.
const axisWidth = 14

// line draws a line over the positions of the values, or over X.
func (f *Figure) line(t Terminal) string {
	y := f.Y
	if f.X != nil {
		y = f.overX(2 * t.Width)
	}
	a, ok := axisOf(y, f.YUnit)
	if !ok {
		return "no finite numbers\n"
	}
	rows := max(t.Height, 3)
	columns := max(t.Width-max(axisWidth, a.labelWidth(rows)+4), 8)
	at := Thin(y, columns)
	if len(at) < columns {
		few := at
		at = make([]int, columns)
		for i := range at {
			at[i] = few[i*len(few)/columns]
		}
	}
	series := make([]float64, len(at))
	for i, k := range at {
		series[i] = y[k]
		if math.IsInf(y[k], 0) {
			series[i] = math.NaN()
		}
	}
	text := a.ascii(series, rows) + "\n"
	from, to := "0", strconv.Itoa(len(f.Y)-1)
	if f.X != nil {
		x, _ := axisOf(f.X, f.XUnit)
		from, to = x.bound(x.least), x.bound(x.greatest)
	}
	return text + strings.Repeat(" ", axisWidth) + from + " to " + to + "\n"
}

// overX returns the mean of Y in each of some equal parts of the range of X, without empty parts.
func (f *Figure) overX(parts int) []float64 {
	a, ok := axisOf(f.X, f.XUnit)
	if !ok {
		return nil
	}
	sums, counts := make([]float64, parts), make([]int, parts)
	for i, x := range f.X {
		if x != x || math.IsInf(x, 0) || f.Y[i] != f.Y[i] {
			continue
		}
		k := a.part(x, parts)
		sums[k] += f.Y[i]
		counts[k]++
	}
	var y []float64
	for k, n := range counts {
		if n > 0 {
			y = append(y, sums[k]/float64(n))
		}
	}
	return y
}

func short(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) }

// bars draws a histogram with one bar per line.
func (f *Figure) bars(t Terminal) string {
	a, ok := axisOf(f.Y, f.YUnit)
	if !ok {
		return "no finite numbers\n"
	}
	counts, most := a.counts(f.Y, max(t.Height, 3)), 1
	for _, n := range counts {
		most = max(most, n)
	}
	eighths := []rune(" ▏▎▍▌▋▊▉")
	var b strings.Builder
	for i, n := range counts {
		from := a.value(float64(i) / float64(len(counts)))
		length := 8 * max(t.Width-30, 8) * n / most
		bar := strings.Repeat("█", length/8)
		if length%8 > 0 {
			bar += string(eighths[length%8])
		}
		fmt.Fprintf(&b, "%12s %s %d\n", a.bound(from), bar, n)
	}
	return b.String()
}

// shades are the characters of a heat map without colours, from the least to the greatest value.
var shades = []rune(" ░▒▓█")

// blocks draws a heat map or picture. With colours it uses half blocks, which put an upper and a
// lower pixel into each cell; without colours it uses shades.
func (f *Figure) blocks(t Terminal) string {
	g := f
	if f.Kind == Image {
		g = f.grey()
	}
	if !t.Color {
		return g.shaded(t)
	}
	rows, columns := f.fit(t.Width, 2*t.Height)
	at := func(y, x int) color.NRGBA { return f.cellColor(y, x, rows, columns) }
	var grid []float64
	a, _ := axisOf(f.Grid, f.YUnit)
	if f.Kind == Heat {
		grid, rows, columns = f.shrink(rows, columns)
		at = func(y, x int) color.NRGBA { return a.color(grid[y*columns+x]) }
	}
	var b strings.Builder
	for y := 0; y < rows; y += 2 {
		for x := range columns {
			upper := at(y, x)
			fmt.Fprintf(&b, "\x1b[38;2;%d;%d;%dm", upper.R, upper.G, upper.B)
			if y+1 < rows {
				lower := at(y+1, x)
				fmt.Fprintf(&b, "\x1b[48;2;%d;%d;%dm", lower.R, lower.G, lower.B)
			}
			b.WriteString("▀")
		}
		b.WriteString("\x1b[m\n")
	}
	return b.String() + f.legend(a)
}

func (f *Figure) legend(a axis) string {
	if f.Kind == Image {
		return fmt.Sprintf("%d x %d pixels\n", f.Columns, f.Rows)
	}
	return fmt.Sprintf("%d rows, %d columns, %s to %s\n", f.Rows, f.Columns, a.bound(a.least),
		a.bound(a.greatest))
}

// fit returns the largest size of a drawing of at most width by height that keeps the proportions.
func (f *Figure) fit(width, height int) (rows, columns int) {
	scale := math.Min(1, math.Min(float64(width)/float64(f.Columns),
		float64(height)/float64(f.Rows)))
	return max(1, int(float64(f.Rows)*scale)), max(1, int(float64(f.Columns)*scale))
}

// cellColor returns the mean colour of the pixels that fall into row i and column j of a smaller
// picture.
func (f *Figure) cellColor(i, j, rows, columns int) color.NRGBA {
	var r, g, b, n int
	for y := i * f.Rows / rows; y < (i+1)*f.Rows/rows; y++ {
		for x := j * f.Columns / columns; x < (j+1)*f.Columns/columns; x++ {
			p := f.pixel(x, y)
			r, g, b, n = r+int(p.R), g+int(p.G), b+int(p.B), n+1
		}
	}
	return color.NRGBA{uint8(r / n), uint8(g / n), uint8(b / n), 255}
}

// grey returns the brightness of a picture as the grid of a heat map. Kind stays Image for the
// legend.
func (f *Figure) grey() *Figure {
	out := &Figure{Kind: Image, Rows: f.Rows, Columns: f.Columns,
		Grid: make([]float64, f.Rows*f.Columns)}
	for i := range out.Grid {
		p := f.pixel(i%f.Columns, i/f.Columns)
		out.Grid[i] = 0.299*float64(p.R) + 0.587*float64(p.G) + 0.114*float64(p.B)
	}
	return out
}

// shaded draws a heat map by shades. A character is twice as high as wide, so it stands for two
// rows.
func (f *Figure) shaded(t Terminal) string {
	rows, columns := f.fit(t.Width, 2*t.Height)
	grid, rows, columns := f.shrink(max(1, rows/2), columns)
	a, _ := axisOf(f.Grid, f.YUnit)
	var b strings.Builder
	for y := range rows {
		for x := range columns {
			v := grid[y*columns+x]
			switch {
			case v != v:
				b.WriteByte('?')
			case a.greatest > a.least:
				b.WriteRune(shades[a.part(v, len(shades))])
			default:
				b.WriteRune(shades[2])
			}
		}
		b.WriteByte('\n')
	}
	return b.String() + f.legend(a)
}
