package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestChecksumIsWhatHashlibSays compares checksums with those of hashlib and zlib over a.tobytes().
func TestChecksumIsWhatHashlibSays(t *testing.T) {
	file := filepath.Join(commandFiles, "numbers.pkl")
	sums := readCases(t).Sums
	for _, algorithm := range []string{"crc32", "md5", "sha256"} {
		lines := map[string]string{}
		for line := range strings.Lines(mustRun(t, "", "checksum", "-a", algorithm, file)) {
			sum, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
			_, pointer, _ := strings.Cut(name, "#/")
			lines[pointer] = sum
		}
		for name, want := range sums {
			if lines[name] != want[algorithm] {
				t.Errorf("%s of %s is %s, Python says %s", algorithm, name, lines[name],
					want[algorithm])
			}
		}
	}
	if len(sums) < 15 {
		t.Errorf("only %d arrays", len(sums))
	}
}
