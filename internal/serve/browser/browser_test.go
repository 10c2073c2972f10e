// Package browser tests the page of unpkl serve in a real browser, Chromium without a window. The
// tests are skipped if there is no browser. The package is a module of its own, so that unpkl does
// not depend on what drives the browser.
package browser

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Environment variables: the folder for screenshots, and whether a missing browser is an error.
const (
	screenshotsVariable = "UNPKL_SCREENSHOTS"
	requiredVariable    = "UNPKL_BROWSER_REQUIRED"
)

// browserPath returns the path of the browser.
func browserPath(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv(requiredVariable) != "" {
		t.Fatal("no Chromium is installed")
	}
	t.Skip("no Chromium is installed")
	return ""
}

// command builds the unpkl command once for all tests and returns its path.
var command = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "unpkl-browser-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(folder, "unpkl")
	build := exec.Command("go", "build", "-o", path, "./cmd/unpkl")
	build.Dir = "../../.."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if path, err := command(); err == nil {
		os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(status)
}

// serving starts unpkl serve and returns the address that it prints.
func serving(t *testing.T, path string) string {
	t.Helper()
	unpkl, err := command()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.Command(unpkl, "serve", path)
	var stderr bytes.Buffer
	run.Stderr = &stderr
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.Process.Signal(os.Interrupt)
		if err := run.Wait(); err != nil || stderr.Len() > 0 {
			t.Errorf("unpkl serve: %v: %s", err, &stderr)
		}
	})
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("no address: %v", err)
	}
	return strings.TrimSpace(address)
}

// tab is a page in the browser.
type tab struct {
	t       *testing.T
	ctx     context.Context
	address string

	mu     sync.Mutex
	errors []string // errors of the page's scripts, and loads that its policy refused
}

// openTab opens an address in a new tab.
func openTab(t *testing.T, address string) *tab {
	t.Helper()
	tab := &tab{t: t, address: address}
	ctx, cancel := chromedp.NewContext(context.Background(),
		chromedp.WithAllocatorOptions(chromedp.ExecPath(browserPath(t)),
			chromedp.Flag("no-sandbox", true), chromedp.Flag("disable-dev-shm-usage", true)),
		chromedp.WithListener(tab.listen))
	t.Cleanup(cancel)
	ctx, stop := context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(stop)
	tab.ctx = ctx
	tab.do(chromedp.EmulateViewport(1280, 800), chromedp.Navigate(address))
	return tab
}

// listen records the errors of the page.
func (b *tab) listen(event any) {
	text := ""
	switch event := event.(type) {
	case *runtime.EventExceptionThrown:
		text = event.ExceptionDetails.Text
		if thrown := event.ExceptionDetails.Exception; thrown != nil {
			text += " " + thrown.Description
		}
	case *log.EventEntryAdded:
		// Answers with an error status are entries of the network.
		if event.Entry.Source != "network" {
			text = event.Entry.Text
		}
	}
	if text != "" {
		b.mu.Lock()
		b.errors = append(b.errors, text)
		b.mu.Unlock()
	}
}

func (b *tab) do(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		b.t.Fatal(err)
	}
}

// eval returns the value of a JavaScript expression.
func eval[T any](b *tab, expression string) T {
	b.t.Helper()
	v, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		b.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

// wait waits until a JavaScript expression is true.
func (b *tab) wait(expression string) {
	b.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(
		20 * time.Millisecond) {
		if eval[bool](b, "Boolean("+expression+")") {
			return
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.t.Fatalf("not true in time: %s; errors %q; the page says %q", expression, b.errors,
		eval[string](b, "document.body.innerText"))
}

// keys presses keys in the focused element.
func (b *tab) keys(keys ...string) {
	b.t.Helper()
	for _, key := range keys {
		b.do(chromedp.KeyEvent(key))
	}
}

// goTo shows the value at a pointer.
func (b *tab) goTo(pointer string) {
	b.t.Helper()
	b.do(chromedp.Evaluate[chromedp.Void](fmt.Sprintf(`(() => {
		document.getElementById("pointer").value = %q;
		document.getElementById("go").requestSubmit();
	})()`, pointer)))
	b.wait(fmt.Sprintf(`document.querySelector("#value h2")?.textContent === %q`, pointer))
}

// view chooses a view of the value.
func (b *tab) view(name string) {
	b.t.Helper()
	b.wait(fmt.Sprintf(`[...document.querySelectorAll("#value [role=tab]")].some(
		(tab) => tab.textContent === %q)`, name))
	eval[bool](b, fmt.Sprintf(`[...document.querySelectorAll("#value [role=tab]")].find(
		(tab) => tab.textContent === %q).click() === undefined`, name))
}

// scheme chooses the dark or light color scheme.
func (b *tab) scheme(scheme string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia,
		emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}}}); err != nil {
		b.t.Fatal(err)
	}
}

// screenshot saves a picture of the page in the folder that the environment names.
func (b *tab) screenshot(name string) {
	b.t.Helper()
	picture, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Fatal(err)
	}
	if len(picture) < 1000 {
		b.t.Errorf("the screenshot has %d bytes", len(picture))
	}
	folder := os.Getenv(screenshotsVariable)
	if folder == "" {
		return
	}
	if err := os.WriteFile(filepath.Join(folder, name+".png"), picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// clean checks that no script failed and that nothing was loaded from elsewhere.
func (b *tab) clean() {
	b.t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, text := range b.errors {
		b.t.Errorf("the page: %s", text)
	}
	for _, name := range eval[[]string](b,
		`performance.getEntriesByType("resource").map((entry) => entry.name)`) {
		if !strings.HasPrefix(name, b.address) && !strings.HasPrefix(name, "data:") {
			b.t.Errorf("the page loaded %.100s", name)
		}
	}
}

// fixtures is the folder of the files that are shown.
const fixtures = "../../../testdata"
