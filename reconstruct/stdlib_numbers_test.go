package reconstruct

import (
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
)

// TestShortDecimal: short decimals are what apd reads of their text, and other texts are left to
// it.
func TestShortDecimal(t *testing.T) {
	texts := []string{"0", "-0", "0.00", "-0.0", "5.", ".5", "-.5", "00.10",
		strings.Repeat("9", 38), "-" + strings.Repeat("9", 38),
		"340282366920938463463374607431768211455", "18446744073709551615", "18446744073709551616",
		"1." + strings.Repeat("0", 37)}
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		digits := make([]byte, 1+r.IntN(maxShort))
		for i := range digits {
			digits[i] = '0' + byte(r.IntN(10))
		}
		text := string(digits)
		if at := r.IntN(2 * len(digits)); at <= len(digits) {
			text = text[:at] + "." + text[at:]
		}
		texts = append(texts, text, "-"+text)
	}
	for _, text := range texts {
		want, _, err := apd.NewFromString(text)
		if err != nil {
			t.Fatal(err)
		}
		got, ok := shortDecimal(text)
		if !ok && len(strings.Trim(text, "-.")) <= maxShort {
			t.Errorf("%s is not short", text)
		}
		if ok && !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %#v, want %#v", text, got, want)
		}
	}
	for _, text := range []string{"", "-", ".", "--1", "1.2.3", "1e5", "1E+5", "NaN", "Infinity",
		"1_0", " 1", "٣", "+1", "1/", "1:"} {
		if v, ok := shortDecimal(text); ok {
			t.Errorf("%q is %v", text, v)
		}
	}
}
