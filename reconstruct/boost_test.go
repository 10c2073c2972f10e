package reconstruct_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/internal/fixture"
	"github.com/unpkl/unpkl/pickle"
	"github.com/unpkl/unpkl/reconstruct"
)

func TestBoosters(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob(filepath.Join(fixture.Root(), "boost", "*", "*.pkl"))
	if err != nil || len(paths) < 5 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimPrefix(path, fixture.Root()), func(t *testing.T) {
			data, err := os.ReadFile(path[:len(path)-4] + ".json")
			if err != nil {
				t.Fatal(err)
			}
			var want said
			if err := json.Unmarshal(data, &want); err != nil {
				t.Fatal(err)
			}
			v, err := unpkl.LoadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b, ok := v.(*reconstruct.Booster)
			if !ok {
				t.Fatalf("a %T", v)
			}
			same(t, "format", b.Format, want["format"])
			switch b.Format {
			case "ubj":
				checkUBJ(t, b, want)
			case "text":
				checkText(t, b, want)
			case "cbm":
				same(t, "blob", hex.EncodeToString(b.Data), want["blob"])
			}
			for i := 0; i < len(b.Data); i += 97 {
				_, _, err := reconstruct.ReadLibrary(boosterOf(b.Data[:i]))
				if i > 4 && b.Format == "ubj" && err == nil {
					t.Fatalf("no error for a model cut off at %d", i)
				}
			}
		})
	}
}

// boosterOf is the object of a model.
func boosterOf(data []byte) *pickle.Object {
	state, _ := pickle.NewDict()
	state.Set("handle", data)
	return &pickle.Object{Class: pickle.Global{Module: "xgboost.core", Name: "Booster"},
		State: state, HasState: true}
}

// checkUBJ compares the trees with those that XGBoost writes as JSON.
func checkUBJ(t *testing.T, b *reconstruct.Booster, want said) {
	t.Helper()
	model := jsonOf(t, b.Model)
	for _, key := range []string{"Model", "learner", "gradient_booster", "model", "trees"} {
		model = model.(map[string]any)[key]
	}
	for i, tree := range model.([]any) {
		wanted := want["model"].([]any)[i].(map[string]any)
		for name, v := range tree.(map[string]any) {
			if m, ok := v.(map[string]any); ok && m["$ndarray"] != nil {
				v = m["$ndarray"].(map[string]any)["data"]
			}
			if list, ok := v.([]any); ok && len(list) > 0 {
				if _, isBool := wanted[name].([]any)[0].(bool); !isBool {
					same(t, name, v, wanted[name])
				}
			} else if !ok {
				same(t, name, v, wanted[name])
			}
		}
	}
}

// checkText compares the sections of LightGBM's text with what LightGBM says.
func checkText(t *testing.T, b *reconstruct.Booster, want said) {
	t.Helper()
	same(t, "text", string(b.Data), want["text"])
	model := jsonOf(t, b.Model).(map[string]any)
	if n := float64(len(model["trees"].([]any))); n != want["trees"] {
		t.Errorf("%v trees, want %v", n, want["trees"])
	}
	names := strings.Fields(model["header"].(map[string]any)["feature_names"].(string))
	same(t, "features", jsonOf(t, names), want["features"])
}

// TestBoosterFormats: a model of another format is named, and one that lies is an error.
func TestBoosterFormats(t *testing.T) {
	t.Parallel()
	for text, format := range map[string]string{"CBM1...": "cbm", "binf": "binary", "": "binary",
		`{"a": [1, 2.5, null, true, "x", {}]}`: "json", "tree\nversion=v4\n": "text"} {
		v, ok, err := reconstruct.ReadLibrary(boosterOf([]byte(text)))
		if err != nil || !ok || v.(*reconstruct.Booster).Format != format {
			t.Errorf("%q: %v %v", text, v, err)
		}
	}
	deep := strings.Repeat("[", 100) + strings.Repeat("]", 100)
	for _, text := range []string{`{"a"`, `{"a": 1} 2`, `{"a": ` + deep + "}",
		"{L\x00\x00\x00\x00\x00\x00\x00\x01a" + strings.Repeat("[", 100),
		"{L\x00\x00\x00\x00\x00\x00\x00\x01a[$d#L\x00\xff\xff\xff\xff\xff\xff\xff}",
		"{L\x00\x00\x00\x00\x00\x00\x00\x01a[$Z#L\x00\x00\xff\xff\xff\xff\xff\xff}",
		"{L\x00\xff\xff\xff\xff\xff\xff\xffa", "{L\x00\x00\x00\x00\x00\x00\x00\x01aq}"} {
		if v, _, err := reconstruct.ReadLibrary(boosterOf([]byte(text))); err == nil {
			t.Errorf("%.40q: %v without an error", text, v)
		}
	}
}
