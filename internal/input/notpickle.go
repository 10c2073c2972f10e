package input

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/unpkl/unpkl/internal/compress"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/internal/magic"
	"github.com/unpkl/unpkl/pickle"
)

// NotPickle is called with err, the error of reading the first pickle of an input that begins with
// head. If the input looks like another format, NotPickle returns an error of the kind
// errkind.ErrNotPickle that names the format and wraps err. It returns err itself if the input
// begins as a pickle does and is damaged later.
func NotPickle(head []byte, err error) error {
	var at *pickle.DecodeError
	if len(head) == 0 || head[0] == protoOpcode || !errors.As(err, &at) ||
		errors.Is(err, errkind.ErrLimit) || errors.Is(err, pickle.ErrUnknownGlobal) {
		return err
	}
	looks := looksLike(head)
	switch {
	case looks == "" || opcodesBefore(head, at.Offset) >= enoughOpcodes:
		return err
	case isText(looks) && errors.Is(err, errkind.ErrTruncated) &&
		(opcodesBefore(head, at.Offset) > 0 || len(head) < enoughText || cutGlobal().Match(head)):
		return err // It may be a truncated pickle of protocol 0, which consists of text.
	}
	return &errkind.NotPickleError{Msg: "unpkl: not a pickle: this looks like " + looks, Err: err}
}

// enoughText is the number of bytes from which text is told from a truncated pickle of protocol 0
// or 1.
const enoughText = 4

// cutGlobal matches a GLOBAL opcode whose argument is truncated.
var cutGlobal = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^c[A-Za-z_][\w.]*(\n[\w.]*)?$`)
})

// protoOpcode is the first byte of every pickle of protocol 2 and later.
const protoOpcode = 0x80

// enoughOpcodes is the number of valid opcodes from which an input counts as a damaged pickle.
const enoughOpcodes = 4

// opcodesBefore returns the number of valid opcodes in head before offset.
func opcodesBefore(head []byte, offset int64) int {
	n := 0
	for op, err := range pickle.OpsBytes(head) {
		if err != nil || op.Offset >= offset {
			break
		}
		n++
	}
	return n
}

// looksLike returns the name of the format that an input looks like, which is not a pickle, or "".
func looksLike(head []byte) string {
	if f, ok := magic.Of(head); ok && f.Kind&magic.Pickles == 0 {
		return f.Name
	}
	if len(head) > 9 && head[8] == '{' && bytes.Count(head[2:8], []byte{0}) >= 4 {
		return "a safetensors file"
	}
	if len(head) > 12 && string(head[4:8]) == "ftyp" {
		return "an MP4 file"
	}
	return textLike(head)
}

// Kinds of text. XML, JSON and HTML documents are not among them: they do not begin with an opcode.
const (
	likeText = "text"
	likeCSV  = "CSV text"
)

// isText reports whether an input that looks like this could also be a pickle of protocol 0.
func isText(looks string) bool { return looks == likeText || looks == likeCSV }

// textLike returns the kind of text that an input is, or "".
func textLike(head []byte) string {
	text := strings.TrimPrefix(string(head), "\ufeff")
	if len(head) >= compress.HeadSize { // head may end inside a character.
		for cut := 0; cut < utf8.UTFMax-1 && !utf8.ValidString(text); cut++ {
			text = text[:len(text)-1]
		}
	}
	if !utf8.ValidString(text) || strings.ContainsFunc(text, isControl) {
		return ""
	}
	text = strings.TrimSpace(text)
	lower := strings.ToLower(text)
	switch {
	case text == "":
		return likeText
	case strings.HasPrefix(lower, "<!doctype html"), strings.HasPrefix(lower, "<html"):
		return "an HTML page"
	case strings.HasPrefix(lower, "<?xml"), text[0] == '<':
		return "XML text"
	case text[0] == '{', text[0] == '[':
		return "JSON text"
	case strings.HasPrefix(text, "version https://git-lfs"):
		return "a pointer of Git LFS, in place of the file itself"
	}
	lines := strings.SplitN(text, "\n", 3)
	for _, sep := range []string{",", ";", "\t"} {
		if n := strings.Count(lines[0], sep); n > 0 && len(lines) > 1 &&
			strings.Count(lines[1], sep) == n {
			return likeCSV
		}
	}
	return likeText
}

// isControl reports whether r is a control character that text does not contain.
func isControl(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7f
}
