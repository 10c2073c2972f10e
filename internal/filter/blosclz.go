package filter

// blosclz fills dst from a BloscLZ stream, Blosc's variant of FastLZ. A control byte below 32
// begins a run of literals, of one more than the byte. Any other begins a reference. Its upper
// three bits are the length less two; 7 continues in further bytes up to the first that is not 255.
// Its lower five bits and the byte after the length are the distance less one; if all these
// thirteen bits are set, two bytes follow with the distance beyond 8192, the high byte first. The
// first control byte is always a run.
//
// Reference: Blosc/c-blosc, blosclz.c, blosclz_decompress.
func blosclz(dst, src []byte) error {
	n := 0
	for i := 0; i < len(src); {
		control := int(src[i])
		i++
		if i == 1 {
			control &= 31
		}
		if control < 32 {
			run := control + 1
			if run > len(src)-i {
				return truncated("run of %d bytes at %d of %d", run, i, len(src))
			}
			if run > len(dst)-n {
				return malformed("unfolds to more than %d bytes", len(dst))
			}
			n += copy(dst[n:], src[i:i+run])
			i += run
			continue
		}
		length, distance, next, err := blosclzReference(control, src, i)
		if err != nil {
			return err
		}
		i = next
		if distance > n {
			return malformed("reference %d bytes back at %d", distance, n)
		}
		if length > len(dst)-n {
			return malformed("unfolds to more than %d bytes", len(dst))
		}
		n = repeat(dst, n, distance, length)
	}
	if n != len(dst) {
		return malformed("stream of %d bytes, expected %d", n, len(dst))
	}
	return nil
}

// blosclzReference reads a reference with the given control byte at i, and returns where it ends.
func blosclzReference(control int, src []byte, i int) (length, distance, next int, err error) {
	const far = 1<<13 - 1
	length = control>>5 + 2
	if length == 9 {
		for more := byte(255); more == 255; i++ {
			if i >= len(src) || length > 1<<30 {
				return 0, 0, 0, truncated("the stream ends in a length")
			}
			more = src[i]
			length += int(more)
		}
	}
	if i >= len(src) {
		return 0, 0, 0, truncated("the stream ends in a distance")
	}
	distance = control&31<<8 | int(src[i])
	i++
	if distance == far {
		if len(src)-i < 2 {
			return 0, 0, 0, truncated("the stream ends in a distance")
		}
		distance += int(src[i])<<8 | int(src[i+1])
		i += 2
	}
	return length, distance + 1, i, nil
}
