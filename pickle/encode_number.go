package pickle

import (
	"encoding/binary"
	"math"
	"math/big"
	"slices"
	"strconv"
)

// saveBool writes a bool.
func (p *pickling) saveBool(b bool) {
	switch {
	case p.proto >= 2 && b:
		p.op(OpNewTrue)
	case p.proto >= 2:
		p.op(OpNewFalse)
	case b:
		p.out.buf = append(p.out.buf, "I01\n"...)
	default:
		p.out.buf = append(p.out.buf, "I00\n"...)
	}
}

// saveInt writes an int as save_long in _pickle.c does: with the shortest of INT, BININT1, BININT2
// and BININT if it fits 32 bits, else with LONG or LONG1.
func (p *pickling) saveInt(i int64) {
	b := p.out.buf
	switch {
	case i != int64(int32(i)):
		p.saveWideInt(i)
		return
	case p.proto == 0:
		b = append(strconv.AppendInt(append(b, byte(OpInt)), i, 10), '\n')
	case uint64(i) < 1<<8:
		b = append(b, byte(OpBinInt1), byte(i))
	case uint64(i) < 1<<16:
		b = append(b, byte(OpBinInt2), byte(i), byte(i>>8))
	default:
		b = binary.LittleEndian.AppendUint32(append(b, byte(OpBinInt)), uint32(i))
	}
	p.out.buf = b
}

// saveWideInt writes an int that does not fit 32 bits.
func (p *pickling) saveWideInt(i int64) {
	b := p.out.buf
	if p.proto < 2 {
		p.out.buf = append(strconv.AppendInt(append(b, byte(OpLong)), i, 10), "L\n"...)
		return
	}
	// n is the number of bytes that i needs with its sign bit.
	n := 8
	for n > 1 && i>>(8*n-9) == i>>63 {
		n--
	}
	b = append(b, byte(OpLong1), byte(n))
	for range n {
		b = append(b, byte(i))
		i >>= 8
	}
	p.out.buf = b
}

// saveUint writes an int that is not negative.
func (p *pickling) saveUint(u uint64) error {
	if u <= math.MaxInt64 {
		p.saveInt(int64(u))
		return nil
	}
	return p.saveBigInt(new(big.Int).SetUint64(u))
}

// sharedInt is the number of bits from which an int is memoized. CPython memoizes no ints; but then
// a short pickle that fetches one long int many times would become a huge one when it is written
// again.
const sharedInt = 1 << 15

// saveLargeInt writes an int of any size with the identity id.
func (p *pickling) saveLargeInt(i *big.Int, id objectID) error {
	if i.BitLen() < sharedInt {
		return p.saveBigInt(i)
	}
	idx, known := p.memo.insert(id)
	if known {
		p.get(idx)
		return nil
	}
	if err := p.saveBigInt(i); err != nil {
		return err
	}
	p.put(idx)
	return nil
}

// saveBigInt writes an int of any size.
func (p *pickling) saveBigInt(i *big.Int) error {
	if i.IsInt64() {
		p.saveInt(i.Int64())
		return nil
	}
	if p.proto < 2 {
		p.out.buf = append(i.Append(append(p.out.buf, byte(OpLong)), 10), "L\n"...)
		return nil
	}
	data := twosComplement(i)
	if len(data) > math.MaxInt32 {
		return Unsupported("an int of %d bytes", len(data))
	}
	if len(data) < 256 {
		p.out.buf = append(p.out.buf, byte(OpLong1), byte(len(data)))
	} else {
		p.op(OpLong4)
		p.out.buf = binary.LittleEndian.AppendUint32(p.out.buf, uint32(len(data)))
	}
	p.out.buf = append(p.out.buf, data...)
	return nil
}

// twosComplement returns i, which is not 0, as two's complement in little endian, in the fewest
// bytes that have room for the sign.
func twosComplement(i *big.Int) []byte {
	m := i
	if i.Sign() < 0 {
		// -i-1 has the bits of i, all inverted.
		m = new(big.Int).Not(i)
	}
	data := m.FillBytes(make([]byte, m.BitLen()/8+1))
	slices.Reverse(data)
	if i.Sign() < 0 {
		for k := range data {
			data[k] = ^data[k]
		}
	}
	return data
}

// saveFloat writes a float: its bits, or Python's repr at protocol 0.
func (p *pickling) saveFloat(f float64) {
	if p.proto >= 1 {
		p.out.buf = binary.BigEndian.AppendUint64(append(p.out.buf, byte(OpBinFloat)),
			math.Float64bits(f))
		return
	}
	p.out.buf = append(append(append(p.out.buf, byte(OpFloat)), floatRepr(f)...), '\n')
}
