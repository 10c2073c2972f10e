package serve_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image/png"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/serve"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/npy"
)

// host is the host on which the servers of these tests believe to listen.
const host = "127.0.0.1:4321"

// openFile reads a file as the command does.
func openFile(path string) (*serve.Opened, error) {
	f, err := unpkl.Open(path, unpkl.WithObjects())
	if err != nil {
		return nil, err
	}
	v, err := f.Load()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &serve.Opened{Value: v, Close: func() { f.Close() }}, nil
}

// page is a Server of a file or folder with helpers to ask it.
type page struct {
	t       *testing.T
	handler http.Handler
	token   string
}

func newPage(t *testing.T, path string) *page {
	t.Helper()
	s, err := serve.New(serve.Options{Path: path, Open: openFile, CopyText: true,
		Save: func(path string, v any) error {
			return convert.Write(path, v, convert.WithObjects())
		}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	l, err := serve.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	address, err := url.Parse(s.Address(l))
	if err != nil {
		t.Fatal(err)
	}
	return &page{t, s.Handler(host), address.Path}
}

// get requests a path below the token, such as "api/rows?pointer=/x".
func (p *page) get(path string) *httptest.ResponseRecorder {
	p.t.Helper()
	r := httptest.NewRequest("GET", "http://"+host+p.token+path, nil)
	w := httptest.NewRecorder()
	p.handler.ServeHTTP(w, r)
	return w
}

// json requests a path, checks the status and decodes the answer.
func (p *page) json(status int, path string, to any) {
	p.t.Helper()
	w := p.get(path)
	if w.Code != status {
		p.t.Fatalf("%s: status %d, want %d: %.500s", path, w.Code, status, w.Body)
	}
	if err := json.Unmarshal(w.Body.Bytes(), to); err != nil {
		p.t.Fatalf("%s: %v: %.500s", path, err, w.Body)
	}
}

// fails checks that the answer is an error that contains a text.
func (p *page) fails(status int, path, text string) {
	p.t.Helper()
	var answer struct{ Error string }
	p.json(status, path, &answer)
	if !strings.Contains(answer.Error, text) {
		p.t.Errorf("%s: error %q, want %q in it", path, answer.Error, text)
	}
}

// write writes a value as a pickle into a folder and returns the path.
func write(t *testing.T, folder, name string, v any) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := unpkl.WriteFile(path, v); err != nil {
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

// count returns the numbers from 0 to n-1.
func count(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = float64(i)
	}
	return out
}

// TestGuard checks that only requests with the address that unpkl serve printed are answered.
func TestGuard(t *testing.T) {
	p := newPage(t, write(t, t.TempDir(), "a.pkl", 1))
	ask := func(method, path, host string, header ...string) int {
		r := httptest.NewRequest(method, "http://"+host+path, nil)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		p.handler.ServeHTTP(w, r)
		if policy := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(policy,
			"default-src 'none'") {
			t.Errorf("%s %s: policy %q", method, path, policy)
		}
		return w.Code
	}
	wrong := "/" + strings.Repeat("A", len(p.token)-2) + "/"
	for _, c := range []struct {
		name, method, path, host string
		header                   []string
		want                     int
	}{
		{"the page", "GET", p.token, host, nil, 200},
		{"by name", "GET", p.token, "localhost:4321", nil, 200},
		{"its own script", "GET", p.token + "api/file", host,
			[]string{"Origin", "http://" + host}, 200},
		{"no token", "GET", "/", host, nil, 403},
		{"wrong token", "GET", wrong, host, nil, 403},
		{"a part of the token", "GET", p.token[:len(p.token)-2] + "/", host, nil, 403},
		{"wrong token for an answer", "GET", wrong + "api/file", host, nil, 403},
		{"another name for the loopback", "GET", p.token, "evil.example:4321", nil, 403},
		{"another port", "GET", p.token, "127.0.0.1:80", nil, 403},
		{"a page of another site", "GET", p.token + "api/file", host,
			[]string{"Origin", "http://evil.example"}, 403},
		{"a page without origin", "GET", p.token + "api/file", host,
			[]string{"Origin", "null"}, 403},
		{"writing", "POST", p.token + "api/file", host, nil, 405},
		{"deleting", "DELETE", p.token, host, nil, 405},
		{"no such answer", "GET", p.token + "api/nothing", host, nil, 404},
		{"no such file of the page", "GET", p.token + "nothing.js", host, nil, 404},
	} {
		if got := ask(c.method, c.path, c.host, c.header...); got != c.want {
			t.Errorf("%s: status %d, want %d", c.name, got, c.want)
		}
	}
}

// TestPage checks that the files of the page are served and refer to no other server.
func TestPage(t *testing.T) {
	p := newPage(t, write(t, t.TempDir(), "a.pkl", 1))
	for _, name := range []string{"", "page.js", "common.js", "tree.js", "value.js", "plot.js",
		"about.js", "style.css"} {
		w := p.get(name)
		if w.Code != 200 || w.Body.Len() == 0 {
			t.Errorf("%q: status %d", name, w.Code)
		}
		text := strings.ReplaceAll(w.Body.String(), "http://www.w3.org/2000/svg", "")
		for _, no := range []string{"http://", "https://", "innerHTML", "outerHTML", "eval("} {
			if strings.Contains(text, no) {
				t.Errorf("%q has %s", name, no)
			}
		}
	}
}

type treePage struct {
	Nodes []struct {
		Key, Type, Value string
		Inside           int
		Same             *string
	}
	All int
}

// TestTree pages through a dict and unfolds the values inside.
func TestTree(t *testing.T) {
	many := map[string]any{}
	for i := range 2500 {
		many["key"+strconv.Itoa(10000+i)] = []any{i, map[string]any{"a/b": "~"}}
	}
	p := newPage(t, write(t, t.TempDir(), "a.pkl", many))
	var root struct {
		Root struct {
			Type   string
			Inside int
		}
	}
	p.json(200, "api/file", &root)
	if root.Root.Type != "dict of 2,500" || root.Root.Inside != 2500 {
		t.Errorf("the root is %+v", root.Root)
	}
	met := map[string]bool{}
	for first := 0; first < 2500; first += 1000 {
		var page treePage
		p.json(200, "api/children?count=1000&first="+strconv.Itoa(first), &page)
		if page.All != 2500 || len(page.Nodes) != min(1000, 2500-first) {
			t.Fatalf("from %d: %d of %d", first, len(page.Nodes), page.All)
		}
		for _, n := range page.Nodes {
			met[n.Key] = true
		}
	}
	if len(met) != 2500 {
		t.Errorf("%d different keys", len(met))
	}
	var inside treePage
	p.json(200, "api/children?pointer=/key10007/1", &inside)
	if len(inside.Nodes) != 1 || inside.Nodes[0].Key != "a/b" || inside.Nodes[0].Value != "'~'" {
		t.Errorf("inside is %+v", inside)
	}
	var value struct{ Text string }
	p.json(200, "api/value?pointer=/key10007/1/a~1b", &value)
	if value.Text != "~" {
		t.Errorf("the value is %q", value.Text)
	}
	p.fails(422, "api/value?pointer=/key1000", "nearest: /key10000")
	p.fails(400, "api/value?pointer=x", "pointer")
	p.fails(400, "api/children?first=-1", "first")
	p.fails(400, "api/children?count=1000000", "count")
	p.fails(400, "api/children?first=99999999999999999999", "first")
	p.json(200, "api/children?first=2600", &inside)
	if len(inside.Nodes) != 0 {
		t.Error("there are values behind the last")
	}
}

// TestCycle checks that a value inside itself is not unfolded again.
func TestCycle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pkl")
	// l = [[]]; l[0].append(l)
	if err := os.WriteFile(path, []byte("\x80\x04]q\x00]q\x01h\x00aa."), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPage(t, path)
	var page treePage
	p.json(200, "api/children?pointer=/0", &page)
	if len(page.Nodes) != 1 || page.Nodes[0].Same == nil || *page.Nodes[0].Same != "" ||
		page.Nodes[0].Inside != 0 {
		t.Errorf("inside is %+v", page.Nodes)
	}
}

type rowsPage struct {
	Columns    []struct{ Name, Type string }
	AllColumns int `json:"all_columns"`
	AllRows    int `json:"all_rows"`
	Rows       []struct {
		Row   int
		Label string
		Cells []string
		Null  []int
	}
}

// firstCells returns the first cells of the rows.
func (r *rowsPage) firstCells() (all []string) {
	for _, row := range r.Rows {
		all = append(all, row.Cells[0])
	}
	return all
}

// TestRows pages through tables and sorts them: integers exactly, missing elements last, equal ones
// in the order of the file.
func TestRows(t *testing.T) {
	big := int64(1) << 60
	p := newPage(t, write(t, t.TempDir(), "a.pkl", map[string]any{
		"floats": array(t, []float64{2, math.NaN(), -1, math.Inf(1), 0}),
		"ints":   array(t, []int64{big + 2, big, big + 1}),
		"texts":  []any{"b", nil, "a\nc", "B"},
		"records": []any{map[string]any{"id": 3, "v": "x"}, map[string]any{"id": 1, "v": "y"},
			map[string]any{"id": 2, "v": "x"}},
		"matrix": array(t, count(6000), 3, 2000),
		"empty":  array(t, []float64{}),
	}))
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"pointer=/floats", []string{"2.0", "nan", "-1.0", "inf", "0.0"}},
		{"pointer=/floats&sort=1", []string{"-1.0", "0.0", "2.0", "inf", "nan"}},
		{"pointer=/floats&sort=1&descending=true", []string{"inf", "2.0", "0.0", "-1.0", "nan"}},
		{"pointer=/floats&sort=1&first=1&count=2", []string{"0.0", "2.0"}},
		{"pointer=/floats&first=5", nil},
		{"pointer=/ints&sort=1", []string{"1152921504606846976", "1152921504606846977",
			"1152921504606846978"}},
		{"pointer=/texts&sort=1", []string{"B", "a⏎c", "b", "None"}},
		{"pointer=/records&sort=1", []string{"1", "2", "3"}},
		{"pointer=/records&sort=2", []string{"3", "2", "1"}},
		{"pointer=/matrix&column=1999", []string{"1999.0", "3999.0", "5999.0"}},
		{"pointer=/matrix&sort=2000&descending=true", []string{"4000.0", "2000.0", "0.0"}},
	} {
		var page rowsPage
		p.json(200, "api/rows?"+c.query, &page)
		if got := page.firstCells(); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.query, got, c.want)
		}
	}
	var page rowsPage
	p.json(200, "api/rows?pointer=/matrix&column=1950", &page)
	if page.AllColumns != 2000 || len(page.Columns) != 50 || page.Columns[0].Name != "1950" {
		t.Errorf("%d of %d columns", len(page.Columns), page.AllColumns)
	}
	p.fails(400, "api/rows?pointer=/floats&sort=2", "no column 1")
	p.fails(400, "api/rows?pointer=/matrix&sort=2001", "no column 2000")
	p.fails(400, "api/rows?pointer=/matrix&index=x", "index")
	p.fails(422, "api/rows?pointer=/matrix&index=3", "")
	p.fails(400, "api/rows?pointer=/texts/0", "no rows")
}

