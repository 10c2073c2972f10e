package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/store"
)

// faults are the faults of a store's answers: each request for a range takes the next one; "" is
// none.
type faults struct {
	sync.Mutex
	next []string
	asks atomic.Int64 // requests for ranges
}

func (f *faults) take() string {
	f.Lock()
	defer f.Unlock()
	if len(f.next) == 0 {
		return ""
	}
	fault := f.next[0]
	f.next = f.next[1:]
	return fault
}

func (f *faults) set(faults ...string) {
	f.Lock()
	defer f.Unlock()
	f.next = faults
	f.asks.Store(0)
}

// shortWriter writes half of the bytes and breaks the connection.
type shortWriter struct {
	http.ResponseWriter
}

func (w shortWriter) Write(p []byte) (int, error) {
	w.ResponseWriter.Write(p[:len(p)/2])
	w.ResponseWriter.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

// faulty returns an S3 server in this process, whose answers have the given faults.
func faulty(t *testing.T) (*store.Store, *s3mem.Backend, *faults) {
	t.Helper()
	backend := s3mem.New()
	inner := gofakes3.New(backend).Server()
	f := &faults{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Range") == "" {
			inner.ServeHTTP(w, r)
			return
		}
		f.asks.Add(1)
		switch f.take() {
		case "short":
			inner.ServeHTTP(shortWriter{w}, r)
		case "slow":
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		case "broken":
			panic(http.ErrAbortHandler)
		case "busy":
			w.WriteHeader(http.StatusServiceUnavailable)
		default:
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	s, err := store.S3(store.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Insecure: true, Region: "us-east-1",
		AccessKey: "key", SecretKey: "secret", Tries: 4, Backoff: time.Millisecond,
		Timeout: 300 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := backend.CreateBucket("data"); err != nil {
		t.Fatal(err)
	}
	return s, backend, f
}

// modified returns the metadata that a request to put an object would have added.
func modified() map[string]string {
	return map[string]string{"Last-Modified": time.Now().UTC().Format(http.TimeFormat)}
}

func put(t *testing.T, b *s3mem.Backend, key string, data []byte) {
	t.Helper()
	if _, err := b.PutObject("data", key, modified(), bytes.NewReader(data), int64(len(data)),
		nil); err != nil {
		t.Fatal(err)
	}
}

func randomBytes(n int) []byte {
	data := make([]byte, n)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	return data
}

// TestFaults: after slow, short and broken answers, and answers that the store is busy, the request
// is made again, and no bytes are lost.
func TestFaults(t *testing.T) {
	s, backend, f := faulty(t)
	data := randomBytes(100_000)
	put(t, backend, "a/x.pkl", data)
	o, err := s.Open(context.Background(), "s3://data/a/x.pkl")
	if err != nil || o.Size() != int64(len(data)) {
		t.Fatal(o, err)
	}
	for _, faults := range [][]string{nil, {"short"}, {"broken"}, {"busy"}, {"slow"},
		{"short", "broken", "short"}} {
		f.set(faults...)
		p := make([]byte, 60_000)
		n, err := o.ReadAt(p, 1234)
		if n != len(p) || err != nil || !bytes.Equal(p, data[1234:1234+len(p)]) {
			t.Errorf("%q: %d bytes, %v", faults, n, err)
		}
		if asks := f.asks.Load(); asks != int64(len(faults)+1) {
			t.Errorf("%q: asked %d times", faults, asks)
		}
	}
	f.set("broken", "broken", "broken", "broken", "broken", "broken", "broken", "broken")
	if n, err := o.ReadAt(make([]byte, 10), 0); err == nil || f.asks.Load() > 8 {
		t.Errorf("broken for ever: %d bytes, %v, asked %d times", n, err, f.asks.Load())
	}
}

// TestOpenReaderAt: a pickle read from a store with broken answers is equal to the file.
func TestOpenReaderAt(t *testing.T) {
	s, backend, f := faulty(t)
	want := map[string]any{"text": "of a store", "x": make([]float64, 1<<18)}
	data, err := unpkl.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	put(t, backend, "x.pkl", data)
	o, err := s.Open(context.Background(), "s3://data/x.pkl")
	if err != nil {
		t.Fatal(err)
	}
	file, err := unpkl.OpenReaderAt(o, o.Size())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f.set("short", "busy", "", "broken")
	if text, err := file.Lookup("/text"); text != "of a store" || err != nil {
		t.Errorf("Lookup: %v, %v", text, err)
	}
	f.set("broken", "short", "", "short")
	var got struct {
		Text string    `pickle:"text"`
		X    []float64 `pickle:"x"`
	}
	if err := file.Decode(&got); err != nil || got.Text != "of a store" || len(got.X) != 1<<18 {
		t.Errorf("Decode: %q, %d elements, %v", got.Text, len(got.X), err)
	}
	f.set("broken", "broken", "broken", "broken", "broken", "broken", "broken", "broken")
	if v, err := file.Load(); err == nil || v != nil {
		t.Errorf("broken for ever: %v", err)
	}
}

// TestReaderAt: ranges at the ends follow io.ReaderAt, for several readers at once too.
func TestReaderAt(t *testing.T) {
	s, backend, _ := faulty(t)
	data := randomBytes(10_000)
	put(t, backend, "x", data)
	o, err := s.Open(context.Background(), "s3://data/x")
	if err != nil {
		t.Fatal(err)
	}
	want := bytes.NewReader(data)
	var wait sync.WaitGroup
	for _, c := range []struct{ off, n int64 }{{0, 10_000}, {0, 10_001}, {9_990, 10}, {9_990, 11},
		{10_000, 1}, {20_000, 5}, {5, 1}} {
		wait.Go(func() {
			p, q := make([]byte, c.n), make([]byte, c.n)
			n, err := o.ReadAt(p, c.off)
			m, wantErr := want.ReadAt(q, c.off)
			if n != m || err != wantErr || !bytes.Equal(p, q) {
				t.Errorf("%+v: %d %v, want %d %v", c, n, err, m, wantErr)
			}
		})
	}
	wait.Wait()
}

// TestErrors: the errors for objects that do not exist, have changed, or are not named by a URL.
func TestErrors(t *testing.T) {
	s, backend, _ := faulty(t)
	ctx := context.Background()
	if _, err := s.Open(ctx, "s3://data/nosuch"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("not there: %v", err)
	}
	for _, bad := range []string{"s3://data", "gs://data/x", "x.pkl", "s3:///x", "%"} {
		if _, err := s.Open(ctx, bad); err == nil {
			t.Errorf("%q was opened", bad)
		}
	}
	put(t, backend, "x", []byte("before"))
	stopped, cancel := context.WithCancel(ctx)
	o, err := s.Open(stopped, "s3://data/x")
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := o.ReadAt(make([]byte, 3), 0); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

// ExampleStore_Open reads the end of an object in a store in this process.
func ExampleStore_Open() {
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	backend.CreateBucket("data")
	text := "hello, object"
	backend.PutObject("data", "x.txt", modified(), strings.NewReader(text), int64(len(text)), nil)

	s, err := store.S3(store.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Insecure: true, Region: "us-east-1",
		AccessKey: "a", SecretKey: "b",
	})
	if err != nil {
		panic(err)
	}
	o, err := s.Open(context.Background(), "s3://data/x.txt")
	if err != nil {
		panic(err)
	}
	end, err := io.ReadAll(io.NewSectionReader(o, o.Size()-6, 6))
	fmt.Println(string(end), err)
	// Output: object <nil>
}

// TestList: objects are listed in the order of their keys, without those that stand for folders,
// even if pages of the list fail.
func TestList(t *testing.T) {
	var next atomic.Int64
	s, backend := listed(t, func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		switch next.Add(1) % 4 {
		case 0:
			serve.ServeHTTP(shortWriter{w}, r)
		case 1:
			w.WriteHeader(http.StatusServiceUnavailable)
		case 2:
			panic(http.ErrAbortHandler)
		default:
			serve.ServeHTTP(w, r)
		}
	})
	var want []string
	for i := range 2500 {
		key := fmt.Sprintf("a/%04d.pkl", i)
		put(t, backend, key, []byte("x"))
		want = append(want, "s3://data/"+key)
	}
	put(t, backend, "a/folder/", nil)
	put(t, backend, "b.pkl", []byte("other"))
	var got []string
	for e, err := range s.List(context.Background(), "s3://data/a/") {
		if err != nil || e.Size != 1 || time.Since(e.Modified) > time.Hour {
			t.Fatal(e, err)
		}
		got = append(got, e.URL)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%d objects, want %d", len(got), len(want))
	}
	for range s.List(context.Background(), "s3://data/a/") {
		break // the rest is not asked for
	}
	for _, bad := range []string{"s3://data", "gs://data/", "data/"} {
		for _, err := range s.List(context.Background(), bad) {
			if err == nil {
				t.Errorf("%q was listed", bad)
			}
		}
	}
	for _, err := range s.List(context.Background(), "s3://nosuch/") {
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("a bucket that is not there: %v", err)
		}
	}
}

// TestListBroken: a list whose pages never arrive ends with an error.
func TestListBroken(t *testing.T) {
	var asked atomic.Int64
	s, backend := listed(t, func(w http.ResponseWriter, r *http.Request, serve http.Handler) {
		if asked.Add(1) > 1 {
			panic(http.ErrAbortHandler)
		}
		serve.ServeHTTP(w, r)
	})
	for i := range 1500 {
		put(t, backend, fmt.Sprint(i), []byte("x"))
	}
	n, last := 0, error(nil)
	for _, err := range s.List(context.Background(), "s3://data/") {
		n, last = n+1, err
	}
	if last == nil || n != 1001 || asked.Load() > 15 {
		t.Errorf("%d, the last %v, asked %d times", n, last, asked.Load())
	}
}

// listed returns a store whose list requests the function answer answers.
func listed(t *testing.T, answer func(w http.ResponseWriter, r *http.Request,
	serve http.Handler)) (*store.Store, *s3mem.Backend) {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("data"); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, r, inner)
	}))
	t.Cleanup(server.Close)
	s, err := store.S3(store.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Insecure: true, Region: "us-east-1",
		AccessKey: "key", SecretKey: "secret", Tries: 5, Backoff: time.Millisecond,
		Timeout: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, backend
}

