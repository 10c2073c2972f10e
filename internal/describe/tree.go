package describe

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
)

// Style says how a tree is written.
type Style struct {
	// Width is that of the terminal in cells, or 0 where lines may be of any length.
	Width int
	Color bool
}

// The greatest widths that columns are aligned to, in cells.
const (
	maxTokenWidth = 32
	maxTypeWidth  = 40
)

// tree writes a tree.
type tree struct {
	w     io.Writer
	s     Style
	err   error
	faint ansi.Style
	kind  ansi.Style
	bad   ansi.Style
}

// Write writes a tree as text: the root on a line, and each value inside it on one, with its key,
// type, size and a short look.
func Write(w io.Writer, root *Node, title string, s Style) error {
	t := &tree{w: w, s: s}
	if s.Color {
		t.faint, t.kind, t.bad = ansi.NewStyle().Faint(),
			ansi.NewStyle().ForegroundColor(ansi.Cyan), ansi.NewStyle().ForegroundColor(ansi.Red)
	}
	t.line(title)
	t.line(strings.TrimLeft(t.about(root, "", column{}), " "))
	t.children(root, "")
	return t.err
}

func (t *tree) line(text string) {
	if t.err != nil {
		return
	}
	text = strings.TrimRight(text, " ")
	if t.s.Width > 0 {
		text = ansi.Truncate(text, t.s.Width, "…")
	}
	_, t.err = io.WriteString(t.w, text+"\n")
}

// children writes what is inside a value; indent stands before each line. It calls itself as deep
// as the tree is, which Options.Depth bounds.
func (t *tree) children(n *Node, indent string) {
	var to column
	for _, c := range n.Children {
		to.token = max(to.token, ansi.StringWidth(shownToken(c.Token)))
		to.kind = max(to.kind, ansi.StringWidth(typeText(c)))
		to.size = max(to.size, len(sizeText(c)))
	}
	to.token, to.kind = min(to.token, maxTokenWidth), min(to.kind, maxTypeWidth)
	for i, c := range n.Children {
		branch, inside := "├─ ", "│  "
		if i == len(n.Children)-1 && n.More == 0 {
			branch, inside = "└─ ", "   "
		}
		t.line(t.faint.Styled(indent+branch) + t.about(c, shownToken(c.Token), to))
		t.children(c, indent+inside)
	}
	if n.More > 0 && len(n.Children) > 0 {
		t.line(t.faint.Styled(indent + "└─ ... " + humanize.Comma(int64(n.More)) + " more"))
	}
}

// column is the width, in cells, of the columns that the values in one container are aligned to.
type column struct{ token, kind, size int }

func sizeText(n *Node) string {
	if n.NBytes == nil || n.Kind == "bytes" {
		return ""
	}
	return humanize.IBytes(uint64(*n.NBytes))
}

// about describes a value on one line.
func (t *tree) about(n *Node, token string, to column) string {
	var b strings.Builder
	b.WriteString(pad(token, to.token))
	b.WriteString("  ")
	b.WriteString(t.kind.Styled(pad(typeText(n), to.kind)))
	if size := sizeText(n); to.size > 0 || size != "" {
		b.WriteString("  " + t.faint.Styled(strings.Repeat(" ", max(0, to.size-len(size)))+size))
	}
	if n.Stats != nil {
		b.WriteString("  " + n.Stats.Min + " to " + n.Stats.Max)
	}
	if n.Value != "" {
		b.WriteString("  " + Printable(n.Value))
	}
	if n.Detail != "" {
		b.WriteString("  " + Printable(n.Detail))
	}
	if n.Same != nil {
		same := *n.Same
		if same == "" {
			same = "the whole"
		}
		b.WriteString("  " + t.faint.Styled("same as "+Printable(same)))
	}
	if n.Error != "" {
		b.WriteString("  " + t.bad.Styled(Printable(n.Error)))
	}
	return b.String()
}

// shownToken is a key as it stands in the tree.
func shownToken(token string) string {
	if token == "" {
		return "''"
	}
	return ansi.Truncate(Printable(token), maxTokenWidth, "…")
}

// typeText says what a value is: its kind with the dtype, shape or length.
func typeText(n *Node) string {
	kind := Printable(n.Kind)
	switch {
	case n.Kind == "ndarray" && strings.ContainsAny(n.DType[:1], "[{("):
		return "structured " + shapeText(n.Shape) + order(n)
	case n.Kind == "ndarray":
		return n.DType + " " + shapeText(n.Shape) + order(n)
	case n.Kind == "column":
		return Printable(n.DType)
	case n.DType != "" && n.Shape != nil:
		return kind + " " + n.DType + " " + shapeText(n.Shape) + order(n)
	case len(n.Shape) == 2 && n.DType == "" && (strings.HasSuffix(n.Kind, "DataFrame") ||
		n.Kind == "Table" || n.Kind == "RecordBatch"):
		return fmt.Sprintf("%s  %s rows, %s columns", kind, comma(n.Shape[0]), comma(n.Shape[1]))
	case n.Len != nil && n.Kind != "str":
		return kind + " of " + comma(*n.Len)
	}
	return kind
}

func order(n *Node) string {
	if n.Order == "" {
		return ""
	}
	return " order " + n.Order
}

func comma(n int) string { return humanize.Comma(int64(n)) }

// shapeText writes a shape as Python does.
func shapeText(shape []int) string {
	parts := make([]string, len(shape))
	for i, n := range shape {
		parts[i] = strconv.Itoa(n)
	}
	if len(parts) == 1 {
		return "(" + parts[0] + ",)"
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// pad fills a text up to a width.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// Brief describes a value in a few words: its type, and a look at it.
func Brief(v any) string {
	root, _ := Describe(v, Options{})
	text := typeText(root)
	if root.Value != "" {
		if len(root.Value) > shortText/2 {
			root.Value = cut(root.Value)
		}
		if text == "str" || text == "int" || text == "float" || text == "bool" {
			return Printable(root.Value)
		}
		text += " " + Printable(root.Value)
	}
	return text
}
