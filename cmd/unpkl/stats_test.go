package main

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// near reports whether two documents are the same but for the last digits of numbers.
func near(want, got any) bool {
	switch w := want.(type) {
	case float64:
		g, ok := got.(float64)
		return ok && (w == g || math.Abs(w-g) <= 1e-9*math.Max(math.Abs(w), 1e-3))
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !near(w[i], g[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		for k := range w {
			if ok = ok && near(w[k], g[k]); !ok {
				return false
			}
		}
		return ok
	}
	return want == got
}

// statsLines runs stats and returns what it says by pointer.
func statsLines(t *testing.T, args ...string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for line := range strings.Lines(mustRun(t, "",
		append([]string{"stats", "--json"}, args...)...)) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all[m["pointer"].(string)] = m
	}
	return all
}

// TestStatsIsWhatNumPySays compares with numpy.min, mean, std, quantile and so on.
func TestStatsIsWhatNumPySays(t *testing.T) {
	file := filepath.Join(commandFiles, "numbers.pkl")
	all, cases := statsLines(t, file), readCases(t)
	if len(all) != len(cases.Stats) || len(all) < 20 {
		t.Errorf("%d summaries, %d cases", len(all), len(cases.Stats))
	}
	for name, want := range cases.Stats {
		got := all["/"+name]
		for key, w := range want {
			if !near(w, got[key]) {
				t.Errorf("%s: %s is %v, NumPy says %v", name, key, got[key], w)
			}
		}
	}
}

// TestStatsAxis compares with numpy.min(axis=...) and so on.
func TestStatsAxis(t *testing.T) {
	file := filepath.Join(commandFiles, "numbers.pkl")
	for name, axes := range readCases(t).Axis {
		for axis, want := range axes {
			got := statsLines(t, "--axis", axis, file, "/"+name)
			for i, w := range want["mean"] {
				token := ":," + strconv.Itoa(i)
				if axis == "1" {
					token = strconv.Itoa(i) + ",:"
				}
				m := got["/"+name+"/"+token]
				for _, key := range []string{"min", "max", "mean", "std"} {
					if !near(want[key][i], m[key]) {
						t.Errorf("%s axis %s at %d: %s is %v, NumPy says %v", name, axis, i, key,
							m[key], w)
					}
				}
			}
			if len(got) != len(want["mean"]) {
				t.Errorf("%s axis %s: %d summaries, want %d", name, axis, len(got),
					len(want["mean"]))
			}
		}
	}
}

// TestStatsOfLists: a list and its array have the same statistics.
func TestStatsOfLists(t *testing.T) {
	list := statsLines(t, filepath.Join(commandFiles, "mix.pkl"), "/records")
	for _, name := range []string{"id", "w"} {
		m := list["/records/*/"+name]
		if m["count"] != 20.0 || m["distinct"] != 20.0 {
			t.Errorf("%s: %v", name, m)
		}
	}
	if got := fmt.Sprint(list["/records/*/when"]["min"]); got != "2024-01-01T00:00:00" {
		t.Errorf("the first datetime is %s", got)
	}
}
