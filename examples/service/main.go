// Command service is an HTTP service that accepts pickles from clients. It answers a POST of
// measurements, a dict with a name and an array, with their statistics as JSON. It shows how
// limits, strict mode, structs and errors work together.
//
//	go run ./examples/service -addr :8080
//	curl --data-binary @measurements.pkl http://localhost:8080/stats
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"io"
	"log"
	"net/http"
	"time"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/ndarray"
)

func main() {
	addr := flag.String("addr", "localhost:8080", "where to listen")
	flag.Parse()
	server := &http.Server{Addr: *addr, Handler: newHandler(), ReadTimeout: time.Minute}
	log.Fatal(server.ListenAndServe())
}

// maxBody is the greatest size of an upload in bytes.
const maxBody = 64 << 20

// options are suitable for a service that accepts input from strangers: limits below the defaults,
// no classes that are not known here, nothing after the pickle, and no missing fields.
var options = []unpkl.Option{
	unpkl.WithLimits(unpkl.Limits{
		InputBytes: maxBody, DecompressedBytes: 4 * maxBody, Objects: 1 << 20, Expansion: 1 << 24,
	}),
	unpkl.WithStrict(),
	unpkl.WithNoTrailing(),
	unpkl.WithRequireFields(),
}

// measurements is the request.
type measurements struct {
	Name   string         `pickle:"name"`
	Values *ndarray.Array `pickle:"values"`
	Unit   string         `pickle:"unit,omitempty"`
}

// answer is the response.
type answer struct {
	Name  string  `json:"name"`
	Shape []int   `json:"shape"`
	Min   any     `json:"min"`
	Max   any     `json:"max"`
	Mean  float64 `json:"mean"`
	NaN   int     `json:"nan"`
	Unit  string  `json:"unit,omitempty"`
}

func newHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /stats", stats)
	return mux
}

func stats(w http.ResponseWriter, r *http.Request) {
	a, err := read(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		reply(w, statusOf(err), map[string]string{"error": err.Error()})
		return
	}
	reply(w, http.StatusOK, a)
}

// read reads one upload.
func read(body io.Reader) (*answer, error) {
	var m measurements
	if err := unpkl.NewDecoder(body, options...).Decode(&m); err != nil {
		return nil, err
	}
	if m.Values == nil {
		return nil, errNoValues
	}
	s, err := m.Values.Stats()
	if err != nil {
		return nil, err
	}
	a := &answer{Name: m.Name, Shape: m.Values.Shape(), Unit: m.Unit, NaN: s.NaN}
	if s.NaN == 0 && m.Values.Size() > 0 { // JSON has no NaN
		a.Min, a.Max, a.Mean = s.Min, s.Max, s.Mean
	}
	return a, nil
}

var errNoValues = errors.New("no values")

// statuses has the HTTP status for each kind of error, in the order of the table in the
// documentation of package unpkl.
var statuses = []struct {
	kind   error
	status int
}{
	{unpkl.ErrNotPickle, http.StatusUnsupportedMediaType},
	{unpkl.ErrLimit, http.StatusRequestEntityTooLarge},
	{unpkl.ErrUnknownGlobal, http.StatusUnprocessableEntity},
	{unpkl.ErrUnsupported, http.StatusUnprocessableEntity},
	{unpkl.ErrTruncated, http.StatusBadRequest},
	{unpkl.ErrTrailing, http.StatusBadRequest},
	{unpkl.ErrMalformed, http.StatusBadRequest},
	{io.EOF, http.StatusUnsupportedMediaType}, // empty
	{unpkl.ErrCycle, http.StatusUnprocessableEntity},
	{unpkl.ErrKey, http.StatusUnprocessableEntity},
	{unpkl.ErrType, http.StatusUnprocessableEntity},
	{unpkl.ErrUnknownField, http.StatusUnprocessableEntity},
	{unpkl.ErrMissingField, http.StatusUnprocessableEntity},
	{ndarray.ErrDType, http.StatusUnprocessableEntity}, // not an array of numbers
	{errNoValues, http.StatusUnprocessableEntity},
}

// statusOf returns the HTTP status for an error.
func statusOf(err error) int {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return http.StatusRequestEntityTooLarge
	}
	for _, s := range statuses {
		if errors.Is(err, s.kind) {
			return s.status
		}
	}
	return http.StatusInternalServerError
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(v); err != nil {
		log.Print(err)
	}
}
