package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/unpkl/unpkl/store"
)

// cutWriter breaks the connection in the middle of the first Write.
type cutWriter struct{ http.ResponseWriter }

func (w cutWriter) Write(p []byte) (int, error) {
	w.ResponseWriter.Write(p[:len(p)/2])
	w.ResponseWriter.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// countedWriter counts the bytes that are written.
type countedWriter struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (w countedWriter) Write(p []byte) (int, error) {
	w.n.Add(int64(len(p)))
	return w.ResponseWriter.Write(p)
}

// bucket starts a store in this process that has the files of a folder as s3://data/in/..., and
// makes the environment refer to it. About one answer in oneIn fails: it is cut off, says that the
// store is busy, or does not come. faults counts these answers, and sent the bytes that the store
// sends.
func bucket(t *testing.T, folder string, oneIn int64) (faults, sent *atomic.Int64) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("data"); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		relative, _ := filepath.Rel(folder, path)
		_, err = backend.PutObject("data", "in/"+filepath.ToSlash(relative), map[string]string{
			"Last-Modified": time.Now().UTC().Format(http.TimeFormat),
		}, bytes.NewReader(data), int64(len(data)), nil)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(backend).Server()
	asked := &atomic.Int64{}
	faults, sent = &atomic.Int64{}, &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n := asked.Add(1); n%oneIn == 0 {
			faults.Add(1)
			switch n / oneIn % 3 {
			case 0:
				inner.ServeHTTP(cutWriter{w}, r)
			case 1:
				w.WriteHeader(http.StatusServiceUnavailable)
			case 2:
				panic(http.ErrAbortHandler)
			}
			return
		}
		inner.ServeHTTP(countedWriter{w, sent}, r)
	}))
	t.Cleanup(server.Close)
	for name, value := range map[string]string{"AWS_ENDPOINT_URL": server.URL,
		"AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
		"AWS_ENDPOINT_URL_S3": ""} {
		t.Setenv(name, value)
	}
	// Use the store of the environment, but do not wait before a retry.
	quick, err := store.S3(store.S3Config{Endpoint: strings.TrimPrefix(server.URL, "http://"),
		Insecure: true, Region: "us-east-1", Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	use := func(stores map[string]*store.Store) {
		objects.mu.Lock()
		objects.stores = stores
		objects.mu.Unlock()
	}
	use(map[string]*store.Store{"s3": quick})
	t.Cleanup(func() { use(nil) })
	return faults, sent
}

// objectFolder returns a folder with files of several formats, one of which is broken and one
// hidden.
func objectFolder(t *testing.T) string {
	t.Helper()
	folder := filepath.Join(t.TempDir(), "in")
	for name, from := range map[string]string{"a.pkl": "table.pkl", "x/b.pkl": "mix.pkl",
		"x/c.pkl": "table.pkl", "x/d.pkl": "cases.json", "x/e e+é.npz": "arrays.npz",
		"x/.hidden.pkl": "table.pkl", "y/x.npy": "x.npy"} {
		data := readAll(t, filepath.Join(commandFiles, from))
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	csv := filepath.Join(folder, "y", "rows.csv")
	if err := os.WriteFile(csv, []byte("a,b\n1,x\n2,y\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return folder
}

// TestObjects checks that each command gives the same output for objects of an unreliable store as
// for the same files.
func TestObjects(t *testing.T) {
	folder := objectFolder(t)
	faults, _ := bucket(t, folder, 9)
	work := t.TempDir()
	spec := filepath.Join(work, "spec.yaml")
	mustRun(t, "", "verify", "--write", filepath.Join(folder, "x/b.pkl"), spec)
	for _, line := range []string{
		"info IN/a.pkl",
		"IN/x/b.pkl",
		"info --json IN",
		"info IN/y/rows.csv",
		"get IN/x/b.pkl /x",
		"get IN/a.pkl",
		"get IN/nosuch.pkl",
		"head IN/y/rows.csv",
		"stats IN/x/b.pkl /x",
		"stats --json IN/**/*.pkl",
		"audit IN",
		"audit IN/x/b.pkl",
		"audit --jsonl IN/x/*.pkl",
		"checksum IN",
		"checksum --files IN/**/*.np?",
		"verify IN/x/b.pkl " + spec,
		"verify IN/**/[ab].pkl " + spec,
		"diff IN/a.pkl IN/x/c.pkl",
		"to-json IN/x/b.pkl",
		"convert --to csv IN/a.pkl -",
		"convert --to jsonl IN/**/*.pkl -",
		"convert --to jsonl IN/x/*.nosuch -",
		"convert --to json IN/x/b.pkl#/x -",
		"convert --to json IN/x/e e+é.npz#/x -",
	} {
		args := func(in string) []string {
			words := strings.Split(strings.ReplaceAll(line, "e e+", "e\x00e+"), " ")
			for i, word := range words {
				words[i] = strings.ReplaceAll(strings.ReplaceAll(word, "\x00", " "), "IN", in)
			}
			return words
		}
		status, out, errText := command("", args(folder)...)
		gotStatus, gotOut, gotErr := command("", args("s3://data/in")...)
		for _, text := range []*string{&out, &errText} {
			*text = strings.ReplaceAll(*text, folder, "s3://data/in")
		}
		if strings.HasPrefix(line, "info --json IN") || strings.HasPrefix(line, "audit IN") &&
			!strings.Contains(line, ".pkl") || line == "checksum IN" {
			// A folder is recognised by its kind, a prefix by its '/'.
			gotStatus, gotOut, gotErr = command("", args("s3://data/in/")...)
		}
		if gotStatus != status || gotOut != out || notThere(gotErr) != notThere(errText) {
			t.Errorf("%s: status %d, for files %d\n%.1500s\n%.1500s\nfor files\n%.1500s\n%.1500s",
				line, gotStatus, status, gotOut, gotErr, out, errText)
		}
	}
	if faults.Load() < 10 {
		t.Errorf("%d answers went wrong", faults.Load())
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "unpkl-*-b.pkl")); len(left) > 0 {
		t.Errorf("copies are left: %q", left)
	}
}

// notThere makes the errors of a store and of the operating system for a missing file equal.
func notThere(text string) string {
	if i := strings.Index(text, "file does not exist: "); i >= 0 {
		return text[:i] + "no such file or directory\n"
	}
	return text
}

// TestObjectBatch checks that many objects give the same table and lines as the same files: in one
// run, in shards, resumed, and named by a list.
func TestObjectBatch(t *testing.T) {
	folder := objectFolder(t)
	faults, _ := bucket(t, folder, 11)
	work := t.TempDir()
	paths := strings.NewReplacer(folder, "s3://data/in")
	status, want, _ := command("", "convert", "--to", "jsonl", folder+"/**/*.pkl", "-")
	want = paths.Replace(want)
	if status != 1 || strings.Count(want, "\n") != 3 {
		t.Fatalf("status %d, %.300s", status, want)
	}
	pattern := "s3://data/in/**/*.pkl"
	for _, c := range []struct {
		stdin, name string
		args        []string
	}{
		{"", "one", []string{pattern}},
		{"", "jobs", []string{"--jobs", "1", "--memory", "1KB", pattern}},
		{"s3://data/in/a.pkl\ns3://data/in/x/b.pkl\ns3://data/in/x/c.pkl\ns3://data/in/x/d.pkl\n",
			"list", []string{"--files-from", "-"}},
		{"", "one", []string{"--resume", pattern}},
	} {
		out := filepath.Join(work, c.name+".jsonl")
		args := append([]string{"convert", "--errors", out + ".errors"}, c.args...)
		status, text, errText := command(c.stdin, append(args, out)...)
		if status != 1 || text+errText != "" || readAll(t, out) != want ||
			!strings.Contains(readAll(t, out+".errors"), `"path":"s3://data/in/x/d.pkl"`) {
			t.Errorf("%s: status %d, %s%s\n%.1000s\nwant\n%.1000s", c.name, status, text, errText,
				readAll(t, out), want)
		}
	}
	for _, shard := range []string{"0/2", "1/2"} {
		command("", "convert", "--shard", shard, "--errors", filepath.Join(work, "e"), "--to",
			"jsonl", pattern, work+"/shards/")
	}
	joined := filepath.Join(work, "joined.jsonl")
	mustRun(t, "", "join-shards", "-o", joined, "--errors", joined+".errors", work+"/shards")
	if readAll(t, joined) != want {
		t.Errorf("shards: %.1000s", readAll(t, joined))
	}
	status, _, errText := command("", "convert", "--to", "json", pattern, work+"/each/")
	if status != 1 || !strings.Contains(errText, "x/d.pkl") {
		t.Errorf("each: status %d, %s", status, errText)
	}
	readAll(t, filepath.Join(work, "each", "x", "c.pkl.json"))
	if faults.Load() < 5 {
		t.Errorf("%d answers went wrong", faults.Load())
	}
}

// TestObjectRange checks that a lookup near the beginning of a large object requests only its first
// bytes.
func TestObjectRange(t *testing.T) {
	folder := t.TempDir()
	first := readAll(t, filepath.Join(commandFiles, "mix.pkl"))
	const behind = 32 << 20
	if err := os.WriteFile(filepath.Join(folder, "long.pkl"),
		append([]byte(first), make([]byte, behind)...), 0o644); err != nil {
		t.Fatal(err)
	}
	_, sent := bucket(t, folder, 1<<40)
	want := mustRun(t, "", "get", filepath.Join(commandFiles, "mix.pkl"), "/x")
	if got := mustRun(t, "", "get", "s3://data/in/long.pkl", "/x"); got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if n := sent.Load(); n > 2<<20 || n < int64(len(first)) {
		t.Errorf("%d bytes were sent of %d", n, behind+len(first))
	}
}

// TestProgressText checks the progress text of a run over many files.
func TestProgressText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		done, total int64
		taken       time.Duration
		want        string
	}{
		{0, 0, time.Second, "0 files"},
		{1500, 0, 2 * time.Second, "1,500 files, 750 /s"},
		{5000, 20000, 2 * time.Second, "5,000/20,000 files, 2.5 k/s, 6s left"},
		{20000, 20000, 8 * time.Second, "20,000/20,000 files, 2.5 k/s"},
	} {
		if got := progressText(c.done, c.total, c.taken); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
