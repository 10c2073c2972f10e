package opcode

import (
	"encoding/binary"
	"math/big"
	"math/bits"

	"github.com/unpkl/unpkl/internal/slab"
)

// Longs decodes many ints as [DecodeLong] does. It allocates ints of two words together, so that
// most take no allocation of their own. The zero value is ready to use.
type Longs struct{ twoWords slab.Slab[twoWords] }

// twoWords is an int with the memory of its words.
type twoWords struct {
	v     big.Int
	words [2]big.Word
}

// The sizes in bytes of a word and of a twoWords.
const (
	wordSize     = bits.UintSize / 8
	twoWordsSize = 6 * wordSize
)

// Decode decodes the argument of LONG1 or LONG4: large, if it is not nil, or small.
func (l *Longs) Decode(b []byte) (small int64, large *big.Int) {
	n := len(b)
	if n <= 8 {
		var word [8]byte
		copy(word[:], b)
		return ShortLong(word[:], n), nil
	}
	for n > 1 && (b[n-1] == 0 && b[n-2] < 0x80 || b[n-1] == 0xff && b[n-2] >= 0x80) {
		n-- // a byte that only repeats the sign
	}
	if n <= 8 {
		return ShortLong(b, n), nil
	}
	return 0, l.large(b[:n])
}

// large decodes an int of more than 8 bytes.
func (l *Longs) large(b []byte) *big.Int {
	v, words := l.alloc((len(b) + wordSize - 1) / wordSize)
	for i := range words {
		var digits [8]byte
		part := b[i*wordSize:]
		if len(part) < wordSize {
			if b[len(b)-1] >= 0x80 {
				digits = [8]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
			}
			copy(digits[:wordSize], part)
			part = digits[:]
		}
		if wordSize == 8 {
			words[i] = big.Word(binary.LittleEndian.Uint64(part))
		} else {
			words[i] = big.Word(binary.LittleEndian.Uint32(part))
		}
	}
	negative := b[len(b)-1] >= 0x80
	if negative {
		negate(words)
	}
	v.SetBits(words)
	if negative {
		v.Neg(v)
	}
	return v
}

// negate negates a number in two's complement.
func negate(words []big.Word) {
	carry := uint(1)
	for i, w := range words {
		var sum uint
		sum, carry = bits.Add(^uint(w), 0, carry)
		words[i] = big.Word(sum)
	}
}

// alloc returns an int and memory for its n words.
func (l *Longs) alloc(n int) (*big.Int, []big.Word) {
	if n > 2 {
		return new(big.Int), make([]big.Word, n)
	}
	few := l.twoWords.One(twoWordsSize)
	return &few.v, few.words[:n:n]
}
