package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/unpkl/unpkl/store"
)

// step returns which step of writing a request is.
func step(r *http.Request) string {
	q := r.URL.Query()
	switch {
	case r.Method == http.MethodPost && q.Has("uploads"):
		return "begin"
	case r.Method == http.MethodPost:
		return "complete"
	case r.Method == http.MethodDelete:
		return "forget"
	case r.Method == http.MethodPut && q.Has("partNumber"):
		return "part " + q.Get("partNumber")
	case r.Method == http.MethodPut:
		return "whole"
	}
	return r.Method
}

// writeFaults are the faults of the next requests, by step.
type writeFaults struct {
	mu   sync.Mutex
	next map[string][]string
	done []string // the steps that were asked for
	url  string   // of the server
}

func (f *writeFaults) take(r *http.Request) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := step(r)
	f.done = append(f.done, s)
	faults := f.next[s]
	if len(faults) == 0 {
		return ""
	}
	f.next[s] = faults[1:]
	return faults[0]
}

func (f *writeFaults) set(next map[string][]string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next, f.done = next, nil
}

// lost is an answer that does not reach the client.
type lost struct{ header http.Header }

func (w lost) Header() http.Header         { return w.header }
func (w lost) Write(p []byte) (int, error) { return len(p), nil }
func (w lost) WriteHeader(int)             {}

// answer serves a request of a writer, or applies a fault.
func (f *writeFaults) answer(w http.ResponseWriter, r *http.Request, serve http.Handler) {
	switch fault := f.take(r); fault {
	case "": // nothing goes wrong
		serve.ServeHTTP(w, r)
	case "broken": // before the store has seen all
		io.CopyN(io.Discard, r.Body, 100)
		panic(http.ErrAbortHandler)
	case "lost": // the store has done it, and its answer does not come
		serve.ServeHTTP(lost{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case "slow":
		io.Copy(io.Discard, r.Body) // before which the server does not see that the asker has left
		select {
		case <-r.Context().Done():
		case <-time.After(5 * time.Second):
		}
	case "busy":
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusServiceUnavailable)
	case "flipped": // a byte of what is sent arrives as another
		body, _ := io.ReadAll(r.Body)
		body[len(body)/2] ^= 1
		r.Body = io.NopCloser(bytes.NewReader(body))
		serve.ServeHTTP(w, r)
	case "refused":
		io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusForbidden)
	}
}

