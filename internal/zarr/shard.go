package zarr

import (
	"encoding/binary"
	"math"

	"github.com/unpkl/unpkl/ndarray"
)

// shard is the codec sharding_indexed: a chunk that consists of chunks, with an index of their
// places.
//
// Reference: Zarr, "Sharding codec", version 1.0.
type shard struct {
	inner *pipeline
	// indexAtStart says that the index precedes the chunks instead of following them.
	indexAtStart bool
	// indexChecksum says that a CRC-32C follows the index.
	indexChecksum bool
	order         binary.ByteOrder // of the index
	// newBlock returns a block of fill values.
	newBlock func(shape []int) (*block, error)
}

// readShard parses the configuration of a shard of the given shape.
func (a *Array) readShard(c codecSpec, shape []int, depth int) (*shard, []string, error) {
	if depth == maxShards {
		return nil, nil, unsupported("shards nested %d deep", depth)
	}
	s := &shard{newBlock: a.newBlock, order: binary.LittleEndian}
	chunk, ok := intsOf(c.config["chunk_shape"])
	if !ok || len(chunk) != len(shape) {
		return nil, nil, malformed("chunks of shape %v in a shard of shape %v", chunk, shape)
	}
	for i, n := range chunk {
		if n < 1 || shape[i]%n != 0 {
			return nil, nil, malformed("chunks of shape %v in a shard of shape %v", chunk, shape)
		}
	}
	switch c.config["index_location"] {
	case nil, "end":
	case "start":
		s.indexAtStart = true
	default:
		return nil, nil, malformed("an index at %.20v", c.config["index_location"])
	}
	list, _ := c.config["index_codecs"].([]any)
	for i, v := range list {
		spec, _ := specOf(v)
		switch {
		case i == 0 && spec.name == "bytes":
			if spec.config["endian"] == "big" {
				s.order = binary.BigEndian
			}
		case i == 1 && spec.name == "crc32c":
			s.indexChecksum = true
		default:
			return nil, nil, unsupported("the codec %.40q of a shard's index", spec.name)
		}
	}
	codecs, _ := c.config["codecs"].([]any)
	var names []string
	var err error
	s.inner, names, err = a.pipeline3(codecs, chunk, depth+1)
	return s, names, err
}

// decode decodes the chunks of a shard of the given shape.
func (s *shard) decode(data []byte, shape []int, depth int) (*block, error) {
	out, err := s.newBlock(shape)
	if err != nil {
		return nil, err
	}
	n := 1
	for i, d := range shape {
		n *= d / s.inner.shape[i]
	}
	index, err := s.index(data, n)
	if err != nil {
		return nil, err
	}
	left := uint64(len(data))
	at := make([]int, len(shape))
	for {
		offset, size := s.order.Uint64(index), s.order.Uint64(index[8:])
		index = index[16:]
		if offset != math.MaxUint64 || size != math.MaxUint64 {
			if offset > uint64(len(data)) || size > uint64(len(data))-offset || size > left {
				return nil, malformed("a chunk of %d bytes at %d of a shard of %d", size, offset,
					len(data))
			}
			left -= size // chunks do not share bytes
			part, err := s.inner.decode(data[offset:][:size], depth)
			if err != nil {
				return nil, err
			}
			start := make([]int, len(at))
			for i := range at {
				start[i] = at[i] * s.inner.shape[i]
			}
			out.paste(part, start)
		}
		if !nextChunk(at, shape, s.inner.shape) {
			return out, nil
		}
	}
}

// index returns the index of n chunks, which has the offset and length of each.
func (s *shard) index(data []byte, n int) ([]byte, error) {
	size := 16 * n
	if s.indexChecksum {
		size += 4
	}
	if size > len(data) {
		return nil, malformed("a shard of %d bytes with an index of %d", len(data), size)
	}
	index := data[len(data)-size:]
	if s.indexAtStart {
		index = data[:size]
	}
	if s.indexChecksum {
		return checkCRC32C(index, size-4)
	}
	return index, nil
}

// intsOf returns a JSON list of non-negative integers.
func intsOf(v any) ([]int, bool) {
	list, ok := v.([]any)
	if !ok || len(list) > ndarray.MaxDims {
		return nil, false
	}
	out := make([]int, len(list))
	for i, x := range list {
		n, err := fillNumber(x)
		k, isInt := n.(int64)
		if err != nil || !isInt || k < 0 || int64(int(k)) != k {
			return nil, false
		}
		out[i] = int(k)
	}
	return out, true
}
