package frame

import (
	"errors"
	"fmt"

	"github.com/unpkl/unpkl/ndarray"
)

// ErrFrame is the kind of every error of this package.
var ErrFrame = errors.New("frame")

type frameError string

func (e frameError) Error() string        { return "frame: " + string(e) }
func (e frameError) Is(target error) bool { return target == ErrFrame }

func errorf(format string, args ...any) error { return frameError(fmt.Sprintf(format, args...)) }

// Validate checks that the fields of s are consistent: lengths, codes, positions. It takes time
// linear in the size of the series.
func (s *Series) Validate() error {
	if err := s.validateParts(); err != nil {
		return err
	}
	if s.Valid != nil && len(s.Valid) != s.Len() {
		return errorf("%d validity entries for %d elements", len(s.Valid), s.Len())
	}
	return nil
}

func (s *Series) validateParts() error {
	switch s.Kind {
	case Interval:
		if s.Left == nil || s.Right == nil {
			return errorf("an interval series needs both bounds")
		}
		if err := errors.Join(s.Left.Validate(), s.Right.Validate()); err != nil {
			return err
		}
		if s.Left.Len() != s.Right.Len() {
			return errorf("%d left and %d right bounds", s.Left.Len(), s.Right.Len())
		}
		return nil
	case Text:
		if s.Text == nil {
			return errorf("a text series without text")
		}
		return s.Text.Validate()
	case Object, Opaque:
		if s.Length < 0 {
			return errorf("negative length %d", s.Length)
		}
		return nil
	}
	if s.Values == nil || s.Values.NDim() != 1 {
		return errorf("a %v series needs a 1-d array", s.Kind)
	}
	switch s.Kind {
	case Categorical:
		if s.Categories == nil {
			return errorf("a categorical without categories")
		}
		if err := s.Categories.Validate(); err != nil {
			return err
		}
		return validateCodes(s.Values, s.Categories.Len())
	case Sparse:
		return s.validateSparse()
	}
	return nil
}

func (s *Series) validateSparse() error {
	if len(s.Positions) != s.Values.Size() {
		return errorf("%d positions for %d sparse values", len(s.Positions), s.Values.Size())
	}
	last := int64(-1)
	for _, p := range s.Positions {
		if int64(p) <= last || int64(p) >= int64(s.Length) {
			return errorf("sparse position %d out of order or outside %d elements", p, s.Length)
		}
		last = int64(p)
	}
	return nil
}

func validateCodes(codes *ndarray.Array, n int) error {
	if codes.DType().Kind() != 'i' || codes.NDim() != 1 {
		return errorf("codes of dtype %v and %d dimensions", codes.DType(), codes.NDim())
	}
	switch codes.DType().ItemSize() {
	case 1:
		return codesWithin[int8](codes, n)
	case 2:
		return codesWithin[int16](codes, n)
	case 4:
		return codesWithin[int32](codes, n)
	}
	return codesWithin[int64](codes, n)
}

func codesWithin[T int8 | int16 | int32 | int64](codes *ndarray.Array, n int) error {
	values, err := ndarray.Slice[T](codes)
	if err != nil {
		if values, err = ndarray.Values[T](codes); err != nil {
			return err
		}
	}
	for i, c := range values {
		if c < -1 || int64(c) >= int64(n) {
			return errorf("code %d at %d is outside the %d categories", c, i, n)
		}
	}
	return nil
}

// Validate checks that the offsets ascend and are within the data, and that the bitmap is long
// enough.
func (t *Strings) Validate() error {
	last := int64(0)
	check := func(i int, off int64) error {
		if off < last || off > int64(len(t.Data)) {
			return errorf("text offset %d at %d out of order or outside %d bytes", off, i,
				len(t.Data))
		}
		last = off
		return nil
	}
	for i, off := range t.Offsets32 {
		if err := check(i, int64(off)); err != nil {
			return err
		}
	}
	for i, off := range t.Offsets64 {
		if err := check(i, off); err != nil {
			return err
		}
	}
	if t.Validity != nil && (t.BitOffset < 0 || (t.BitOffset+t.Len()+7)/8 > len(t.Validity)) {
		return errorf("a validity bitmap of %d bytes for %d strings", len(t.Validity), t.Len())
	}
	return nil
}

// Validate checks that the fields of x are consistent.
func (x *Index) Validate() error {
	switch {
	case x.IsMulti():
		if len(x.Codes) != len(x.Levels) || len(x.Names) != len(x.Levels) {
			return errorf("%d levels, %d codes and %d names", len(x.Levels), len(x.Codes),
				len(x.Names))
		}
		for k, level := range x.Levels {
			if level.IsMulti() {
				return errorf("level %d of a MultiIndex is a MultiIndex", k)
			}
			if err := level.Validate(); err != nil {
				return err
			}
			if err := validateCodes(x.Codes[k], level.Len()); err != nil {
				return err
			}
			if x.Codes[k].Size() != x.Codes[0].Size() {
				return errorf("codes of %d and %d labels", x.Codes[k].Size(), x.Codes[0].Size())
			}
		}
		return nil
	case x.IsRange():
		if x.Step == 0 {
			return errorf("a range with a step of 0")
		}
		return nil
	}
	return x.Values.Validate()
}
