//go:build unix

package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

// TestInterrupt checks that a command that Ctrl-C ends leaves nothing half-written.
func TestInterrupt(t *testing.T) {
	folder := t.TempDir()
	cmd := exec.Command("unpkl", "repickle", "-", filepath.Join(folder, "out.pkl"))
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := in.Write([]byte("\x80\x04N.\x80\x04")); err != nil {
		t.Fatal(err)
	}
	files := func() int {
		entries, err := os.ReadDir(folder)
		if err != nil {
			t.Fatal(err)
		}
		return len(entries)
	}
	for deadline := time.Now().Add(20 * time.Second); files() == 0; time.Sleep(
		5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("no file is being written")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != statusInterrupted {
		t.Errorf("exit status %d, %v; want %d", code, err, statusInterrupted)
	}
	if n := files(); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

// TestInterruptUpload checks that a command that Ctrl-C ends during a multipart upload aborts the
// upload and leaves no temporary file.
func TestInterruptUpload(t *testing.T) {
	backend := s3mem.New()
	if err := backend.CreateBucket("data"); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(backend).Server()
	var begun, forgotten atomic.Bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("partNumber") == "2" { // which does not come to an end
			io.Copy(io.Discard, r.Body)
			begun.Store(true)
			<-r.Context().Done()
			return
		}
		inner.ServeHTTP(w, r)
		if r.Method == http.MethodDelete && r.URL.Query().Has("uploadId") {
			forgotten.Store(true)
		}
	}))
	defer server.Close()
	folder, temporary := t.TempDir(), t.TempDir()
	in := filepath.Join(folder, "x.pkl")
	a, err := ndarray.FromSlice(make([]float64, 20<<17)) // 20 MiB, of parts of 16
	if err == nil {
		err = unpkl.WriteFile(in, a)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("unpkl", "convert", in, "s3://data/x.npy")
	cmd.Env = append(os.Environ(), "TMPDIR="+temporary, "AWS_ENDPOINT_URL_S3="+server.URL,
		"AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=key", "AWS_SECRET_ACCESS_KEY=secret")
	var text strings.Builder
	cmd.Stderr = &text
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); !begun.Load(); time.Sleep(
		5 * time.Millisecond) {
		if time.Now().After(deadline) {
			cmd.Process.Kill()
			t.Fatal("nothing is being sent")
		}
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != statusInterrupted {
		t.Errorf("exit status %d, %v; want %d; %s", code, err, statusInterrupted, &text)
	}
	if !forgotten.Load() {
		t.Error("the store was not told to forget the parts")
	}
	if left, _ := os.ReadDir(temporary); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
