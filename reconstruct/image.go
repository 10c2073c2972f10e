package reconstruct

import (
	"fmt"
	"image"
	"image/color"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/internal/jsonhook"
	"github.com/unpkl/unpkl/ndarray"
	"github.com/unpkl/unpkl/pickle"
)

// Image is a picture of PIL (Pillow). It is safe for concurrent reads.
type Image struct {
	origin
	// Mode is Pillow's name of the pixel format: "L", "RGB", "RGBA", "P", "1", "I;16", "F"...
	Mode string
	// Width and Height are in pixels.
	Width, Height int
	// Pixels is the array that numpy.asarray returns. It has shape (Height, Width), or (Height,
	// Width, bands) for modes with several bands, and dtype uint8, or int32 for mode I, uint16 for
	// I;16, float32 for F and bool for 1. It aliases memory of the pickle, except for mode 1.
	Pixels *ndarray.Array
	// Palette has the colours of modes P and PA, three bytes (red, green, blue) each; otherwise
	// nil.
	Palette []byte
	// Info is a dict of the metadata of the picture's file.
	Info any
}

// imageModes maps Pillow's modes to dtypes and numbers of bands (0 for one band without a
// dimension). Modes that are missing, such as BGR;15, have no array in NumPy either.
var imageModes = map[string]struct {
	dtype *ndarray.DType
	bands int
}{
	"1": {ndarray.DTypeOf[bool](), 0}, "L": {ndarray.DTypeOf[uint8](), 0},
	"P":     {ndarray.DTypeOf[uint8](), 0},
	"I":     {ndarray.DTypeOf[int32]().NewByteOrder(ndarray.LittleEndian), 0},
	"F":     {ndarray.DTypeOf[float32]().NewByteOrder(ndarray.LittleEndian), 0},
	"I;16":  {ndarray.DTypeOf[uint16]().NewByteOrder(ndarray.LittleEndian), 0},
	"I;16L": {ndarray.DTypeOf[uint16]().NewByteOrder(ndarray.LittleEndian), 0},
	"I;16B": {ndarray.DTypeOf[uint16]().NewByteOrder(ndarray.BigEndian), 0},
	"LA":    {ndarray.DTypeOf[uint8](), 2}, "La": {ndarray.DTypeOf[uint8](), 2},
	"PA":  {ndarray.DTypeOf[uint8](), 2},
	"RGB": {ndarray.DTypeOf[uint8](), 3}, "YCbCr": {ndarray.DTypeOf[uint8](), 3},
	"HSV": {ndarray.DTypeOf[uint8](), 3},
	"LAB": {ndarray.DTypeOf[uint8](), 3}, "RGBA": {ndarray.DTypeOf[uint8](), 4},
	"RGBa": {ndarray.DTypeOf[uint8](), 4},
	"RGBX": {ndarray.DTypeOf[uint8](), 4}, "CMYK": {ndarray.DTypeOf[uint8](), 4},
}

// readPIL reads PIL.Image.Image and its subclasses for file formats. The state is [info, mode,
// size, palette, bytes]; a few versions append items such as the Exif bytes.
//
// Reference: PIL/Image.py, Image.__getstate__.
func readPIL(inst namedInstance) (any, error) {
	if !hasSuffix(inst.Class.Name, "Image", "ImageFile") {
		return nil, nil
	}
	state, ok := inst.State.(*types.List)
	if !ok || len(*state) < 5 {
		return nil, nil
	}
	s := argReader{fn: "the state", vals: *state}
	m := &Image{Info: s.vals[0]}
	var err error
	if m.Mode, err = s.text(1, "mode"); err != nil {
		return nil, err
	}
	size, err := shapeOf(s.vals[2])
	if err != nil || len(size) != 2 {
		return nil, pickle.Malformed("a size of %s", typeName(s.vals[2]))
	}
	m.Width, m.Height = size[0], size[1]
	if err := m.readPalette(s.vals[3]); err != nil {
		return nil, err
	}
	data, ok := payload(s.vals[4], 0)
	if !ok {
		return nil, s.wrong(4, "data", "bytes")
	}
	return m, m.readPixels(data)
}

// readPalette reads a palette, given as numbers or bytes.
func (m *Image) readPalette(v any) error {
	if v == nil {
		return nil
	}
	if b, ok := payload(v, 0); ok {
		m.Palette = b
		return nil
	}
	numbers, ok := items(v)
	if !ok {
		return pickle.Malformed("a palette of %s", typeName(v))
	}
	m.Palette = make([]byte, len(numbers))
	for i, x := range numbers {
		n, ok := asInt(x)
		if !ok || n < 0 || n > 255 {
			return pickle.Malformed("a palette with %s", shown(x))
		}
		m.Palette[i] = byte(n)
	}
	return nil
}

// readPixels creates the array over the bytes.
func (m *Image) readPixels(data []byte) error {
	mode, ok := imageModes[m.Mode]
	if !ok {
		return pickle.Unsupported("a picture of mode %.20q", m.Mode)
	}
	shape := []int{m.Height, m.Width}
	if mode.bands > 0 {
		shape = append(shape, mode.bands)
	}
	if m.Mode == "1" {
		bits, err := m.unpackBits(data)
		if err != nil {
			return err
		}
		data = bits
	}
	want, ok := product(append([]int{mode.dtype.ItemSize()}, shape...))
	if !ok || len(data) != want {
		return pickle.Malformed("%d bytes for %d x %d pixels of mode %s", len(data), m.Width,
			m.Height, m.Mode)
	}
	pixels, err := ndarray.New(mode.dtype, shape, ndarray.OrderC, data)
	if err != nil {
		return err
	}
	m.Pixels = pixels
	return nil
}

