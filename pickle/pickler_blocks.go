package pickle

// NOTE on the memo's table of identities. What is written one after another lies together in
// memory as a rule. So the table is made of blocks, one for each piece of memory that a value with
// an identity begins in, with a place for each 16 bytes of it: that of a value takes no search, and
// the block of the next value is in the processor's cache. Where values are so large that a block
// has hardly more than one of them, no more blocks are made, and a table of slots has the rest.

const (
	blockShift = 8 // a block stands for 1<<blockShift bytes of memory
	// and a place for 1<<placeShift of them, where one value at most begins, nearly always
	placeShift  = 4
	blockPlaces = 1 << (blockShift - placeShift)

	blockChunk = 1 << 8 // blocks made at once, which have one of the allocator's sizes
	// blockHomeBits is how many bits of its number the place of a block in the index has: blocks
	// of neighbouring memory have their places together.
	blockHomeBits = 3
	manyBlocks    = 1 << 10 // from how many on there must be 1.5 identities to a block
)

// memoBlock has the numbers of the identities in a piece of memory, 0 where there is none.
type memoBlock struct {
	number uintptr // of the piece: its address, shifted
	places [blockPlaces]uint32
}

// memoBlocks are the blocks that there are. The zero value has none.
type memoBlocks struct {
	chunks [][]memoBlock // all but the last are full
	kept   []memoBlock   // the memory of the first
	n      uint32
	// index is an open-addressing table, whose length is a power of two: of each block the
	// low half of its number above which one it is, counted from 1.
	index []uint64
	last  *memoBlock // that was asked for last
	// closed says that no more blocks are made.
	closed bool
}

// find returns the block of that number, or nil if there is none.
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

// get returns the block of that number, which it makes if there is none, or nil if no more are
// made. There are used identities in all.
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
	m.last = &(*last)[len(*last)-1] // of the first chunk the ones before may have moved
	return m.last
}

// search returns the block of that number and its place in the index, or nil and the place where
// it belongs.
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

// release removes all blocks.
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

// blockHome is where the search for a block begins.
func blockHome(number uintptr) uint {
	n := uint64(number)
	return uint(n>>blockHomeBits*hashFactor>>28<<blockHomeBits ^ n&(1<<blockHomeBits-1))
}