// writable returns a store for writing, with parts of 1,000 bytes, and its faults.
func writable(t *testing.T) (*store.Store, *s3mem.Backend, *writeFaults) {
	t.Helper()
	f := &writeFaults{}
	backend := s3mem.New()
	if err := backend.CreateBucket("data"); err != nil {
		t.Fatal(err)
	}
	inner := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.answer(w, r, inner)
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	s, err := store.S3(store.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Insecure: true, Region: "us-east-1",
		AccessKey: "key", SecretKey: "secret", Tries: 4, Backoff: time.Millisecond,
		Timeout: 250 * time.Millisecond, PartSize: 1000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, backend, f
}

// content returns the content of an object, or nil if there is none.
func content(t *testing.T, b *s3mem.Backend, key string) []byte {
	t.Helper()
	o, err := b.GetObject("data", key, nil)
	if gofakes3.HasErrorCode(err, gofakes3.ErrNoSuchKey) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer o.Contents.Close()
	data, err := io.ReadAll(o.Contents)
	if err != nil {
		t.Fatal(err)
	}
	return append([]byte{}, data...)
}

func putBytes(s *store.Store, key string, data []byte) error {
	return s.Put(context.Background(), "s3://data/"+key, bytes.NewReader(data), int64(len(data)))
}

// TestPut: an object has the bytes that were written, for sizes around the ends of parts too.
func TestPut(t *testing.T) {
	s, backend, _ := writable(t)
	for _, n := range []int{0, 1, 999, 1000, 1001, 2000, 4321} {
		data := randomBytes(n)
		key := fmt.Sprintf("a b/é-%d.bin", n)
		if err := putBytes(s, key, data); err != nil {
			t.Errorf("%d bytes: %v", n, err)
		}
		if got := content(t, backend, key); !bytes.Equal(got, data) || got == nil {
			t.Errorf("%d bytes: %d are there", n, len(got))
		}
	}
	for _, bad := range []string{"s3://data", "s3://data/", "gs://data/x", "x"} {
		if err := s.Put(context.Background(), bad, bytes.NewReader(nil), 0); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if err := s.Put(context.Background(), "s3://data/short", strings.NewReader("abc"),
		4); err == nil || content(t, backend, "short") != nil {
		t.Errorf("a reader with less than its size: %v", err)
	}
	err := s.Put(context.Background(), "s3://nosuch/x", strings.NewReader("abc"), 3)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a bucket that is not there: %v", err)
	}
}

// TestPutFaults: a request is made again, for its part only, if it breaks off, if the answer is
// late, lost, or says that the store is busy, and if the bytes arrive changed.
func TestPutFaults(t *testing.T) {
	s, backend, f := writable(t)
	small, large := randomBytes(700), randomBytes(3500)
	for _, fault := range []string{"broken", "lost", "slow", "busy", "flipped"} {
		f.set(map[string][]string{"whole": {fault, fault}})
		if err := putBytes(s, "small-"+fault, small); err != nil ||
			!bytes.Equal(content(t, backend, "small-"+fault), small) {
			t.Errorf("whole, %s: %v", fault, err)
		}
		for _, at := range []string{"begin", "part 1", "part 4", "complete"} {
			if fault == "flipped" && !strings.HasPrefix(at, "part") {
				continue
			}
			f.set(map[string][]string{at: {fault, fault}})
			key := strings.ReplaceAll(at+"-"+fault, " ", "-")
			if err := putBytes(s, key, large); err != nil {
				t.Errorf("%s, %s: %v, %q", at, fault, err, f.done)
			}
			if got := content(t, backend, key); !bytes.Equal(got, large) {
				t.Errorf("%s, %s: %d bytes are there", at, fault, len(got))
			}
			parts := 0
			for _, done := range f.done {
				if strings.HasPrefix(done, "part") {
					parts++
				}
			}
			if want := 4; parts > want+2 {
				t.Errorf("%s, %s: %d parts were sent for %d: %q", at, fault, parts, want, f.done)
			}
		}
	}
}

// uploads returns the number of multipart uploads in the store.
func (f *writeFaults) uploads(t *testing.T) int {
	t.Helper()
	r, err := http.Get(f.url + "/data?uploads")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if bytes.Contains(text, []byte("NoSuchUpload")) { // how this store says that none was begun
		return 0
	}
	if err != nil || !bytes.Contains(text, []byte("ListMultipartUploadsResult")) {
		t.Fatalf("%s, %v", text, err)
	}
	return bytes.Count(text, []byte("<Upload>"))
}

// TestPutFails: after an error or cancellation the old object is unchanged, and no parts are left.
func TestPutFails(t *testing.T) {
	s, backend, f := writable(t)
	before := []byte("what was there")
	put(t, backend, "x", before)
	always := func(fault string) []string {
		return []string{fault, fault, fault, fault, fault, fault, fault, fault}
	}
	for _, c := range []struct {
		at, fault string
		size      int
	}{
		{"whole", "broken", 500}, {"whole", "refused", 500}, {"begin", "busy", 5000},
		{"part 2", "broken", 5000}, {"part 3", "refused", 5000}, {"part 5", "flipped", 5000},
		{"complete", "busy", 5000}, {"complete", "broken", 5000},
	} {
		f.set(map[string][]string{c.at: always(c.fault)})
		err := putBytes(s, "x", randomBytes(c.size))
		var path *fs.PathError
		if !errors.As(err, &path) || path.Path != "s3://data/x" {
			t.Errorf("%s, %s: %v", c.at, c.fault, err)
		}
		if c.fault == "refused" && !errors.Is(err, fs.ErrPermission) {
			t.Errorf("%s, %s: %v", c.at, c.fault, err)
		}
		if got := content(t, backend, "x"); !bytes.Equal(got, before) {
			t.Errorf("%s, %s: the object is %d other bytes", c.at, c.fault, len(got))
		}
		if n := f.uploads(t); n != 0 {
			t.Errorf("%s, %s: %d uploads are left", c.at, c.fault, n)
		}
	}
	f.set(map[string][]string{"part 3": {"slow"}})
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	data := randomBytes(5000)
	if err := s.Put(ctx, "s3://data/x", bytes.NewReader(data), 5000); !errors.Is(err,
		context.DeadlineExceeded) {
		t.Errorf("cancelled: %v", err)
	}
	if n := f.uploads(t); n != 0 || !bytes.Equal(content(t, backend, "x"), before) {
		t.Errorf("cancelled: %d uploads are left", n)
	}
}

// ExampleStore_Put writes an object to a store in this process.
func ExampleStore_Put() {
	backend := s3mem.New()
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	backend.CreateBucket("data")

	s, err := store.S3(store.S3Config{
		Endpoint: strings.TrimPrefix(server.URL, "http://"), Insecure: true, Region: "us-east-1",
		AccessKey: "a", SecretKey: "b",
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	text := strings.NewReader("of an object")
	if err := s.Put(ctx, "s3://data/out.txt", text, text.Size()); err != nil {
		panic(err)
	}
	o, err := s.Open(ctx, "s3://data/out.txt")
	if err != nil {
		panic(err)
	}
	fmt.Println(o.Size())
	// Output: 12
}