// TestPlots checks that a line goes through the extremes, that a heat map has the means, and that a
// picture has its pixels.
func TestPlots(t *testing.T) {
	line := count(100_000)
	line[77_777] = 1e9
	pixels := make([]uint8, 2*3*3)
	for i := range pixels {
		pixels[i] = uint8(10 * i)
	}
	p := newPage(t, write(t, t.TempDir(), "a.pkl", map[string]any{
		"line": array(t, line), "picture": array(t, pixels, 2, 3, 3),
		"cube": array(t, count(2*600*700), 2, 600, 700), "text": "x",
	}))
	var drawn struct {
		At              []int
		Y               []float64
		Count           int
		Least, Greatest float64
	}
	p.json(200, "api/plot?kind=line&pointer=/line", &drawn)
	if drawn.Count != 100_000 || len(drawn.At) > 2000 || drawn.Greatest != 1e9 ||
		!slices.Contains(drawn.At, 77_777) || !slices.IsSorted(drawn.At) {
		t.Errorf("the line has %d points of %d, up to %v", len(drawn.At), drawn.Count,
			drawn.Greatest)
	}
	var image struct {
		Image           string
		Width, Height   int
		Heat            bool
		Least, Greatest float64
	}
	size := func() (int, int) {
		t.Helper()
		data, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(image.Image,
			"data:image/png;base64,"))
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		return decoded.Bounds().Dx(), decoded.Bounds().Dy()
	}
	p.json(200, "api/plot?kind=heat+map&pointer=/cube&index=1", &image)
	if w, h := size(); w != 512 || h != 512 || image.Width != 700 || image.Height != 600 ||
		!image.Heat || image.Least < 420_000 || image.Greatest < 839_000 {
		t.Errorf("a map of %d by %d: %+v", w, h, image)
	}
	p.json(200, "api/plot?kind=picture&pointer=/picture", &image)
	if w, h := size(); w != 3 || h != 2 || image.Heat {
		t.Errorf("a picture of %d by %d", w, h)
	}
	p.fails(422, "api/plot?kind=heat+map&pointer=/cube", "no surface")
	p.fails(422, "api/plot?kind=picture&pointer=/cube&index=0", "no picture")
	p.fails(400, "api/plot?kind=nothing&pointer=/line", "kind")
	p.fails(422, "api/plot?kind=line&pointer=/text", "")
	var stats struct {
		Facts []struct{ Name, Text string }
		Bins  []int
	}
	p.json(200, "api/stats?pointer=/cube&index=0,0", &stats)
	if len(stats.Bins) == 0 || stats.Facts[0].Text != "700" {
		t.Errorf("stats are %+v", stats)
	}
	p.fails(400, "api/stats?pointer=", "not one array")
}

