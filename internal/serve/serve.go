// Package serve shows files on a page in the browser: trees that unfold on demand, tables, plots,
// audit findings and opcodes. It listens on the loopback only, writes nothing but temporary files
// for downloads, and answers only requests that have the token of its address.
package serve

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

//go:embed assets
var assets embed.FS

// Opened is a file that was read.
type Opened struct {
	// Value is the first value in the file, as objects.
	Value any
	// Protocol is the protocol of the pickle. It is nil for other files.
	Protocol *int
	// Close frees the memory that the value refers to. It may be nil.
	Close func()
}

// Options say what a Server shows and how it reads it.
type Options struct {
	// Path is the file or folder that is shown.
	Path string
	// Open reads a file.
	Open func(path string) (*Opened, error)
	// Save writes a value to a file in the format that its ending names. Downloads use it.
	Save func(path string, v any) error
	// CopyText is the parameter of lookup.NewReader.
	CopyText bool
}

// Server shows a file or the files of a folder. Its methods may be called by several goroutines.
type Server struct {
	o       Options
	token   string
	title   string
	root    *os.Root // the folder; nil if one file is shown
	files   cache
	savings chan struct{} // a semaphore that holds one item for each download in progress
}

// maxSavings is the greatest number of downloads in progress at once.
const maxSavings = 2

// New returns a Server with a new random token.
func New(o Options) (*Server, error) {
	s := &Server{o: o, token: rand.Text(), savings: make(chan struct{}, maxSavings)}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, err
	}
	s.o.Path, s.title = path, filepath.Base(path)
	s.files.open = s.open
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		s.root, err = os.OpenRoot(path)
		return s, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is no regular file and no folder", o.Path)
	}
	return s, nil
}

// Address returns the address of the page on a listener, with the token.
func (s *Server) Address(l net.Listener) string {
	return "http://" + l.Addr().String() + "/" + s.token + "/"
}

// Listen listens on a port of the loopback. Port 0 stands for any free port.
func Listen(port int) (net.Listener, error) {
	return net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
}

// shutdownTime is how long running requests may take to end.
const shutdownTime = 3 * time.Second

// Serve answers requests until ctx is done, and then closes the files.
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(l.Addr().String()),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(discard{}, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() {
		<-ctx.Done()
		end, cancel := context.WithTimeout(context.Background(), shutdownTime)
		defer cancel()
		err := server.Shutdown(end)
		if errors.Is(err, context.DeadlineExceeded) {
			err = server.Close()
		}
		ended <- err
	}()
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return errors.Join(<-ended, s.Close())
}

// discard drops the log of net/http, since mistakes of clients are nothing to report.
type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// Close waits for the requests that read the files and closes the files.
func (s *Server) Close() error {
	s.files.close()
	if s.root != nil {
		return s.root.Close()
	}
	return nil
}

// Handler returns the handler of all requests. host is where it listens, such as "127.0.0.1:8080".
func (s *Server) Handler(host string) http.Handler {
	page, err := fs.Sub(assets, "assets")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	base := "/" + s.token
	mux := http.NewServeMux()
	mux.Handle("GET "+base+"/", http.StripPrefix(base, http.FileServerFS(page)))
	for name, answer := range map[string]func(*http.Request) (any, error){
		"files": s.listing, "file": s.about, "children": s.children, "value": s.value,
		"rows": s.rows, "plot": s.plot, "stats": s.stats, "audit": s.audit, "opcodes": s.opcodes,
	} {
		mux.Handle("GET "+base+"/api/"+name, jsonHandler(answer))
	}
	mux.HandleFunc("GET "+base+"/download", s.download)
	return s.guard(host, mux)
}

// jsonHandler writes the value that answer returns as JSON, or {"error": text}.
func jsonHandler(answer func(*http.Request) (any, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v, err := answer(r)
		status := http.StatusOK
		if err != nil {
			v, status = map[string]string{"error": err.Error()}, statusOf(err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			text, status = []byte(`{"error": "it has no form in JSON"}`),
				http.StatusInternalServerError
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(status)
		w.Write(text)
	})
}

// badRequest is an error in the request rather than in a file.
type badRequest struct{ text string }

func (e badRequest) Error() string { return e.text }

func badRequestf(format string, args ...any) error {
	return badRequest{fmt.Sprintf(format, args...)}
}

// statusOf returns the HTTP status for an error.
func statusOf(err error) int {
	var bad badRequest
	switch {
	case errors.As(err, &bad):
		return http.StatusBadRequest
	case errors.Is(err, fs.ErrNotExist):
		return http.StatusNotFound
	}
	return http.StatusUnprocessableEntity
}
