package pickle

// The memo must find the identity of a value, which is its address, quickly. Values that are
// written one after another are mostly close together in memory. So the memo has a block for each
// piece of 256 bytes of memory in which a value with an identity begins, and each block has a place
// for every 16 bytes of the piece. The place of a value is found without a search in its block, and
// the block of the next value is likely to be in the processor's cache. If values are so large that
// most blocks have only one of them, no more blocks are made, and the slots of pickleMemo have the
// other identities.

const (
	blockShift = 8 // a block is for 1<<blockShift bytes of memory
	// placeShift is the same for a place. At most one value begins in 16 bytes, with few
	// exceptions.
	placeShift  = 4
	blockPlaces = 1 << (blockShift - placeShift)

	blockChunk = 1 << 8 // number of blocks that are allocated at once
	// blockHomeBits is the number of low bits of a block's number that its position in the index
	// has too, so that blocks of neighbouring memory are close to each other in the index.
	blockHomeBits = 3
	manyBlocks    = 1 << 10 // from this number of blocks on, there must be 1.5 identities in each
)

// memoBlock has the numbers of the identities in a piece of memory.
type memoBlock struct {
	number uintptr             // address of the piece >> blockShift
	places [blockPlaces]uint32 // numbers of identities, counted from 1, or 0
}

// memoBlocks is the set of blocks. The zero value has none.
type memoBlocks struct {
	chunks [][]memoBlock // all but the last are full
	kept   []memoBlock   // memory for the first chunk
	n      uint32        // number of blocks
	// index is a hash table with open addressing, whose length is a power of two. A slot has the
	// low half of a block's number in its upper half, and the position of the block, counted from
	// 1, in its lower half.
	index []uint64
	last  *memoBlock // the block that was returned last
	// closed says that no more blocks are made.
	closed bool
}

// find returns the block with a number, or nil if there is none.
func (m *memoBlocks) find(number uintptr) *memoBlock {
	if m.last != nil && m.last.number == number {
		return m.last
	}
	if len(m.index) == 0 {
		return nil
	}
	b, _ := m.search(number)
	if b != nil {
		m.last = b
	}
	return b
}

// get returns the block with a number. If there is none, it makes one, or returns nil if no more
// are made. used is the number of identities in the memo.
func (m *memoBlocks) get(number uintptr, used uint32) *memoBlock {
	if m.last != nil && m.last.number == number {
		return m.last
	}
	if int(m.n)*3 >= len(m.index)*2 && !m.closed {
		m.closed = m.n >= manyBlocks && uint64(used)*2 < uint64(m.n)*3
		if !m.closed {
			m.grow()
		}
	}
	b, i := m.search(number)
	if b != nil {
		m.last = b
		return b
	}
	if m.closed {
		return nil
	}
	if m.n%blockChunk == 0 {
		m.chunks = append(m.chunks, m.kept)
		m.kept = nil
	}
	last := &m.chunks[len(m.chunks)-1]
	if *last == nil && m.n > 0 {
		*last = make([]memoBlock, 0, blockChunk)
	}
	*last = append(*last, memoBlock{number: number})
	m.n++
	m.index[i] = uint64(uint32(number))<<32 | uint64(m.n)
	m.last = &(*last)[len(*last)-1] // append may have moved the blocks of the first chunk
	return m.last
}

// search returns the block with a number and its position in the index, or nil and the position for
// a new one.
func (m *memoBlocks) search(number uintptr) (*memoBlock, uint) {
	mask := uint(len(m.index) - 1)
	for i := blockHome(number); ; i++ {
		e := m.index[i&mask]
		if e == 0 {
			return nil, i & mask
		}
		if uint32(e>>32) == uint32(number) {
			at := uint32(e) - 1
			if b := &m.chunks[at/blockChunk][at%blockChunk]; b.number == number {
				return b, i & mask
			}
		}
	}
}

// grow enlarges the index.
func (m *memoBlocks) grow() {
	size := max(16, 4*len(m.index))
	if len(m.index) >= memoSlotsMany {
		size = 2 * len(m.index)
	}
	if size <= cap(m.index) {
		m.index = m.index[:size]
		clear(m.index)
	} else {
		m.index = make([]uint64, size)
	}
	n := uint64(0)
	for _, chunk := range m.chunks {
		for i := range chunk {
			_, at := m.search(chunk[i].number)
			n++
			m.index[at] = uint64(uint32(chunk[i].number))<<32 | n
		}
	}
}

// release removes all blocks and keeps the memory of few.
func (m *memoBlocks) release() {
	if m.n == 0 {
		return
	}
	kept := memoBlocks{chunks: m.chunks[:0], index: m.index[:0]}
	if m.n <= blockChunk {
		kept.kept = m.chunks[0][:0]
	} else {
		kept = memoBlocks{}
	}
	*m = kept
}

// blockHome returns the position in the index, before it is masked, at which the search for a block
// begins.
func blockHome(number uintptr) uint {
	n := uint64(number)
	return uint(n>>blockHomeBits*hashFactor>>28<<blockHomeBits ^ n&(1<<blockHomeBits-1))
}