// TestFolder checks that files are opened by name, and none outside of the folder.
func TestFolder(t *testing.T) {
	outside := t.TempDir()
	secret := write(t, outside, "secret.pkl", "secret")
	folder := t.TempDir()
	write(t, folder, "b.pkl", []any{1, 2})
	if err := os.Mkdir(filepath.Join(folder, "sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "sub"), "a.pkl", []any{1, 2, 3})
	if err := os.Symlink(secret, filepath.Join(folder, "link.pkl")); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := os.WriteFile(filepath.Join(folder, "text.pkl"), []byte("no pickle"),
		0o600); err != nil {
		t.Fatal(err)
	}
	p := newPage(t, folder)
	var listing struct {
		Folder  bool
		Entries []struct {
			Name   string
			Folder bool
		}
		All int
	}
	p.json(200, "api/files", &listing)
	if !listing.Folder || listing.All != 3 || listing.Entries[0].Name != "sub" ||
		!listing.Entries[0].Folder || listing.Entries[1].Name != "b.pkl" {
		t.Errorf("the folder has %+v", listing)
	}
	var file struct{ Root struct{ Type string } }
	p.json(200, "api/file?file=sub/a.pkl", &file)
	if file.Root.Type != "list of 3" {
		t.Errorf("the root is a %s", file.Root.Type)
	}
	for _, name := range []string{"../" + filepath.Base(outside) + "/secret.pkl", secret,
		"link.pkl",
		"sub/../../x", "sub", ""} {
		w := p.get("api/value?file=" + url.QueryEscape(name))
		if w.Code < 400 || strings.Contains(w.Body.String(), "secret'") {
			t.Errorf("%q: status %d, %s", name, w.Code, w.Body)
		}
	}
	p.fails(404, "api/file?file=none.pkl", "")
	p.fails(400, "api/files?folder=..", "folder")
	p.fails(422, "api/file?file=text.pkl", "pickle")
}

// TestChanged checks that a file is read again after it has changed.
func TestChanged(t *testing.T) {
	folder := t.TempDir()
	path := write(t, folder, "a.pkl", []any{1})
	p := newPage(t, path)
	var file struct{ Root struct{ Type string } }
	p.json(200, "api/file", &file)
	write(t, folder, "a.pkl", []any{1, 2})
	p.json(200, "api/file", &file)
	if file.Root.Type != "list of 2" {
		t.Errorf("the root is a %s", file.Root.Type)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	p.fails(404, "api/file", "")
}

// TestManyFiles shows more files than stay open in turns from several goroutines.
func TestManyFiles(t *testing.T) {
	folder := t.TempDir()
	for i := range 20 {
		write(t, folder, strconv.Itoa(i)+".pkl", map[string]any{"x": array(t, count(10+i))})
	}
	p := newPage(t, folder)
	done := make(chan string)
	for g := range 4 {
		go func() {
			for i := range 60 {
				n := (i*7 + g) % 20
				w := p.get("api/rows?pointer=/x&file=" + strconv.Itoa(n) + ".pkl")
				want := `"all_rows":` + strconv.Itoa(10+n)
				if text := w.Body.String(); !strings.Contains(text, want) &&
					!strings.Contains(text, "ask again") {
					done <- text
					return
				}
			}
			done <- ""
		}()
	}
	for range 4 {
		if text := <-done; text != "" {
			t.Error(text)
		}
	}
}

// TestHostile checks that texts of a file reach the page without characters that turn or end a
// line, and that large texts are cut off.
func TestHostile(t *testing.T) {
	evil := "</script><script>alert(1)</script>\x1b[31m\u202e\x00"
	p := newPage(t, write(t, t.TempDir(), "a.pkl", map[string]any{
		evil: evil, "long": strings.Repeat("x", 1<<20),
		"rows": []any{strings.Repeat("y", 1<<20), evil},
	}))
	for _, path := range []string{"api/children", "api/rows?pointer=/rows", "api/opcodes",
		"api/value?pointer=/long", "api/value?pointer=" +
			url.QueryEscape("/"+strings.ReplaceAll(evil, "/", "~1"))} {
		w := p.get(path)
		text := w.Body.String()
		if w.Code != 200 || w.Body.Len() > 100<<10 {
			t.Errorf("%s: status %d, %d bytes", path, w.Code, w.Body.Len())
		}
		// Keys are sent unchanged, since the page makes pointers of them. It escapes them when it
		// shows them.
		keys := path == "api/children" || strings.Contains(path, "alert")
		if strings.Contains(text, "<script>") || !keys && strings.ContainsAny(text, "\u202e") {
			t.Errorf("%s: %.300q", path, text)
		}
		if got := w.Header().Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
			t.Errorf("%s: %s", path, got)
		}
	}
}

// TestBroken checks that a truncated file shows an error and the opcodes before the end.
func TestBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pkl")
	if err := os.WriteFile(path, []byte("\x80\x04]q\x00(K\x01"), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPage(t, path)
	p.fails(422, "api/file", "at byte")
	var opcodes struct {
		Lines []string
		Error string
	}
	p.json(200, "api/opcodes", &opcodes)
	if len(opcodes.Lines) != 5 || opcodes.Error == "" {
		t.Errorf("opcodes are %+v", opcodes)
	}
	p.json(200, "api/opcodes?first=2&count=1", &opcodes)
	if len(opcodes.Lines) != 1 || !strings.Contains(opcodes.Lines[0], "BINPUT") {
		t.Errorf("opcodes are %+v", opcodes)
	}
}

// TestAudit checks the findings of a dangerous file.
func TestAudit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.pkl")
	if err := os.WriteFile(path, []byte("cos\nsystem\n(S'true'\ntR."), 0o600); err != nil {
		t.Fatal(err)
	}
	var report struct {
		Worst    string
		Findings []struct{ Name, Verdict string }
		All      int
	}
	newPage(t, path).json(200, "api/audit", &report)
	if report.Worst != "dangerous" || report.All != 1 || report.Findings[0].Name != "os.system" {
		t.Errorf("the audit found %+v", report)
	}
}

// TestDownload checks that a download holds the value.
func TestDownload(t *testing.T) {
	p := newPage(t, write(t, t.TempDir(), "a.pkl", map[string]any{
		"x": array(t, count(24), 2, 3, 4), "d": map[string]any{"k": 1}}))
	w := p.get("download?pointer=/x/1&format=.npy")
	if w.Code != 200 || w.Header().Get("Content-Disposition") != "attachment; filename=1.npy" {
		t.Fatalf("status %d, %v: %.200s", w.Code, w.Header(), w.Body)
	}
	a, err := npy.Read(w.Body, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := array(t, count(24)[12:], 3, 4); !a.Equal(want) {
		t.Errorf("got %v, want %v", a, want)
	}
	w = p.get("download?pointer=/d&format=.json")
	if got := strings.Join(strings.Fields(w.Body.String()), ""); got != `{"k":1}` {
		t.Errorf("got %s", got)
	}
	for _, query := range []string{"pointer=/d&format=.npy", "pointer=/x&format=../../x",
		"pointer=/none&format=.json", "pointer=/x"} {
		if w := p.get("download?" + query); w.Code < 400 {
			t.Errorf("%s: status %d", query, w.Code)
		}
	}
}

// TestServe checks that Serve answers on a socket until the context is done.
func TestServe(t *testing.T) {
	s, err := serve.New(serve.Options{Path: write(t, t.TempDir(), "a.pkl", 1), Open: openFile})
	if err != nil {
		t.Fatal(err)
	}
	l, err := serve.Listen(0)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(l.Addr().String(), "127.0.0.1:") {
		t.Errorf("it listens on %s", l.Addr())
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, l) }()
	response, err := http.Get(s.Address(l) + "api/file")
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(response.Body)
	response.Body.Close()
	if err != nil || response.StatusCode != 200 || !strings.Contains(string(text), `"int"`) {
		t.Errorf("status %d, %s, %v", response.StatusCode, text, err)
	}
	cancel()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("it does not end")
	}
	if _, err := http.Get(s.Address(l)); err == nil {
		t.Error("it still answers")
	}
}

// TestNew checks the error for a path that is neither a file nor a folder.
func TestNew(t *testing.T) {
	for _, path := range []string{filepath.Join(t.TempDir(), "none"), os.DevNull} {
		if _, err := serve.New(serve.Options{Path: path}); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}
