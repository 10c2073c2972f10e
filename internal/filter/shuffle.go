package filter

import "encoding/binary"

// elementSize returns the parameter of the shuffle filter, the size of an element in bytes.
func elementSize(f *Filter) (int, error) {
	if len(f.Params) < 1 || f.Params[0] == 0 || f.Params[0] > 1<<31-1 {
		return 0, malformed("parameters %v", f.Params)
	}
	return int(f.Params[0]), nil
}

// unshuffle decodes the shuffle filter, which stores the first bytes of all elements, then the
// second bytes, and so on. Bytes after the last whole element are stored unchanged.
//
// Reference: H5Zshuffle.c.
func unshuffle(dst []byte, f *Filter, src []byte, limit int, _ bool) ([]byte, error) {
	size, err := elementSize(f)
	if err != nil {
		return nil, err
	}
	if len(src) > limit {
		return nil, malformed("%d bytes, expected %d", len(src), limit)
	}
	dst = resized(dst, len(src))
	interleave(dst, src, size)
	return dst, nil
}

// interleave is the inverse of deinterleave.
func interleave(dst, src []byte, size int) {
	n := len(src) / size
	if size == 1 || n <= 1 {
		copy(dst, src)
		return
	}
	copy(dst[n*size:], src[n*size:])
	switch size {
	case 2:
		interleave2(dst, src, n)
	case 4:
		interleave4(dst, src, n)
	case 8:
		interleave8(dst, src, n)
	default:
		// A block of elements stays in the cache while each of its bytes is set.
		const block = 4096
		for from := 0; from < n; from += block {
			to := min(n, from+block)
			for j := range size {
				out := dst[from*size+j : to*size]
				for i, b := range src[j*n+from : j*n+to] {
					out[i*size] = b
				}
			}
		}
	}
}

// le is the byte order of the words in the functions below on every machine, so that byte i of a
// word is byte i in memory.
var le = binary.LittleEndian

func interleave2(dst, src []byte, n int) {
	s0, s1, i := src[:n], src[n:2*n], 0
	for ; i+4 <= n; i += 4 {
		a, b := spread2(le.Uint32(s0[i:])), spread2(le.Uint32(s1[i:]))
		le.PutUint64(dst[2*i:], a|b<<8)
	}
	for ; i < n; i++ {
		dst[2*i], dst[2*i+1] = s0[i], s1[i]
	}
}

// spread2 adds a zero byte after each of four bytes.
func spread2(x uint32) uint64 {
	y := uint64(x)
	y = (y | y<<16) & 0x0000ffff0000ffff
	return (y | y<<8) & 0x00ff00ff00ff00ff
}

func interleave4(dst, src []byte, n int) {
	s0, s1, s2, s3, i := src[:n], src[n:2*n], src[2*n:3*n], src[3*n:4*n], 0
	for ; i+4 <= n; i += 4 {
		a := spread2(le.Uint32(s0[i:])) | spread2(le.Uint32(s1[i:]))<<8
		b := spread2(le.Uint32(s2[i:])) | spread2(le.Uint32(s3[i:]))<<8
		out := dst[4*i : 4*i+16]
		le.PutUint64(out, a&0xffff|b&0xffff<<16|(a>>16&0xffff)<<32|(b>>16&0xffff)<<48)
		le.PutUint64(out[8:], a>>32&0xffff|(b>>32&0xffff)<<16|(a>>48)<<32|(b>>48)<<48)
	}
	for ; i < n; i++ {
		out := dst[4*i : 4*i+4]
		out[0], out[1], out[2], out[3] = s0[i], s1[i], s2[i], s3[i]
	}
}

func interleave8(dst, src []byte, n int) {
	i := 0
	for ; i+8 <= n; i += 8 {
		var x [8]uint64
		for j := range 8 {
			x[j] = le.Uint64(src[j*n+i:])
		}
		transpose8(&x)
		out := dst[8*i : 8*i+64]
		for j := range 8 {
			le.PutUint64(out[8*j:], x[j])
		}
	}
	for ; i < n; i++ {
		for j := range 8 {
			dst[8*i+j] = src[j*n+i]
		}
	}
}

// transpose8 transposes a matrix of 8 by 8 bytes, each word a row, by swapping larger and larger
// blocks beside the diagonal.
func transpose8(x *[8]uint64) {
	const m1, m2, m4 = 0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff
	for i := 0; i < 8; i += 2 {
		t := (x[i]>>8 ^ x[i+1]) & m1
		x[i], x[i+1] = x[i]^t<<8, x[i+1]^t
	}
	for _, i := range [4]int{0, 1, 4, 5} {
		t := (x[i]>>16 ^ x[i+2]) & m2
		x[i], x[i+2] = x[i]^t<<16, x[i+2]^t
	}
	for i := range 4 {
		t := (x[i]>>32 ^ x[i+4]) & m4
		x[i], x[i+4] = x[i]^t<<32, x[i+4]^t
	}
}

func shuffle(dst []byte, f *Filter, src []byte) ([]byte, error) {
	size, err := elementSize(f)
	if err != nil {
		return nil, err
	}
	dst = resized(dst, len(src))
	deinterleave(dst, src, size)
	return dst, nil
}

// deinterleave writes the first bytes of all elements, then the second bytes, and so on.
func deinterleave(dst, src []byte, size int) {
	n := len(src) / size
	if size == 1 || n <= 1 {
		copy(dst, src)
		return
	}
	copy(dst[n*size:], src[n*size:])
	if size == 8 {
		deinterleave8(dst, src, n)
		return
	}
	const block = 4096
	for from := 0; from < n; from += block {
		to := min(n, from+block)
		for j := range size {
			in := src[from*size+j : to*size]
			out := dst[j*n+from : j*n+to]
			for i := range out {
				out[i] = in[i*size]
			}
		}
	}
}

func deinterleave8(dst, src []byte, n int) {
	i := 0
	for ; i+8 <= n; i += 8 {
		var x [8]uint64
		in := src[8*i : 8*i+64]
		for j := range 8 {
			x[j] = le.Uint64(in[8*j:])
		}
		transpose8(&x)
		for j := range 8 {
			le.PutUint64(dst[j*n+i:], x[j])
		}
	}
	for ; i < n; i++ {
		for j := range 8 {
			dst[j*n+i] = src[8*i+j]
		}
	}
}
