package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// shardProcess returns the command unpkl convert --shard, which reads paths from stdin.
func shardProcess(t *testing.T, stdin io.Reader, shard int, out string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Args = []string{"unpkl", "convert", "--resume", "--part-size", "40KB", "--files-from", "-",
		"--to", "jsonl",
		"--errors", fmt.Sprintf("%s.errors-%d", out, shard), "--shard", fmt.Sprintf("%d/8", shard),
		out + "/"}
	cmd.Stdin = stdin
	return cmd
}

// killShard starts a shard whose list does not end and kills it when two of its parts are complete.
// No file of the shard may have its final name then.
func killShard(t *testing.T, list string, shard int, out string) {
	t.Helper()
	r, w := io.Pipe()
	cmd := shardProcess(t, r, shard, out)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go io.WriteString(w, list)
	part := filepath.Join(out, fmt.Sprintf(".shard-%05d-of-00008.parts", shard), "part-00001.json")
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if _, err := os.Stat(part); err == nil {
			break
		}
		if time.Now().After(end) {
			t.Error("no part became whole")
			break
		}
	}
	cmd.Process.Kill()
	w.Close()
	cmd.Wait()
	if found, _ := filepath.Glob(filepath.Join(out,
		fmt.Sprintf("shard-%05d*", shard))); len(found) > 0 {
		t.Errorf("the killed shard left %q", found)
	}
}

// TestKilledShards runs eight shards, two of which are killed and run again. When joined, they must
// equal the output of one run.
func TestKilledShards(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	var paths []string
	for i := range 120 {
		name := []string{"table.pkl", "mix.pkl", "numbers.pkl", "cases.json"}[i%4]
		data, err := os.ReadFile(filepath.Join(commandFiles, name))
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, fmt.Sprintf("%03d.pkl", i))
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	list, out := strings.Join(paths, "\n")+"\n", filepath.Join(folder, "out")
	killShard(t, list, 2, out)
	killShard(t, list, 5, out)
	for shard := range 8 {
		if text, err := shardProcess(t, strings.NewReader(list), shard,
			out).CombinedOutput(); len(text) > 0 {
			t.Fatalf("shard %d: %v %s", shard, err, text)
		}
	}
	one := filepath.Join(folder, "one.jsonl")
	cmd := shardProcess(t, strings.NewReader(list), 0, out)
	cmd.Args = []string{"unpkl", "convert", "--files-from", "-", "--errors", one + ".errors", one}
	if text, err := cmd.CombinedOutput(); err == nil || len(text) > 0 {
		t.Fatalf("%v %s", err, text)
	}
	cmd.Args = []string{"unpkl", "join-shards", "-o", out + ".jsonl", "--errors", out + ".errors",
		out}
	cmd = &exec.Cmd{Path: cmd.Path, Args: cmd.Args}
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, text)
	}
	if readAll(t, out+".jsonl") != readAll(t, one) ||
		readAll(t, out+".errors") != readAll(t, one+".errors") {
		t.Error("the shards joined are not what one run writes")
	}
	if n := strings.Count(readAll(t, one+".errors"), "\n"); n != 30 {
		t.Errorf("%d errors, 30 files are none", n)
	}
}
