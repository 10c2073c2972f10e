package reconstruct_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/reconstruct"
)

// TestZarr: arrays have the elements that zarr itself reads, and groups their members.
func TestZarr(t *testing.T) {
	t.Parallel()
	eachObject(t, "zarr", func(t *testing.T, v any, want said) {
		if member, ok := want["group"].(map[string]any); ok {
			root, ok := v.(*reconstruct.ZarrGroup)
			if !ok {
				t.Fatalf("a %T", v)
			}
			same(t, "attributes", jsonOf(t, root.Attrs), member["attrs"])
			a, ok := root.Members[0].(*reconstruct.ZarrGroup)
			if !ok {
				t.Fatalf("a member %T", root.Members[0])
			}
			b, ok := a.Array("b")
			if !ok || b.Path != "a/b" {
				t.Fatalf("no array a/b but %v", a.Names)
			}
			same(t, "elements", elements(t, b.Data), member["values"])
			return
		}
		z, ok := v.(*reconstruct.ZarrArray)
		if !ok {
			t.Fatalf("a %T", v)
		}
		same(t, "shape", floats(z.Shape), want["shape"])
		same(t, "chunks", floats(z.Chunks), want["chunks"])
		same(t, "format", any(float64(z.Format)), want["format"])
		attrs := jsonOf(t, z.Attrs)
		if attrs == nil {
			attrs = map[string]any{}
		}
		same(t, "attributes", attrs, want["attrs"])
		if strings.Contains(strings.Join(z.Codecs, " "), "lzma") {
			if _, err := z.Array(1 << 20); z.Data != nil || err == nil {
				t.Error("LZMA is decoded: say so in the documentation")
			}
			return
		}
		if z.Data == nil {
			_, err := z.Array(1 << 20)
			t.Fatal("not decoded:", err)
		}
		same(t, "elements", storedElements(t, z.Data), want["values"])
		if n := z.Data.Size(); n > 0 {
			if _, err := z.Array(n - 1); err == nil {
				t.Error("no error for too many elements")
			}
		}
	})
}

func floats(ints []int) any {
	out := []any{}
	for _, n := range ints {
		out = append(out, float64(n))
	}
	return out
}

// storedElements are text as a list, and others as the hexadecimal digits of their bytes,
// little-endian in C order.
func storedElements(t *testing.T, a *ndarray.Array) any {
	t.Helper()
	if a.HasObject() {
		return elements(t, a)
	}
	little, err := a.AsType(a.DType().NewByteOrder(ndarray.LittleEndian))
	if err != nil {
		t.Fatal(err)
	}
	data, err := little.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(data)
}
