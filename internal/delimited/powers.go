package delimited

import (
	"math/big"
	"sync"
)

// The range of powers of ten in the table: those whose products with 19 digits may be normal
// floats, and those that convert a float to 19 digits.
const (
	minPower = -326
	maxPower = 342
)

// power is the upper 128 bits of a power of ten, rounded down: 10**q is between (hi<<64+lo)<<e and
// (hi<<64+lo+1)<<e, and the top bit of hi is set.
type power struct {
	hi, lo uint64
	e      int
}

// powerTable has the powers from minPower to maxPower.
type powerTable [maxPower - minPower + 1]power

// powers returns the table, which is computed once, in less than a millisecond.
var powers = sync.OnceValue(func() *powerTable {
	var table powerTable
	ten := big.NewInt(10)
	for i := range table {
		q := i + minPower
		var n big.Int
		e := 0
		if q >= 0 {
			n.Exp(ten, big.NewInt(int64(q)), nil)
		} else {
			// A quotient with more than 128 bits.
			var d big.Int
			d.Exp(ten, big.NewInt(int64(-q)), nil)
			shift := d.BitLen() + 130
			n.Lsh(big.NewInt(1), uint(shift))
			n.Quo(&n, &d)
			e = -shift
		}
		over := n.BitLen() - 128
		if e += over; over >= 0 {
			n.Rsh(&n, uint(over))
		} else {
			n.Lsh(&n, uint(-over))
		}
		var lo big.Int
		lo.And(&n, new(big.Int).SetUint64(1<<64-1))
		table[i] = power{new(big.Int).Rsh(&n, 64).Uint64(), lo.Uint64(), e}
	}
	return &table
})
