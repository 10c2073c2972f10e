package plot

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/png"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/charmbracelet/x/ansi/iterm2"
	"github.com/charmbracelet/x/ansi/sixel"
)

// Protocol is a way in which a terminal is given pictures.
type Protocol string

// The protocols.
const (
	NoPictures Protocol = ""
	Kitty      Protocol = "kitty"
	ITerm2     Protocol = "iterm2"
	Sixel      Protocol = "sixel"
)

// ProtocolOf returns the protocol of the terminal that the environment names, NoPictures where it
// names none that is known to have one: a terminal inside of another one passes no pictures on.
func ProtocolOf(getenv func(string) string) Protocol {
	term, program := getenv("TERM"), getenv("TERM_PROGRAM")
	switch {
	case getenv("TMUX") != "" || strings.HasPrefix(term, "screen") ||
		strings.HasPrefix(term, "tmux"):
		return NoPictures
	case term == "xterm-kitty" || term == "xterm-ghostty" || getenv("KITTY_WINDOW_ID") != "" ||
		program == "ghostty":
		return Kitty
	case program == "iTerm.app" || program == "WezTerm" || program == "mintty" ||
		getenv("LC_TERMINAL") == "iTerm2":
		return ITerm2
	case term == "foot" || strings.HasPrefix(term, "foot-") || strings.HasPrefix(term, "mlterm") ||
		strings.Contains(term, "sixel"):
		return Sixel
	}
	return NoPictures
}

const (
	// pictureSide is how many pixels a picture for a terminal has at most in each direction.
	pictureSide = 1024
	// cellWidth and cellHeight are about how many pixels a cell has, for sixels, which a terminal
	// does not scale.
	cellWidth, cellHeight = 8, 16
	// kittyChunk is how many bytes of base64 Kitty takes at once.
	kittyChunk = 4096
)

// pictured draws a heat map or picture as one, below which the legend stands.
func (f *Figure) pictured(t Terminal) (string, error) {
	rows, columns := f.fit(t.Width, 2*t.Height) // in halves of cells
	cells := max(1, (rows+1)/2)
	a, _ := axisOf(f.Grid, f.YUnit)
	img := f.scaled(min(f.Rows, pictureSide), min(f.Columns, pictureSide))
	text := ""
	if t.Pictures == Sixel {
		img = enlarged(img, columns*cellWidth, cells*cellHeight)
		var out bytes.Buffer
		if err := new(sixel.Encoder).Encode(&out, img); err != nil {
			return "", err
		}
		text = ansi.SixelGraphics(0, 1, 0, out.Bytes())
	} else {
		var out bytes.Buffer
		if err := png.Encode(&out, img); err != nil {
			return "", err
		}
		data := base64.StdEncoding.AppendEncode(nil, out.Bytes())
		if t.Pictures == Kitty {
			text = kitty(data, columns, cells)
		} else {
			text = ansi.ITerm2(iterm2.File{Name: "", Inline: true, Width: iterm2.Cells(columns),
				Height: iterm2.Cells(cells), Content: data})
		}
	}
	return text + "\n" + f.legend(a), nil
}

// scaled returns the figure with so many pixels, each the mean of what falls into it.
func (f *Figure) scaled(rows, columns int) image.Image {
	small := &Figure{Kind: f.Kind, Rows: rows, Columns: columns, Channels: f.Channels}
	if f.Kind == Heat {
		small.Grid, small.Rows, small.Columns = f.shrink(rows, columns)
		return small.picture()
	}
	img := image.NewNRGBA(image.Rect(0, 0, columns, rows))
	for y := range rows {
		for x := range columns {
			img.SetNRGBA(x, y, f.cellColor(y, x, rows, columns))
		}
	}
	return img
}

// enlarged returns a picture of another size, with the nearest pixels.
func enlarged(img image.Image, width, height int) image.Image {
	from := img.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			out.Set(x, y, img.At(x*from.Dx()/width, y*from.Dy()/height))
		}
	}
	return out
}

// kitty gives a PNG in base64 to a terminal that scales it to so many cells. An answer is not
// wanted.
func kitty(data []byte, columns, rows int) string {
	var b strings.Builder
	options := fmt.Sprintf("a=T,f=100,q=2,c=%d,r=%d", columns, rows)
	for len(data) > 0 {
		chunk := data[:min(len(data), kittyChunk)]
		data = data[len(chunk):]
		more := "m=0"
		if len(data) > 0 {
			more = "m=1"
		}
		if options != "" {
			more = options + "," + more
		}
		b.WriteString(ansi.KittyGraphics(chunk, more))
		options = ""
	}
	return b.String()
}
