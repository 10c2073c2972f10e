package reconstruct

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"github.com/google/uuid"
	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/known"
	"github.com/unpkl/unpkl/pickle"
)

func fillNumbers(t table) {
	t.add("decimal", "Decimal",
		&entry{call: readDecimal, construct: readDecimal, code: known.ClassDecimal})
	t.add("fractions", "Fraction", &entry{call: readFraction, construct: readFraction})
	t.add("uuid", "UUID", &entry{call: readUUID, construct: newUUID, code: known.ClassUUID})
	t.addAll("uuid", inert, "SafeUUID")
}

// Decimal is a Python decimal.Decimal, as the exact text in the pickle: "-1.50", "1E+5", "NaN",
// "sNaN12", "-Infinity".
type Decimal string

// String returns the text, which is also Python's str.
func (d Decimal) String() string { return string(d) }

// Plain returns an *apd.Decimal, or d itself if the exponent is too large for that type.
func (d Decimal) Plain() any {
	if v, ok := shortDecimal(string(d)); ok {
		return v
	}
	v, _, err := apd.NewFromString(string(d))
	if err != nil {
		return d
	}
	return v
}

// maxShort is the largest number of digits for which every number is below 2**128.
const maxShort = 38

// shortDecimal is a fast path of apd.NewFromString for few digits without an exponent, which nearly
// all decimals are.
func shortDecimal(s string) (*apd.Decimal, bool) {
	negative := strings.HasPrefix(s, "-")
	if negative {
		s = s[1:]
	}
	if len(s) > maxShort+1 {
		return nil, false
	}
	var high, low uint64
	count, point := 0, -1
	for i := range len(s) {
		digit := uint64(s[i] - '0')
		switch {
		case digit <= 9:
			over, product := bits.Mul64(low, 10)
			var carry uint64
			low, carry = bits.Add64(product, digit, 0)
			high = high*10 + over + carry
			count++
		case s[i] == '.' && point < 0:
			point = i
		default:
			return nil, false
		}
	}
	if count == 0 || count > maxShort {
		return nil, false
	}
	v := &apd.Decimal{Negative: negative}
	if point >= 0 {
		v.Exponent = int32(point + 1 - len(s))
	}
	if high == 0 {
		v.Coeff.SetUint64(low)
	} else {
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], high)
		binary.BigEndian.PutUint64(b[8:], low)
		v.Coeff.SetBytes(b[:])
	}
	return v, true
}

func readDecimal(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(0, 1); err != nil {
		return nil, err
	}
	if len(args) == 0 {
		return Decimal("0"), nil
	}
	if n, ok := asBigInt(args[0]); ok {
		return Decimal(n.String()), nil
	}
	text, err := a.text(0, "value")
	if err != nil {
		return nil, err
	}
	if !isDecimal(text) {
		return nil, a.errorf("%.40q is not a decimal number", text)
	}
	return Decimal(text), nil
}

// isDecimal reports whether s is a "numeric string" of Python's decimal module. It does not accept
// the blanks and underscores that the constructor accepts too.
func isDecimal(s string) bool {
	if len(s) > 0 && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	lower := strings.ToLower(s)
	if lower == "inf" || lower == "infinity" {
		return true
	}
	for _, nan := range []string{"nan", "snan"} {
		if rest, ok := strings.CutPrefix(lower, nan); ok {
			return len(digits(rest)) == len(rest)
		}
	}
	whole := digits(s)
	s = s[len(whole):]
	part := ""
	if rest, ok := strings.CutPrefix(s, "."); ok {
		part = digits(rest)
		s = rest[len(part):]
	}
	if whole == "" && part == "" {
		return false
	}
	if s == "" {
		return true
	}
	if s[0] != 'e' && s[0] != 'E' {
		return false
	}
	if s = s[1:]; s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	return s != "" && len(digits(s)) == len(s)
}

// digits returns the ASCII digits at the start of s.
func digits(s string) string {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return s[:n]
}

