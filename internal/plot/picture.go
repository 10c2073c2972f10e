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

// Protocol is a protocol for pictures in a terminal.
type Protocol string

// The protocols.
const (
	NoPictures Protocol = ""
	Kitty      Protocol = "kitty"
	ITerm2     Protocol = "iterm2"
	Sixel      Protocol = "sixel"
)

// ProtocolOf returns the protocol of the terminal that the environment variables name. It returns
// NoPictures for unknown terminals, and inside tmux and screen, which do not pass pictures on.
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
	// pictureSide is the greatest width and height in pixels of a picture for a terminal.
	pictureSide = 1024
	// cellWidth and cellHeight are the assumed size of a character cell in pixels. Sixels need it,
	// since terminals do not scale them.
	cellWidth, cellHeight = 8, 16
	// kittyChunk is the greatest number of bytes of base64 in one escape sequence of Kitty's
	// protocol.
	kittyChunk = 4096
)

// pictured draws a heat map or picture by the terminal's picture protocol, with the legend below.
func (f *Figure) pictured(t Terminal) (string, error) {
	rows, columns := f.fit(t.Width, 2*t.Height) // a row is half a cell high
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

// scaled returns the figure reduced to the given numbers of rows and columns. Each pixel is the
// mean of the elements that fall into it.
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

// enlarged returns a picture scaled to another size without interpolation.
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

// kitty returns the escape sequences of Kitty's protocol for a PNG in base64, which the terminal
// scales to the given number of cells. q=2 tells the terminal not to answer.
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
