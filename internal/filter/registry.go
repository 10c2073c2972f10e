package filter

// codecs has the filters of this package. It is filled in init, because the codecs' errors call
// describe, which looks up names in it.
var codecs map[uint16]*codec

func init() {
	codecs = map[uint16]*codec{
		Deflate: {name: "deflate", decode: inflate, encode: deflate},
		Shuffle: {
			name: "shuffle", decode: unshuffle, encode: shuffle, maxEncoded: sameSize, fixed: true,
		},
		Fletcher32: {
			name: "fletcher32", decode: unfletcher, encode: fletcher,
			maxEncoded: checksummedSize, fixed: true, inPlace: true,
		},
		Blosc:       {name: "blosc", decode: unblosc},
		Bzip2:       {name: "bzip2", decode: unbzip2},
		ScaleOffset: {name: "scaleoffset", decode: unscale},
		NBit:        {name: "nbit", decode: unnbit},
		Szip:        {name: "szip", decode: unszip},
		LZF:         {name: "lzf", decode: unlzf, encode: lzf},
		LZ4:         {name: "lz4", decode: unlz4},
		Bitshuffle:  {name: "bitshuffle", decode: unbitshuffle},
		Zstd:        {name: "zstd", decode: unzstd, encode: zstdFrame},
	}
}

// otherNames are the names of registered filters that this package does not decode. Errors use
// them.
//
// Reference: The HDF Group, "Registered Filter Plugins".
var otherNames = map[uint16]string{
	305:    "lzo",
	Blosc2: "blosc2",
	32002:  "mafisc",
	32003:  "snappy",
	32005:  "apax",
	32006:  "cbf",
	32007:  "jpeg-xr",
	32009:  "spdp",
	32010:  "lpc-rice",
	32011:  "ccsds-123",
	32012:  "jpeg-ls",
	32013:  "zfp",
	32014:  "fpzip",
	32016:  "b3d",
	32017:  "sz",
	32018:  "fcidecomp",
	32019:  "jpeg",
	32020:  "vbz",
	32021:  "fapec",
	32022:  "bitgroom",
	32023:  "granular bitround",
	32024:  "sz3",
	32025:  "delta-rice",
	32027:  "flac",
	32028:  "h5z-sperr",
}
