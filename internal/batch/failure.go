package batch

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"

	"github.com/unpkl/unpkl/convert"
	"github.com/unpkl/unpkl/internal/errkind"
	"github.com/unpkl/unpkl/pickle"
)

// Failure is a file that could not be processed. It is written as a line of a file of errors.
type Failure struct {
	// Path is the file.
	Path string `json:"path"`
	// Kind is the kind of the error, a word that [KindOf] returns.
	Kind string `json:"kind"`
	// Opcode is the name of the opcode that could not be executed, "" if no opcode is at fault.
	Opcode string `json:"opcode,omitempty"`
	// Offset is the position of that opcode, in bytes of the decompressed input; nil if no opcode
	// is at fault.
	Offset *int64 `json:"offset,omitempty"`
	// Text is the text of the error.
	Text string `json:"text"`
}

// NewFailure returns the failure of a file with the given error.
func NewFailure(path string, err error) *Failure {
	f := &Failure{Path: path, Kind: KindOf(err), Text: err.Error()}
	var decode *pickle.DecodeError
	if errors.As(err, &decode) && !errors.Is(err, errkind.ErrNotPickle) {
		offset := decode.Offset
		f.Offset = &offset
		if decode.Op != 0 || !errors.Is(err, errkind.ErrLimit) {
			f.Opcode = decode.Op.String()
		}
	}
	return f
}

// kinds are the words for the kinds of error. An error gets the first that matches, so the more
// specific kinds come first.
var kinds = []struct {
	kind error
	word string
}{
	{ErrSchema, "schema"},
	{errkind.ErrNotPickle, "not a pickle"},
	{errkind.ErrTruncated, "truncated"},
	{errkind.ErrLimit, "limit"},
	{pickle.ErrUnknownGlobal, "unknown global"},
	{convert.ErrHold, "cannot hold"},
	{convert.ErrFormat, "format"},
	{errkind.ErrMalformed, "malformed"},
	{errkind.ErrUnsupported, "unsupported"},
	{fs.ErrNotExist, "not there"},
	{fs.ErrPermission, "permission"},
}

// KindOf returns the word for the kind of an error, "other" if it is of no known kind.
func KindOf(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.kind) {
			return k.word
		}
	}
	return "other"
}

// WriteFailure writes a failure as a line of JSON.
func WriteFailure(w io.Writer, f *Failure) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}
