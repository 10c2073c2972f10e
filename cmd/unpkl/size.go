package main

import (
	"errors"
	"math"

	"github.com/dustin/go-humanize"
)

// size is the value of a flag that is a number of bytes, such as 64MB or 1GiB.
type size int64

func (s *size) String() string { return humanize.IBytes(uint64(*s)) }
func (s *size) Type() string   { return "SIZE" }

func (s *size) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > math.MaxInt64 {
		return errors.New("not a size such as 64MB or 1GiB")
	}
	*s = size(n)
	return nil
}
