//go:build unix

package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestServe checks that the command prints the address of a page, answers there, and ends with
// Ctrl-C.
func TestServe(t *testing.T) {
	cmd := exec.Command("unpkl", "serve", commandFiles)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address = strings.TrimSpace(address)
	if !strings.HasPrefix(address, "http://127.0.0.1:") {
		t.Fatalf("the address is %q", address)
	}
	for path, want := range map[string]string{
		"":                    "<title>unpkl</title>",
		"api/files":           `"mix.pkl"`,
		"api/file?file=x.npy": "float64 (3, 4)",
		"api/value?file=arrays.npz&pointer=/cube":      `"shape":[2,3,4]`,
		"download?file=mix.pkl&pointer=/x&format=.csv": "0.0,1.0,2.0,3.0",
		"api/file?file=cases.json":                     "error",
	} {
		response, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: got %.300s, want %q in it; %v", path, text, want, err)
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v", err)
	}
}
