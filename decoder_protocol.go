package unpkl

// Protocol returns the pickle protocol of the value that Decode returned last, and false
// where that was no pickle, such as the array of an .npy file, or there was none.
func (d *Decoder) Protocol() (protocol int, ok bool) {
	p, ok := d.src.(interface{ Protocol() int })
	if !ok {
		return 0, false
	}
	return p.Protocol(), true
}

// Protocol is [Decoder.Protocol].
func (d *FileDecoder) Protocol() (protocol int, ok bool) {
	if d.d == nil {
		return 0, false
	}
	return d.d.Protocol()
}
