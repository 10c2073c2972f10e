package serve

import (
	"bytes"
	"encoding/base64"
	"math"
	"net/http"
	"strconv"

	"github.com/unpkl/unpkl/internal/describe"
	"github.com/unpkl/unpkl/internal/plot"
	"github.com/unpkl/unpkl/internal/stats"
)

const (
	// linePoints is the approximate number of points of a line in an answer.
	linePoints = 2000
	// mapSide is the greatest width and height of a heat map or picture in pixels.
	mapSide = 512
)

// lineAnswer is a line, reduced to the least and the greatest value of each stretch. Values that
// are not finite are null.
type lineAnswer struct {
	At    []int      `json:"at"` // positions of the values
	Y     []*float64 `json:"y"`
	Count int        `json:"count"` // of all values before the reduction
	// Least and Greatest are the bounds of the finite values.
	Least    float64 `json:"least"`
	Greatest float64 `json:"greatest"`
}

// imageAnswer is a heat map or picture.
type imageAnswer struct {
	Image    string  `json:"image"` // a data URL
	Width    int     `json:"width"` // of the array, in elements
	Height   int     `json:"height"`
	Heat     bool    `json:"heat"`
	Least    float64 `json:"least"`
	Greatest float64 `json:"greatest"`
}

func (s *Server) plot(r *http.Request) (out any, err error) {
	err = s.at(r, func(f *file, p describe.Place) error {
		v, err := f.part(r, p.Value)
		if err != nil {
			return err
		}
		switch kind := r.FormValue("kind"); kind {
		case "line":
			out, err = lineOf(v)
		case "heat map", "picture":
			out, err = imageOf(v, kind)
		default:
			err = badRequestf("kind=%q is no kind of plot", kind)
		}
		return err
	})
	return out, err
}

func lineOf(v any) (*lineAnswer, error) {
	at, y, count, err := plot.Outline(v, linePoints)
	if err != nil {
		return nil, err
	}
	answer := &lineAnswer{At: at, Y: make([]*float64, len(y)), Count: count}
	for i := range y {
		if !math.IsNaN(y[i]) && !math.IsInf(y[i], 0) {
			answer.Y[i] = &y[i]
		}
	}
	var some bool
	if answer.Least, answer.Greatest, some = plot.Bounds(y); !some {
		answer.Least, answer.Greatest = 0, 0
	}
	return answer, nil
}

func imageOf(v any, kind string) (*imageAnswer, error) {
	array, ok := arrayOf(v)
	if !ok {
		return nil, badRequestf("a %s is drawn of an array", kind)
	}
	f, err := plot.Shrunk(array, kind == "picture", mapSide, mapSide)
	if err != nil {
		return nil, err
	}
	var png bytes.Buffer
	if err := f.WriteFile(&png, ".png"); err != nil {
		return nil, err
	}
	answer := &imageAnswer{Heat: f.Kind == plot.Heat, Height: array.Shape()[0],
		Width: array.Shape()[1],
		Image: "data:image/png;base64," + base64.StdEncoding.EncodeToString(png.Bytes())}
	if least, greatest, some := plot.Bounds(f.Grid); some {
		answer.Least, answer.Greatest = least, greatest
	}
	return answer, nil
}

// statsAnswer is a stats.Summary as text.
type statsAnswer struct {
	Facts []fact `json:"facts"`
	// Bins is the histogram of the elements or of a sample of them, in bins of equal width between
	// Least and Greatest.
	Bins     []int  `json:"bins,omitempty"`
	Least    string `json:"least,omitempty"`
	Greatest string `json:"greatest,omitempty"`
}

type fact struct {
	Name string `json:"name"`
	Text string `json:"text"`
}

func (s *Server) stats(r *http.Request) (out any, err error) {
	err = s.at(r, func(f *file, p describe.Place) error {
		v, err := f.part(r, p.Value)
		if err != nil {
			return err
		}
		all, err := stats.Of(f.reader, v, nil)
		if err == nil && len(all) != 1 {
			err = badRequestf("%s is not one array or column of single values", p.At)
		}
		if err != nil {
			return err
		}
		out = statsAnswerOf(all[0].Summary)
		return nil
	})
	return out, err
}

func statsAnswerOf(s *stats.Summary) *statsAnswer {
	a := &statsAnswer{Bins: s.Bins}
	add := func(name, text string) { a.Facts = append(a.Facts, fact{name, text}) }
	add("count", strconv.FormatInt(s.Count, 10))
	add("missing", strconv.FormatInt(s.Missing, 10))
	about := ""
	if s.DistinctEstimated {
		about = "about "
	}
	add("distinct", about+strconv.FormatInt(s.Distinct, 10))
	if s.Min != nil {
		a.Least, a.Greatest = short(describe.Text(s.Min)), short(describe.Text(s.Max))
		add("min", a.Least)
		add("max", a.Greatest)
	}
	if s.HasMean() {
		add("mean", short(describe.Text(s.Mean)))
		add("std", describe.Text(s.Std))
	}
	for i, q := range s.Quantiles {
		name := strconv.FormatFloat(100*stats.Fractions[i], 'g', -1, 64) + " %"
		if s.Sampled > 0 {
			name += " (of a sample)"
		}
		add(name, short(describe.Text(q)))
	}
	return a
}
