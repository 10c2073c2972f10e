package filter

// The LZF format is a sequence of literal runs and references to earlier output:
//
//	000LLLLL <L+1 bytes>         a run of 1 to 32 bytes
//	LLLooooo oooooooo            L+2 bytes (L 1 to 6) from o+1 bytes back
//	111ooooo LLLLLLLL oooooooo   L+9 bytes from o+1 bytes back
//
// Reference: M. Lehmann, LibLZF; h5py, lzf_filter.c. The parameters of the filter (versions and
// the chunk's size) are not needed.
const (
	lzfMaxRun    = 32
	lzfMaxMatch  = 264
	lzfMaxOffset = 1 << 13
	// lzfMaxRatio is an upper bound of the bytes that one byte decompresses to.
	lzfMaxRatio = 88
)

// unlzf decodes LZF.
func unlzf(dst []byte, _ *Filter, src []byte, limit int, exact bool) ([]byte, error) {
	if limit/lzfMaxRatio > len(src) {
		if exact {
			return nil, malformed("%d bytes cannot unfold to %d", len(src), limit)
		}
		limit = len(src) * lzfMaxRatio
	}
	dst = resized(dst, limit)
	n := 0
	for i := 0; i < len(src); {
		length := int(src[i]>>5) + 2
		if length == 2 {
			run := int(src[i]) + 1
			i++
			if run > len(src)-i {
				return nil, truncated("run of %d bytes at %d of %d", run, i, len(src))
			}
			if run > limit-n {
				return nil, malformed("unfolds to more than %d bytes", limit)
			}
			n += copy(dst[n:], src[i:i+run])
			i += run
			continue
		}
		offset := int(src[i]&0x1f) << 8
		i++
		if length == 9 && i < len(src) {
			length += int(src[i])
			i++
		}
		if i >= len(src) {
			return nil, truncated("the stream ends in a reference")
		}
		offset += int(src[i]) + 1
		i++
		if offset > n {
			return nil, malformed("reference %d bytes back at %d", offset, n)
		}
		if length > limit-n {
			return nil, malformed("unfolds to more than %d bytes", limit)
		}
		n = repeat(dst, n, offset, length)
	}
	return dst[:n], nil
}

// repeat copies length bytes from offset before n to n, and returns the new end. The source may
// overlap the bytes that are being written.
func repeat(dst []byte, n, offset, length int) int {
	from, end := n-offset, n+length
	for n < end {
		// Each round doubles the bytes that can be copied at once.
		n += copy(dst[n:end], dst[from:n])
	}
	return end
}

const (
	lzfHashBits = 14
	lzfMinMatch = 3
)

// lzf encodes LZF. For each three bytes it tries the last position of three bytes with the same
// hash.
func lzf(dst []byte, _ *Filter, src []byte) ([]byte, error) {
	if len(src) > 1<<31-1 {
		return nil, errNoGain
	}
	var last [1 << lzfHashBits]int32 // position plus one, by hash; 0: none
	dst = dst[:0]
	start, i := 0, 0
	for i+lzfMinMatch <= len(src) && len(dst) < len(src) {
		key := uint32(src[i]) | uint32(src[i+1])<<8 | uint32(src[i+2])<<16
		slot := &last[key*2654435761>>(32-lzfHashBits)]
		at := int(*slot) - 1
		*slot = int32(i + 1)
		if at < 0 || i-at > lzfMaxOffset ||
			src[at] != src[i] || src[at+1] != src[i+1] || src[at+2] != src[i+2] {
			i++
			continue
		}
		length := lzfMinMatch
		most := min(lzfMaxMatch, len(src)-i)
		for length < most && src[at+length] == src[i+length] {
			length++
		}
		dst = lzfRuns(dst, src[start:i])
		dst = lzfReference(dst, i-at-1, length)
		i += length
		start = i
	}
	dst = lzfRuns(dst, src[start:])
	if len(dst) >= len(src) {
		return nil, errNoGain
	}
	return dst, nil
}

func lzfRuns(dst, literals []byte) []byte {
	for len(literals) > 0 {
		n := min(lzfMaxRun, len(literals))
		dst = append(append(dst, byte(n-1)), literals[:n]...)
		literals = literals[n:]
	}
	return dst
}

func lzfReference(dst []byte, offset, length int) []byte {
	if length < 9 {
		return append(dst, byte((length-2)<<5|offset>>8), byte(offset))
	}
	return append(dst, byte(7<<5|offset>>8), byte(length-9), byte(offset))
}
