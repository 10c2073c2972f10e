package browser

import (
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"
	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// demo writes a file with a value of each kind that the page shows.
func demo(t *testing.T) string {
	t.Helper()
	signal := make([]float64, 100_000)
	for i := range signal {
		x := float64(i) / 3000
		signal[i] = 20*math.Sin(x/3) + 3*math.Sin(7*x)*math.Cos(x)
	}
	field := make([]float64, 4*240*320)
	for i := range field {
		z, y, x := float64(i/(240*320)), float64(i/320%240), float64(i%320)
		field[i] = math.Sin(x/25+z)*math.Cos(y/20) + z
	}
	photo := make([]uint8, 60*80*3)
	for i := range photo {
		photo[i] = uint8([]int{3 * (i / 3 % 80), 4 * (i / 240), 128}[i%3])
	}
	records := make([]any, 500)
	for i := range records {
		records[i] = map[string]any{"id": i, "value": math.Sqrt(float64(i)), "name": "n" +
			strconv.Itoa(i%7)}
	}
	path := filepath.Join(t.TempDir(), "demo.pkl")
	err := unpkl.WriteFile(path, map[string]any{
		"created": "2024-01-15", "signal": array(t, signal), "field": array(t, field, 4, 240, 320),
		"photo": array(t, photo, 60, 80, 3), "records": records,
		"settings": map[string]any{"seed": 7, "rate": 0.5, "tags": []any{"a", "b"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func array[T ndarray.Element](t *testing.T, values []T, shape ...int) *ndarray.Array {
	t.Helper()
	a, err := ndarray.FromSlice(values, shape...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestKeyboard walks through the tree with the keyboard alone, as users of screen readers do.
func TestKeyboard(t *testing.T) {
	b := openTab(t, serving(t, demo(t)))
	focused := `document.activeElement`
	b.wait(`document.querySelectorAll("[role=treeitem]").length === 7`)
	for _, want := range []string{`[role=tree]`,
		`[role=treeitem][aria-level="2"][aria-setsize="6"]`,
		`[role=status][aria-live=polite]`, `nav[aria-label]`, `html[lang]`} {
		if !eval[bool](b, `document.querySelector('`+want+`') !== null`) {
			t.Errorf("nothing is %s", want)
		}
	}
	if n := eval[int](b, `[...document.querySelectorAll("[role=treeitem]")].filter(
		(item) => item.tabIndex === 0).length`); n != 1 {
		t.Errorf("Tab stops %d times in the tree", n)
	}
	eval[bool](b, `document.querySelector("[role=treeitem]").focus() === undefined`)
	b.keys(kb.ArrowDown)
	b.keys("s") // moves to the first key with that letter
	b.wait(focused + `.dataset.pointer === "/settings" || ` + focused +
		`.dataset.pointer === "/signal"`)
	eval[bool](b, `document.querySelector('[data-pointer="/settings"]').focus() === undefined`)
	b.keys(kb.ArrowRight)
	b.wait(focused + `.getAttribute("aria-expanded") === "true"`)
	b.keys(kb.ArrowRight)
	b.wait(focused + `.dataset.pointer.startsWith("/settings/")`)
	b.keys(kb.Enter)
	b.wait(`document.querySelector("#value h2")?.textContent.startsWith("/settings/")`)
	b.wait(focused + `.getAttribute("aria-selected") === "true"`)
	b.keys(kb.ArrowLeft, kb.ArrowLeft)
	b.wait(focused + `.dataset.pointer === "/settings" && ` + focused +
		`.getAttribute("aria-expanded") === "false"`)
	b.keys(kb.End)
	last := eval[string](b, focused+`.dataset.pointer`)
	b.keys(kb.Home)
	if first := eval[string](b, focused+`.dataset.pointer`); first != "" || last == "" {
		t.Errorf("Home leads to %q, End to %q", first, last)
	}
	b.clean()
}

// TestViews shows a value of each kind in dark and light.
func TestViews(t *testing.T) {
	b := openTab(t, serving(t, demo(t)))
	b.wait(`document.querySelectorAll("[role=treeitem]").length === 7`)
	b.goTo("/signal")
	b.wait(`document.querySelector("svg.plot path")`)
	b.scheme("light")
	light := eval[string](b, `getComputedStyle(document.body).backgroundColor`)
	b.screenshot("serve-line")
	b.view("Statistics")
	b.wait(`document.querySelectorAll("svg.plot rect").length > 0`)
	b.wait(`document.querySelector("dl dd")?.textContent === "100000"`)
	b.goTo("/field")
	b.wait(`document.querySelector("img.map")?.naturalWidth === 320`)
	before := eval[string](b, `document.querySelector("img.map").src`)
	eval[bool](b, `document.getElementById("axis-0").focus() === undefined`)
	b.keys(kb.ArrowRight, kb.ArrowRight)
	b.wait(`document.querySelector("output").textContent === "2"`)
	b.wait(`!["", undefined, ` + strconv.Quote(before) +
		`].includes(document.querySelector("img.map")?.src)`)
	b.scheme("dark")
	if dark := eval[string](b, `getComputedStyle(document.body).backgroundColor`); dark == light {
		t.Errorf("dark and light are both %s", dark)
	}
	b.screenshot("serve-map")
	b.goTo("/photo")
	b.wait(`document.querySelector("img.map")?.naturalWidth === 80`)
	b.clean()
}

// TestTable pages through a table and sorts it.
func TestTable(t *testing.T) {
	b := openTab(t, serving(t, demo(t)))
	b.wait(`document.querySelectorAll("[role=treeitem]").length === 7`)
	b.goTo("/records")
	cell := func(row, column int) string {
		return `document.querySelector("#view tbody tr:nth-child(` + strconv.Itoa(row) +
			`) td:nth-child(` +
			strconv.Itoa(column+1) + `)")?.textContent`
	}
	b.wait(`document.querySelectorAll("#view tbody tr").length === 50`)
	at := eval[int](b, `[...document.querySelectorAll("#view thead button")].findIndex(
		(button) => button.textContent === "id")`) + 1
	sort := `document.querySelectorAll("#view thead button")[` + strconv.Itoa(at-1) +
		`].click() === undefined`
	b.wait(cell(1, at) + ` === "0"`)
	eval[bool](b, `document.querySelector("[data-control='Next rows']").click() === undefined`)
	b.wait(cell(1, at) + ` === "50"`)
	eval[bool](b, sort)
	b.wait(`document.querySelector("th[aria-sort=ascending]") && ` + cell(1, at) + ` === "0"`)
	eval[bool](b, sort)
	b.wait(`document.querySelector("th[aria-sort=descending]") && ` + cell(1, at) + ` === "499"`)
	b.scheme("light")
	b.screenshot("serve-table")
	b.clean()
}

// TestManyKeys unfolds a dict of a million keys page by page.
func TestManyKeys(t *testing.T) {
	many := make(map[string]any, 1_000_000)
	for i := range 1_000_000 {
		many["key"+strconv.Itoa(i)] = i
	}
	path := filepath.Join(t.TempDir(), "many.pkl")
	if err := unpkl.WriteFile(path, many); err != nil {
		t.Fatal(err)
	}
	b := openTab(t, serving(t, path))
	b.wait(`document.querySelectorAll("[role=treeitem]").length === 102`)
	eval[bool](b, `[...document.querySelectorAll("[role=treeitem]")].at(-1).click() === undefined`)
	b.wait(`document.querySelectorAll("[role=treeitem]").length === 202`)
	if text := eval[string](b,
		`[...document.querySelectorAll("[role=treeitem]")].at(-1).textContent`); !strings.Contains(
		text, "999,800") {
		t.Errorf("the last line is %q", text)
	}
	b.goTo("/key765432")
	b.wait(`document.querySelector("#value pre")?.textContent === "765432"`)
	b.clean()
}

// TestFolder opens a folder of fixtures. The page must say what is wrong with those that cannot be
// shown, and show findings and opcodes beside the values.
func TestFolder(t *testing.T) {
	b := openTab(t, serving(t, filepath.Join(fixtures, "command")))
	b.wait(`document.querySelector('[data-file="mix.pkl"]')`)
	open := func(name string) {
		t.Helper()
		eval[bool](b, `document.querySelector('[data-file="`+name+`"]').click() === undefined`)
		b.wait(`document.getElementById("summary").textContent.startsWith("` + name + `")`)
	}
	open("table.pkl")
	b.wait(`document.querySelectorAll("#view tbody tr").length > 0`)
	b.wait(`document.getElementById("worst")?.textContent === "data"`)
	eval[bool](b, `document.getElementById("file-panel-tab-1").click() === undefined`)
	b.wait(`document.querySelector("#file-panel pre")?.textContent.includes("PROTO")`)
	b.screenshot("serve-opcodes")
	open("mix.pkl")
	b.wait(`document.querySelector("#tree [data-pointer='/text']")`)
	if eval[bool](b, `/[\x1b\u202e]/.test(document.body.innerText)`) {
		t.Error("control characters of the file are in the page")
	}
	b.goTo("/nested/a~1b/m~0n")
	b.wait(`document.querySelector("#value pre")?.textContent === "5"`)
	eval[bool](b, `history.back() === undefined`)
	b.wait(`document.querySelector("#value h2").textContent === "the whole value"`)
	b.goTo("/nosuch")
	b.wait(`document.querySelector("#value [role=alert]")?.textContent.startsWith("nothing at")`)
	open("cases.json")
	b.wait(`document.querySelector("#value [role=alert]")?.textContent.includes("pickle")`)
	b.clean()
}