// unpackBits expands the bits of mode 1 to bytes. Rows start at byte boundaries.
func (m *Image) unpackBits(data []byte) ([]byte, error) {
	row := (m.Width + 7) / 8
	if want, ok := product([]int{row, m.Height}); !ok || want != len(data) {
		return nil, pickle.Malformed("%d bytes for %d x %d pixels of mode 1", len(data), m.Width,
			m.Height)
	}
	bits := make([]byte, 0, m.Width*m.Height)
	for y := range m.Height {
		for x := range m.Width {
			bits = append(bits, data[y*row+x/8]>>(7-x%8)&1)
		}
	}
	return bits, nil
}

// MarshalJSON returns the JSON that to-json --arrays=values writes.
func (m *Image) MarshalJSON() ([]byte, error) { return jsonhook.Marshal(m) }

// Form implements [LibraryValue].
func (m *Image) Form() string { return "$image" }

// Parts implements [LibraryValue].
func (m *Image) Parts() []Part {
	parts := []Part{{Name: "mode", Value: m.Mode}, {Name: "size", Value: []int{m.Width, m.Height}}}
	if m.Palette != nil {
		parts = append(parts, Part{Name: "palette", Value: m.Palette})
	}
	parts = append(parts, Part{Name: "info", Value: m.Info})
	return partOrNone(parts, "pixels", m.Pixels)
}

// Places implements [LibraryValue].
func (m *Image) Places() []*any { return []*any{&m.Info} }

// String returns the mode and the size.
func (m *Image) String() string { return fmt.Sprintf("%s %d x %d", m.Mode, m.Width, m.Height) }

// Image returns the picture as a type of package image, in its own memory. Modes 1, L, P, RGB,
// RGBA, RGBX, CMYK, YCbCr and I;16 are supported; any other mode is an error of the kind
// pickle.ErrUnsupported.
func (m *Image) Image() (image.Image, error) {
	if m.Pixels == nil {
		return nil, pickle.Unsupported("a picture without pixels")
	}
	data, err := m.Pixels.AppendBytes(nil, ndarray.OrderC)
	if err != nil {
		return nil, err
	}
	r := image.Rect(0, 0, m.Width, m.Height)
	switch m.Mode {
	case "1":
		for i, b := range data {
			data[i] = -b // 1 is white
		}
		return &image.Gray{Pix: data, Stride: m.Width, Rect: r}, nil
	case "L":
		return &image.Gray{Pix: data, Stride: m.Width, Rect: r}, nil
	case "P":
		return &image.Paletted{Pix: data, Stride: m.Width, Rect: r, Palette: m.colours()}, nil
	case "RGBA":
		return &image.NRGBA{Pix: data, Stride: 4 * m.Width, Rect: r}, nil
	case "CMYK":
		return &image.CMYK{Pix: data, Stride: 4 * m.Width, Rect: r}, nil
	case "RGB", "RGBX":
		return opaquePixels(data, len(data)/max(1, m.Width*m.Height), r), nil
	case "YCbCr":
		return fullChroma(data, r), nil
	case "I;16", "I;16L":
		for i := 0; i+1 < len(data); i += 2 { // package image stores the high byte first
			data[i], data[i+1] = data[i+1], data[i]
		}
		return &image.Gray16{Pix: data, Stride: 2 * m.Width, Rect: r}, nil
	case "I;16B":
		return &image.Gray16{Pix: data, Stride: 2 * m.Width, Rect: r}, nil
	}
	return nil, pickle.Unsupported("package image has no picture of mode %s", m.Mode)
}

// colours returns the palette, padded with black to the 256 colours that a pixel can name.
func (m *Image) colours() color.Palette {
	p := make(color.Palette, 256)
	for i := range p {
		c := color.NRGBA{A: 255}
		if 3*i+2 < len(m.Palette) {
			c.R, c.G, c.B = m.Palette[3*i], m.Palette[3*i+1], m.Palette[3*i+2]
		}
		p[i] = c
	}
	return p
}

// opaquePixels converts pixels of three bytes, or of four bytes of which the last is unused.
func opaquePixels(data []byte, bands int, r image.Rectangle) image.Image {
	out := image.NewNRGBA(r)
	for i := range r.Dx() * r.Dy() {
		copy(out.Pix[4*i:], data[bands*i:bands*i+3])
		out.Pix[4*i+3] = 255
	}
	return out
}

// fullChroma separates the bands.
func fullChroma(data []byte, r image.Rectangle) image.Image {
	out := image.NewYCbCr(r, image.YCbCrSubsampleRatio444)
	for i := range r.Dx() * r.Dy() {
		out.Y[i], out.Cb[i], out.Cr[i] = data[3*i], data[3*i+1], data[3*i+2]
	}
	return out
}

// hasSuffix reports whether a name ends in one of the suffixes.
func hasSuffix(name string, suffixes ...string) bool {
	for _, s := range suffixes {
		if len(name) >= len(s) && name[len(name)-len(s):] == s {
			return true
		}
	}
	return false
}
