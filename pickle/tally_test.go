package pickle

import (
	"errors"
	"strings"
	"testing"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/bridge"
)

// copier is a class whose calls copy their argument.
type copier struct{}

func (copier) Call(args ...any) (any, error) {
	b := append(types.ByteArray(nil), args[0].([]byte)...)
	return &b, nil
}

// TestTally checks that the costs of nested pickles, and of several Unpicklers with one Tally, are
// counted together, and those of one Load after another are not.
func TestTally(t *testing.T) {
	lists := "](" + strings.Repeat("]", 200_000) + "e."
	copies := "cm\ncopy\nq\x00B\x20\x4e\x00\x00" + strings.Repeat("x", 20_000) + "\x85q\x01](" +
		strings.Repeat("h\x00h\x01R", 150) + "e."
	for _, tt := range []struct {
		name, part string
		set        func(u *Unpickler)
		field      string
	}{
		{"value bytes", lists, func(u *Unpickler) {
			u.compressed = func() int64 { return 100 }
		}, "CompressionRatio"},
		{"objects", lists, func(u *Unpickler) { u.Limits.Objects = 300_000 }, "Objects"},
		{"reuse", copies, func(*Unpickler) {}, "Expansion"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			unpickler := func(data string, tally *bridge.Tally) *Unpickler {
				u := NewUnpicklerBytes([]byte(data))
				u.FindClass = func(module, name string) (any, error) {
					if name == "copy" {
						return copier{}, nil
					}
					return nester{}, nil
				}
				u.tally = tally
				tt.set(u)
				return u
			}
			check := func(way string, limited bool, load func() error) {
				t.Helper()
				err := load()
				var limit *LimitError
				switch {
				case !limited && err != nil:
					t.Errorf("%s: %v", way, err)
				case limited && (!errors.As(err, &limit) || limit.Limit != tt.field):
					t.Errorf("%s: %v, want the %s limit", way, err, tt.field)
				}
			}
			u := unpickler(strings.Repeat(tt.part, 3), nil)
			check("one after the other", false, func() error {
				for range 3 {
					if _, err := u.Load(); err != nil {
						return err
					}
				}
				return nil
			})
			nested := func(n int) string {
				return "(" + strings.Repeat("cm\nB\n)\x81Nb"+tt.part, n) + "t."
			}
			check("one nested", false, func() error {
				_, err := unpickler(nested(1), nil).Load()
				return err
			})
			check("three nested", true, func() error {
				_, err := unpickler(nested(3), nil).Load()
				return err
			})
			tally := new(bridge.Tally)
			one := func() error { _, err := unpickler(tt.part, tally).Load(); return err }
			check("the first of a Tally", false, one)
			check("the others of a Tally", true, func() error { return errors.Join(one(), one()) })
		})
	}
}