// Fraction is a Python fractions.Fraction: a rational number in lowest terms.
type Fraction struct {
	Rat *big.Rat
}

// String returns the number as Python's str does: "3/4", or "3" for a whole
// number.
func (f Fraction) String() string { return f.rat().RatString() }

// Plain returns the *big.Rat.
func (f Fraction) Plain() any { return f.rat() }

// rat returns Rat. For the zero Fraction it returns 0, as Python's Fraction() does.
func (f Fraction) rat() *big.Rat {
	if f.Rat == nil {
		return new(big.Rat)
	}
	return f.Rat
}

func readFraction(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 2); err != nil {
		return nil, err
	}
	den := big.NewInt(1)
	if len(args) == 1 {
		if text, ok := asText(args[0]); ok {
			return parseFraction(a, c.resolver, text)
		}
	} else {
		var err error
		if den, err = a.bigInt(1, "denominator"); err != nil {
			return nil, err
		}
	}
	num, err := a.bigInt(0, "numerator")
	if err != nil {
		return nil, err
	}
	if den.Sign() == 0 {
		return nil, a.errorf("the denominator is zero")
	}
	return Fraction{new(big.Rat).SetFrac(num, den)}, nil
}

// parseFraction reads the text of str(Fraction). The constructor also accepts decimal numbers,
// which do not occur in pickles.
func parseFraction(a argReader, r *Resolver, text string) (any, error) {
	if len(text) > r.limits.IntDigits {
		return nil, &pickle.LimitError{Limit: "IntDigits", Max: int64(r.limits.IntDigits),
			Want: int64(len(text))}
	}
	numText, denText, ok := strings.Cut(text, "/")
	if !ok {
		denText = "1"
	}
	num, ok1 := new(big.Int).SetString(numText, 10)
	den, ok2 := new(big.Int).SetString(denText, 10)
	if !ok1 || !ok2 || den.Sign() <= 0 {
		return nil, a.errorf("%.40q is not a fraction", text)
	}
	return Fraction{new(big.Rat).SetFrac(num, den)}, nil
}

// UUID is a Python uuid.UUID. Unpickling creates it empty and then sets its state.
type UUID struct {
	ID uuid.UUID
	// IsSafe is the attribute is_safe from the pickle, or nil if the state has none.
	IsSafe any
	set    bool // the state was set
}

// String returns the UUID as Python's str does, with lower-case hex digits.
func (u *UUID) String() string { return u.ID.String() }

// Plain returns the uuid.UUID.
func (u *UUID) Plain() any { return u.ID }

func newUUID(c Class, args []any) (any, error) {
	if err := c.args(args).count(0, 0); err != nil {
		return nil, err
	}
	return &UUID{}, nil
}

func readUUID(c Class, args []any) (any, error) {
	a := c.args(args)
	if err := a.count(1, 1); err != nil {
		return nil, err
	}
	text, err := a.text(0, "hex")
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(text)
	if err != nil {
		return nil, a.errorf("%.60q is not a UUID", text)
	}
	return &UUID{ID: id, set: true}, nil
}

// PySetState implements gopickle's types.PyStateSettable. The state is the dict {'int': a number of
// 128 bits, 'is_safe': ...}.
func (u *UUID) PySetState(state any) error {
	a := argReader{fn: "uuid.UUID", vals: []any{state}}
	if u.set {
		return a.errorf("state set twice")
	}
	d, err := a.dict(0, "state")
	if err != nil {
		return err
	}
	for _, e := range *d {
		switch key, _ := asText(e.Key); key {
		case "int":
			n, ok := asBigInt(e.Value)
			if !ok || n.Sign() < 0 || n.BitLen() > 128 {
				return a.errorf("int is %s, want an int of at most 128 bits", typeName(e.Value))
			}
			n.FillBytes(u.ID[:])
			u.set = true
		case "is_safe":
			u.IsSafe = e.Value
		}
	}
	if !u.set {
		return a.errorf("the state has no 'int'")
	}
	return nil
}

var _ types.PyStateSettable = (*UUID)(nil)