// TestEnvironment: the variables configure a store; wrong values are an error.
func TestEnvironment(t *testing.T) {
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	if err := backend.CreateBucket("data"); err != nil {
		t.Fatal(err)
	}
	put(t, backend, "a b/é#1.pkl", []byte("xyz"))
	t.Setenv("AWS_ENDPOINT_URL", "ftp://wrong")
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_ACCESS_KEY_ID", "key")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("GS_ENDPOINT_URL", server.URL)
	for _, scheme := range store.Schemes() {
		s, err := store.Environment(scheme)
		if err != nil {
			t.Fatal(err)
		}
		o, err := s.Open(context.Background(), scheme+"://data/a b/é#1.pkl")
		if err != nil || o.Size() != 3 || time.Since(o.Modified()) > time.Hour {
			t.Errorf("%s: %v, %v", scheme, o, err)
		}
	}
	t.Setenv("AWS_ENDPOINT_URL_S3", "")
	if _, err := store.Environment("s3"); err == nil {
		t.Error("ftp is taken")
	}
	if _, err := store.Environment("az"); err == nil {
		t.Error("az is taken")
	}
}

// ExampleEnvironment opens a store that the environment names, here one in this process.
func ExampleEnvironment() {
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	backend.CreateBucket("data")
	backend.PutObject("data", "x.txt", modified(), strings.NewReader("text"), 4, nil)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_S3": server.URL, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
	} {
		os.Setenv(name, value)
		defer os.Unsetenv(name)
	}

	s, err := store.Environment("s3")
	if err != nil {
		panic(err)
	}
	o, err := s.Open(context.Background(), "s3://data/x.txt")
	if err != nil {
		panic(err)
	}
	fmt.Println(o.Size())
	// Output: 4
}

// ExampleStore_List lists the objects below a prefix in a store in this process.
func ExampleStore_List() {
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	backend.CreateBucket("data")
	for _, key := range []string{"in/b.pkl", "in/a.pkl", "out.pkl"} {
		backend.PutObject("data", key, modified(), strings.NewReader("text"), 4, nil)
	}

	s, err := store.S3(store.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Insecure: true, Region: "us-east-1",
		AccessKey: "a", SecretKey: "b",
	})
	if err != nil {
		panic(err)
	}
	for e, err := range s.List(context.Background(), "s3://data/in/") {
		fmt.Println(e.URL, e.Size, err)
	}
	// Output:
	// s3://data/in/a.pkl 4 <nil>
	// s3://data/in/b.pkl 4 <nil>
}

// ExampleSchemes tests whether a URL names an object in a store.
func ExampleSchemes() {
	scheme, _, _ := strings.Cut("s3://bucket/data.pkl", "://")
	fmt.Println(store.Schemes(), slices.Contains(store.Schemes(), scheme))
	// Output: [s3 gs] true
}
