package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/unpkl/unpkl/internal/plot"
	"github.com/unpkl/unpkl/internal/pointer"
)

func init() { commands = append(commands, plotCommand) }

// plotFlags are the options of plot.
type plotFlags struct {
	kind, over, output string
	pictures           string
	width, height      int
}

const plotLong = `plot draws what POINTER leads to in FILE: an array of one dimension, a column or a list of numbers as
a line over its positions, an array of two dimensions as a heat map, one of uint8 with 3 or 4
channels as the picture that it is. In the terminal heat maps are pictures where it says that it
has Kitty's, iTerm2's or sixel graphics, else half blocks in colours, or shades where there is no
colour; with -o a PNG or SVG is written, of heat maps and pictures as
PNG a pixel for each element.

Of a large array all of it is drawn: of each stretch that falls into one place of a line the
least and the greatest element, of a heat map in the terminal the mean. Beside times stand dates.`

// pictureNames are the values of --pictures.
var pictureNames = []string{"auto", "none", string(plot.Kitty), string(plot.ITerm2),
	string(plot.Sixel)}

func plotCommand(s *streams) *cobra.Command {
	var f plotFlags
	cmd := &cobra.Command{
		Use:   "plot FILE [POINTER]",
		Short: "Draw an array or column in the terminal, or to a PNG or SVG file",
		Long:  plotLong,
		Example: `  unpkl plot data.pkl /x
  unpkl plot --kind hist table.pkl /price
  unpkl plot --over /time table.pkl /price -o price.svg
  unpkl plot images.npz /train/0 -o first.png`,
		Args: filePointer,
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := pointerArg(args[1:])
			if err != nil {
				return err
			}
			switch {
			case !slices.Contains(plot.Kinds, f.kind):
				return usageErrorf("--kind=%s is none of %s", f.kind,
					strings.Join(plot.Kinds, ", "))
			case !slices.Contains(pictureNames, f.pictures):
				return usageErrorf("--pictures=%s is none of %s", f.pictures,
					strings.Join(pictureNames, ", "))
			case f.width < 0 || f.height < 0 || f.width > 1000 || f.height > 1000:
				return usageErrorf("--width and --height are at most 1000 cells")
			case f.output != "" && !slices.Contains(plot.Formats,
				strings.ToLower(filepath.Ext(f.output))):
				return usageErrorf("--output=%s: the ending is none of %s", f.output,
					strings.Join(plot.Formats, ", "))
			}
			return runPlot(s, &f, args[0], p)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.kind, "kind", string(plot.Auto), "auto, line, hist, heat or image")
	flags.StringVar(&f.over, "over", "", "draw a line over the values that this `POINTER` leads to")
	flags.StringVarP(&f.output, "output", "o", "", "write `FILE`, a .png or .svg")
	flags.StringVar(&f.pictures, "pictures", "auto",
		"how the terminal is given pictures: auto, kitty, iterm2, sixel or none")
	flags.IntVar(&f.width, "width", 0, "the width in cells (default that of the terminal, or 80)")
	flags.IntVar(&f.height, "height", 0,
		"the height in cells (default that of the terminal, or 20)")
	return cmd
}

func runPlot(s *streams, f *plotFlags, name string, p pointer.Pointer) error {
	v, end, err := oneValue(s, name, p)
	if err != nil {
		return &fileError{name, err}
	}
	defer end()
	var over any
	title := filepath.Base(name) + " " + p.String()
	if f.over != "" {
		q, err := pointer.Parse(f.over)
		if err != nil {
			return usageErrorf("--over: %v", err)
		}
		var endOver func()
		if over, endOver, err = oneValue(s, name, q); err != nil {
			return &fileError{name, err}
		}
		defer endOver()
		title += " over " + q.String()
	}
	figure, err := plot.New(v, over, plot.Kind(f.kind), strings.TrimSpace(title))
	if err != nil {
		return &fileError{name, fmt.Errorf("%s: %w", pointerName(p), err)}
	}
	if f.output != "" {
		ending := strings.ToLower(filepath.Ext(f.output))
		if err := writeOutput(s, f.output, func(w io.Writer) error {
			return figure.WriteFile(w, ending)
		}); err != nil {
			return &fileError{f.output, err}
		}
		return nil
	}
	w := bufio.NewWriter(s.out)
	if err := figure.WriteText(w, s.plotTerminal(f)); err != nil {
		return err
	}
	return w.Flush()
}

// plotTerminal returns the terminal for which a plot is drawn as text.
func (s *streams) plotTerminal(f *plotFlags) plot.Terminal {
	t := plot.Terminal{Width: 80, Height: 20, Color: s.color()}
	if file, ok := terminalOf(s.out); ok {
		if width, height, err := term.GetSize(int(file.Fd())); err == nil && width >= 20 &&
			height >= 10 {
			t.Width, t.Height = width, height-5
		}
		if f.pictures == "auto" && t.Color {
			t.Pictures = plot.ProtocolOf(os.Getenv)
		}
	}
	if f.pictures != "auto" && f.pictures != "none" {
		t.Pictures = plot.Protocol(f.pictures)
	}
	if f.width > 0 {
		t.Width = f.width
	}
	if f.height > 0 {
		t.Height = f.height
	}
	return t
}
