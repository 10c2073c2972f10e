package describe

import (
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/charmbracelet/x/ansi"
	"github.com/dustin/go-humanize"
)

// Style says how Write lays out a tree.
type Style struct {
	// Width is the width of the terminal in character cells, or 0 for lines of any length.
	Width int
	// Color asks for ANSI colors.
	Color bool
}

// The greatest widths of aligned columns, in character cells.
const (
	maxTokenWidth = 32
	maxTypeWidth  = 40
)

// treeWriter writes a tree. It keeps its first error and writes nothing after it.
type treeWriter struct {
	w     io.Writer
	s     Style
	err   error
	faint ansi.Style
	kind  ansi.Style
	bad   ansi.Style
}

// Write writes a tree as text: the title, then a line for each node with its key, type, size and
// preview.
func Write(w io.Writer, root *Node, title string, s Style) error {
	t := &treeWriter{w: w, s: s}
	if s.Color {
		t.faint, t.kind, t.bad = ansi.NewStyle().Faint(),
			ansi.NewStyle().ForegroundColor(ansi.Cyan), ansi.NewStyle().ForegroundColor(ansi.Red)
	}
	t.line(title)
	t.line(strings.TrimLeft(t.nodeText(root, "", columnWidths{}), " "))
	t.children(root, "")
	return t.err
}

func (t *treeWriter) line(text string) {
	if t.err != nil {
		return
	}
	text = strings.TrimRight(text, " ")
	if t.s.Width > 0 {
		text = ansi.Truncate(text, t.s.Width, "…")
	}
	_, t.err = io.WriteString(t.w, text+"\n")
}

// children writes the lines of the values inside n, with indent before each. The depth of the
// recursion is that of the tree, which Options.Depth bounds.
func (t *treeWriter) children(n *Node, indent string) {
	var widths columnWidths
	for _, c := range n.Children {
		widths.token = max(widths.token, ansi.StringWidth(shownToken(c.Token)))
		widths.kind = max(widths.kind, ansi.StringWidth(typeText(c)))
		widths.size = max(widths.size, len(sizeText(c)))
	}
	widths.token, widths.kind = min(widths.token, maxTokenWidth), min(widths.kind, maxTypeWidth)
	for i, c := range n.Children {
		branch, inside := "├─ ", "│  "
		if i == len(n.Children)-1 && n.More == 0 {
			branch, inside = "└─ ", "   "
		}
		t.line(t.faint.Styled(indent+branch) + t.nodeText(c, shownToken(c.Token), widths))
		t.children(c, indent+inside)
	}
	if n.More > 0 && len(n.Children) > 0 {
		t.line(t.faint.Styled(indent + "└─ ... " + humanize.Comma(int64(n.More)) + " more"))
	}
}

// columnWidths are the widths in character cells of the columns in which the children of one node
// are aligned.
type columnWidths struct{ token, kind, size int }

func sizeText(n *Node) string {
	if n.NBytes == nil || n.Kind == "bytes" {
		return ""
	}
	return humanize.IBytes(uint64(*n.NBytes))
}

// nodeText describes a value on one line.
func (t *treeWriter) nodeText(n *Node, token string, widths columnWidths) string {
	var b strings.Builder
	b.WriteString(pad(token, widths.token))
	b.WriteString("  ")
	b.WriteString(t.kind.Styled(pad(typeText(n), widths.kind)))
	if size := sizeText(n); widths.size > 0 || size != "" {
		fill := strings.Repeat(" ", max(0, widths.size-len(size)))
		b.WriteString("  " + t.faint.Styled(fill+size))
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

// shownToken returns a key as the tree shows it: escaped and cut off.
func shownToken(token string) string {
	if token == "" {
		return "''"
	}
	return ansi.Truncate(Printable(token), maxTokenWidth, "…")
}

// typeText returns the kind of a value with its dtype, shape or length.
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

// pad fills a text with spaces up to a width in character cells.
func pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-ansi.StringWidth(s)))
}

// Brief describes a value in a few words: its type and a preview. A str or number is shown alone.
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
