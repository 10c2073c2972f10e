//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// TestInterrupt: a command that Ctrl-C ends leaves nothing half-written.
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
