package hdf5

// scaleNode has the dimension scales of a dataset, or the uses of a dataset that is a scale.
type scaleNode struct {
	// scales are the scales of each axis of a dataset.
	scales [][]*node
	labels []string
	// uses are the axes to which a scale is attached.
	uses []scaleUse
}

type scaleUse struct {
	data *node
	axis int
}

// MakeScale makes the dataset at the path a dimension scale with a name, which may be empty: h5py's
// make_scale.
//
// Reference: HDF5 Dimension Scale Specification, 3.
func (w *Writer) MakeScale(path, name string) error {
	if err := w.SetAttr(path, "CLASS", FixedText("DIMENSION_SCALE")); err != nil || name == "" {
		return err
	}
	return w.SetAttr(path, "NAME", FixedText(name))
}

// AttachScale attaches a scale to an axis of the dataset at the path: h5py's
// dims[axis].attach_scale. If the dataset does not have the axis, the error is of the kind
// ErrSelection; if there is no dataset at the path, it is of the kind ErrNotFound.
func (w *Writer) AttachScale(path string, axis int, scale string) error {
	n, err := w.axis(path, axis)
	if err != nil {
		return err
	}
	s, err := w.find(scale)
	if err == nil && s.data == nil {
		err = withPath(errorf(ErrNotFound, "no dataset"), scale)
	}
	if err != nil {
		return err
	}
	if s == n {
		return withPath(errorf(ErrUnsupported, "a dataset as the scale of its own axis"), path)
	}
	if s.scale == nil {
		s.scale = &scaleNode{}
	}
	if n.scale.scales == nil {
		n.scale.scales = make([][]*node, len(n.data.shape))
	}
	n.scale.scales[axis] = append(n.scale.scales[axis], s)
	s.scale.uses = append(s.scale.uses, scaleUse{n, axis})
	return nil
}

// SetLabel sets the label of an axis of the dataset at the path: h5py's dims[axis].label. Errors
// are those of AttachScale.
func (w *Writer) SetLabel(path string, axis int, label string) error {
	n, err := w.axis(path, axis)
	if err != nil {
		return err
	}
	if n.scale.labels == nil {
		n.scale.labels = make([]string, len(n.data.shape))
	}
	n.scale.labels[axis] = label
	labels, err := attributeArray(n.scale.labels)
	if err != nil {
		return err
	}
	message, err := w.attribute("DIMENSION_LABELS", labels)
	if err != nil {
		return withPath(err, path)
	}
	return withPath(w.setAttr(n, "DIMENSION_LABELS", message), path)
}

// axis returns the dataset at a path, after checking that it has the axis.
func (w *Writer) axis(path string, axis int) (*node, error) {
	n, err := w.find(path)
	if err != nil {
		return nil, err
	}
	if n.data == nil {
		return nil, withPath(errorf(ErrNotFound, "no dataset"), path)
	}
	if axis < 0 || axis >= len(n.data.shape) {
		return nil, withPath(errorf(ErrSelection, "axis %d of %d", axis, len(n.data.shape)), path)
	}
	if n.scale == nil {
		n.scale = &scaleNode{}
	}
	return n, nil
}

// scaleMessages adds the attributes with the references from a dataset to its scales, and from a
// scale to its datasets. Their size does not depend on the addresses in them.
//
// Reference: HDF5 Dimension Scale Specification, 3.
func (w *Writer) scaleMessages(h *outHeader, n *node) {
	if n.scale == nil {
		return
	}
	if n.scale.scales != nil {
		w.dimensionList(h, n)
	}
	if n.scale.uses != nil {
		referenceList(h, n)
	}
}

func (w *Writer) dimensionList(h *outHeader, n *node) {
	typ := typeHeader(nil, 1, ClassVlen, 0, vlenSize)
	typ = append(typ, referenceType().message...)
	var data []byte
	for _, scales := range n.scale.scales {
		var refs []byte
		for _, s := range scales {
			refs = wire.AppendUint64(refs, s.addr)
		}
		if n.addr == 0 || len(scales) == 0 {
			// The addresses are not known yet, or the axis has no scale.
			data = appendZeros(data, vlenSize)
			continue
		}
		w.heap.ensureRoom(len(refs))
		w.heap.addObject(string(refs))
		data = w.heap.appendReference(data, len(scales))
	}
	space := dataspaceMessage([]int{len(n.scale.scales)}, nil)
	h.add(msgAttribute, 0, attributeMessage("DIMENSION_LIST", typ, space, data))
}

func referenceList(h *outHeader, n *node) {
	const size, dimensionAt = 16, 8
	reference := referenceType()
	axis := &fileType{message: integerMessage(nil, 4, signedBit), size: 4}
	typ := typeHeader(nil, 1, ClassCompound, 2, size)
	typ = appendMember(typ, "dataset", 0, reference, 1)
	typ = appendMember(typ, "dimension", dimensionAt, axis, 1)
	var data []byte
	for _, u := range n.scale.uses {
		data = wire.AppendUint64(data, u.data.addr)
		data = wire.AppendUint32(data, uint32(u.axis))
		data = appendZeros(data, 4)
	}
	space := dataspaceMessage([]int{len(n.scale.uses)}, nil)
	h.add(msgAttribute, 0, attributeMessage("REFERENCE_LIST", typ, space, data))
}
