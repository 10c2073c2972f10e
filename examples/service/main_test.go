package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/opfuzz"
)

func good(t testing.TB, v any) []byte {
	t.Helper()
	data, err := unpkl.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// post sends a body and returns the status and the answer.
func post(url string, body []byte) (int, string, error) {
	r, err := http.Post(url+"/stats", "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	return r.StatusCode, string(text), err
}

// TestStatuses checks the answer to each kind of upload.
func TestStatuses(t *testing.T) {
	server := httptest.NewServer(newHandler())
	defer server.Close()
	fine := good(t, map[string]any{"name": "a", "values": []float64{1, 2, 6}})
	for _, c := range []struct {
		name   string
		body   []byte
		status int
		says   string
	}{
		{"measurements", fine, 200, `{"name":"a","shape":[3],"min":1,"max":6,"mean":3,"nan":0}`},
		{"names without case", good(t, map[string]any{"Name": "a", "VALUES": []int{1}}), 200,
			`"mean":1`},
		{"text", []byte("name,values\na,1\n"), 415, "CSV"},
		{"nothing", nil, 415, "error"},
		{"JSON", []byte(`{"name": "a"}`), 415, "JSON"},
		{"cut off", fine[:len(fine)/2], 400, "truncated"},
		{"a class", []byte("\x80\x04cos\nsystem\n(S'true'\ntR."), 422, "os.system"},
		{"a misspelt name", good(t, map[string]any{"nam": "a", "values": []int{1}}), 422, "name"},
		{"another type", good(t, map[string]any{"name": []int{1}, "values": []int{1}}), 422,
			"name"},
		{"no numbers", good(t, map[string]any{"name": "a", "values": []bool{}}), 200,
			`"shape":[0]`},
		{"too many objects", append([]byte("\x80\x04]("),
			append(bytes.Repeat([]byte("]"), 2<<20), "e."...)...), 413, "Objects"},
	} {
		status, text, err := post(server.URL, c.body)
		if err != nil || status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("%s: %d %s %v, want %d and %s", c.name, status, text, err, c.status, c.says)
		}
	}
}

// soakTime returns how long TestSoak runs. UNPKL_SOAK sets it in seconds; it is 30 in CI.
func soakTime(t *testing.T) time.Duration {
	t.Helper()
	if s := os.Getenv("UNPKL_SOAK"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		return time.Duration(n) * time.Second
	}
	return time.Second
}

// uploads returns good uploads, fixtures, and hostile uploads.
func uploads(t *testing.T) [][]byte {
	t.Helper()
	all := [][]byte{
		good(t, map[string]any{"name": "small", "values": []float64{1, 2}}),
		good(t, map[string]any{"name": "large", "values": make([]float32, 100_000)}),
		nil,
	}
	files, err := filepath.Glob("../../testdata/py*/*.p*.pkl")
	if err != nil || len(files) < 300 {
		t.Fatal(len(files), err)
	}
	for i, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, data); i%3 == 0 {
			all = append(all, data[:len(data)/2])
		}
	}
	for i := range 100 {
		all = append(all, opfuzz.Program([]byte(strings.Repeat(fmt.Sprint(i), 1+i)), "m C",
			"builtins set"))
	}
	doubling := "\x80\x04]\x94"
	for range 40 {
		doubling += "]\x94(h\x00h\x00e"
	}
	return append(all, []byte(doubling+"."), bytes.Repeat([]byte("("), 1<<16),
		[]byte("\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x0f"))
}

// TestSoak checks that each of 64 clients at once gets for each upload the same answer as a client
// alone, and that the memory is free again when they are gone.
func TestSoak(t *testing.T) {
	all := uploads(t)
	server := httptest.NewServer(newHandler())
	defer server.Close()
	type result struct {
		status int
		text   string
	}
	want := make([]result, len(all))
	for i, body := range all {
		status, text, err := post(server.URL, body)
		if err != nil || status >= 500 {
			t.Fatalf("upload %d: %d %s %v", i, status, text, err)
		}
		want[i] = result{status, text}
	}
	before := heap()
	end := time.Now().Add(soakTime(t))
	var wg sync.WaitGroup
	var requests atomic.Int64
	for client := range 64 {
		wg.Go(func() {
			for i := client * 7; time.Now().Before(end); i++ {
				k := i % len(all)
				status, text, err := post(server.URL, all[k])
				if err != nil || status != want[k].status || text != want[k].text {
					t.Errorf("upload %d: %d %s %v, alone %d %s", k, status, text, err,
						want[k].status, want[k].text)
					return
				}
				requests.Add(1)
			}
		})
	}
	wg.Wait()
	http.DefaultClient.CloseIdleConnections()
	const slack = 64 << 20
	if after := heap(); after > before+slack {
		t.Errorf("%d bytes in use, %d before", after, before)
	}
	t.Logf("%d requests, %d uploads", requests.Load(), len(all))
}

// heap returns the bytes in use after a garbage collection.
func heap() uint64 {
	var m runtime.MemStats
	for range 3 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return m.HeapInuse
}
