package unpkl

// Protocol returns the pickle protocol of the value that Decode returned last, and false
// where that was no pickle, such as the array of an .npy file, or there was none.
func (d *Decoder) Protocol() (protocol int, ok bool) {
	switch {
	case d.direct.u == nil:
		return 0, false
	case d.direct.done:
		return d.direct.proto, true
	}
	return d.direct.u.Protocol(), true
}

// Protocol is [Decoder.Protocol].
func (d *FileDecoder) Protocol() (protocol int, ok bool) {
	if d.d == nil {
		return 0, false
	}
	return d.d.Protocol()
}
