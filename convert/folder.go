package convert

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nlpodyssey/gopickle/types"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/ndarray"
)

var folderFormat = &Format{
	Name: folderName, About: "a folder with a file for each array and table, and a manifest",
	Holds: kindAny, read: readFolder, write: writeFolder,
}

// manifestName is the file in a folder that describes the other files.
const manifestName = "manifest.json"

// manifest describes the files of a folder.
type manifest struct {
	Files []manifestFile `json:"files"`
	// Root says that the document is the value of the only file, not a dict.
	Root bool `json:"root,omitempty"`
	// Axis is set by Split: the files are parts of one array, cut along this axis.
	Axis  *int  `json:"axis,omitempty"`
	Shape []int `json:"shape,omitempty"` // of the array that was cut
}

// manifestFile describes one file.
type manifestFile struct {
	// Key holds the keys of the dicts from the root of the document to the value.
	Key    []string `json:"key"`
	File   string   `json:"file"`
	DType  string   `json:"dtype,omitempty"`
	Shape  []int    `json:"shape,omitempty"`
	Bytes  int64    `json:"bytes"`
	SHA256 string   `json:"sha256"`
}

// safeName returns a file name for a key that is safe on every system: it is not a path, not a
// device, not hidden and not long.
func safeName(key string) string {
	var b strings.Builder
	for _, r := range key {
		switch {
		case r == utf8.RuneError || unicode.IsControl(r) || strings.ContainsRune(`/\:*?"<>|`, r) ||
			!unicode.IsPrint(r):
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
	}
	name := strings.TrimRight(strings.TrimLeft(b.String(), "."), ". ")
	const longest = 100
	for len(name) > longest {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	if name == "" || isDevice(stem) {
		name = "_" + name
	}
	return name
}

// isDevice reports whether Windows takes a name for that of a device.
func isDevice(stem string) bool {
	switch strings.TrimRight(stem, " ") {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && stem[3] >= '0' &&
		stem[3] <= '9'
}

// folderWriter writes the files of a folder.
type folderWriter struct {
	*document
	root  *os.Root
	taken map[string]bool // names of files, in lower case: some systems ignore case
	manifest
}

// unique returns a name for a key, with the ending, that no other file of the folder has.
func (w *folderWriter) unique(folder, key, ending string) string {
	stem := safeName(key)
	name := path.Join(folder, stem+ending)
	for n := 1; w.taken[strings.ToLower(name)]; n++ {
		name = path.Join(folder, fmt.Sprintf("%s_%d%s", stem, n, ending))
	}
	w.taken[strings.ToLower(name)] = true
	return name
}

// writeFolder writes a document as a folder. A new folder gets its name when it is complete. In an
// existing folder each file is replaced when it is complete, and the manifest last.
func writeFolder(out *output, v any) error {
	target := filepath.Clean(out.path)
	info, err := os.Stat(target)
	switch {
	case err == nil && info.IsDir():
		return out.fillFolder(target, v)
	case err == nil:
		return &fs.PathError{Op: "write", Path: target, Err: errors.New("not a folder")}
	}
	temporary, err := os.MkdirTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return err
	}
	if err = out.fillFolder(temporary, v); err == nil {
		if err = os.Chmod(temporary, 0o755); err == nil {
			err = os.Rename(temporary, target)
		}
	}
	if err != nil {
		os.RemoveAll(temporary)
	}
	return err
}

// fillFolder writes the files of a document, and then the manifest.
func (out *output) fillFolder(folder string, v any) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	w := &folderWriter{document: out.document(), root: root,
		taken: map[string]bool{manifestName: true}}
	top, err := w.normalize(v, "")
	if err != nil {
		return err
	}
	if m, ok := top.(dict); ok {
		err = w.dict(m, "", nil)
	} else {
		w.manifest.Root = true
		err = w.file(v, "", "data", nil)
	}
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(w.manifest, "", "  ")
	if err != nil {
		return err
	}
	_, _, err = writeInRoot(root, manifestName, func(f io.Writer) error {
		_, err := f.Write(append(data, '\n'))
		return err
	})
	return err
}

// folderCells is how many cells a folder counts as. Making one takes as long as writing 64 KiB.
const folderCells = 4096

// dict writes the items of a dict as files. Items that are dicts become folders.
func (w *folderWriter) dict(items dict, folder string, key []string) error {
	if len(key) > maxGroups {
		return w.refuse("", "dicts that deep, or in themselves", KindDict)
	}
	for _, e := range items {
		own := append(slices.Clone(key), e.name)
		v, err := w.normalize(e.value, child("", e.name))
		if err != nil {
			return err
		}
		m, ok := v.(dict)
		if !ok || len(m) == 0 {
			if err := w.file(e.value, folder, e.name, own); err != nil {
				return err
			}
			continue
		}
		if err := w.expansion.visit(identity(e.value), folderCells); err != nil {
			return err
		}
		inner := w.unique(folder, e.name, "")
		if err := w.root.Mkdir(inner, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		if err := w.dict(m, inner, own); err != nil {
			return err
		}
	}
	return nil
}

// file writes one value: an array as .npy, a table as Parquet, anything else as a pickle.
func (w *folderWriter) file(v any, folder, name string, key []string) error {
	looked, err := w.normalize(v, "")
	if err != nil {
		return err
	}
	f := manifestFile{Key: key}
	format := formatNamed("pickle")
	switch x := looked.(type) {
	case *ndarray.Array:
		if !x.HasObject() {
			format, f.DType, f.Shape = formatNamed("npy"), x.DType().Str(), x.Shape()
		}
	case *frame.Frame:
		format = formatNamed("parquet")
	}
	// A format may turn out not to hold the value, such as a table for which Arrow has no
	// type. Then the value is pickled, which holds everything.
	for {
		f.File = w.unique(folder, name, format.Endings[0])
		temporary := &output{config: w.config, format: format}
		f.SHA256, f.Bytes, err = temporary.inRoot(w.root, f.File, v)
		if err == nil || !isHoldError(err) || format.Name == "pickle" {
			break
		}
		delete(w.taken, strings.ToLower(f.File))
		format, f.DType, f.Shape = formatNamed("pickle"), "", nil
	}
	w.Files = append(w.Files, f)
	return err
}

// inRoot writes a value as a temporary file, and moves the file into the folder.
func (out *output) inRoot(root *os.Root, name string, v any) (sum string, size int64, err error) {
	folder, err := os.MkdirTemp(root.Name(), ".unpkl.*")
	if err != nil {
		return "", 0, err
	}
	defer os.RemoveAll(folder)
	out.path = filepath.Join(folder, "value"+out.format.Endings[0])
	if err := out.format.write(out, v); err != nil {
		return "", 0, err
	}
	if sum, size, err = checksum(out.path); err != nil {
		return "", 0, err
	}
	return sum, size, root.Rename(filepath.Join(filepath.Base(folder), filepath.Base(out.path)),
		name)
}

// writeInRoot writes a file of a folder: it gets its name when it is complete. It returns the
// SHA-256 and the size in bytes.
func writeInRoot(root *os.Root, name string, fill func(w io.Writer) error) (sum string, size int64,
	err error) {
	temporary := "." + path.Base(name) + ".tmp"
	root.Remove(temporary)
	f, err := root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", 0, err
	}
	h := sha256.New()
	counted := &counter{w: io.MultiWriter(f, h)}
	err = fill(counted)
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = root.Rename(temporary, name)
	}
	if err != nil {
		root.Remove(temporary)
	}
	return hex.EncodeToString(h.Sum(nil)), counted.written, err
}

// counter counts the bytes that are written through it.
type counter struct {
	w       io.Writer
	written int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.written += int64(n)
	return n, err
}

// checksum returns the SHA-256 and the size in bytes of a file.
func checksum(name string) (sum string, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// maxManifest bounds the size of a manifest, in bytes.
const maxManifest = 256 << 20

// readManifest reads and checks a manifest.
func readManifest(root *os.Root) (*manifest, error) {
	f, err := root.Open(manifestName)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxManifest))
	if err != nil {
		return nil, err
	}
	var m manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, malformed("%s: %v", manifestName, err)
	}
	for _, file := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(file.File)) {
			return nil, malformed("%s: %q leads out of the folder", manifestName, file.File)
		}
	}
	return &m, nil
}

// readFolder reads the files that the manifest of a folder lists. Without a manifest it reads all
// files whose endings are known.
func readFolder(in *input) (any, error) {
	root, err := os.OpenRoot(in.path)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	m, err := readManifest(root)
	if errors.Is(err, fs.ErrNotExist) {
		return in.looseFiles()
	}
	if err != nil {
		return nil, err
	}
	if m.Axis != nil {
		return nil, unsupported("a folder of parts of one array: Join reads it")
	}
	out := &types.Dict{}
	for _, file := range m.Files {
		v, err := in.manifestValue(root, &file)
		if err != nil {
			return nil, err
		}
		if m.Root {
			return v, nil
		}
		if err := setPath(out, file.Key, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// manifestValue reads one file after checking its checksum.
func (in *input) manifestValue(root *os.Root, file *manifestFile) (any, error) {
	f, err := root.Open(filepath.FromSlash(file.File))
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	_, err = io.Copy(h, f)
	f.Close()
	if err != nil {
		return nil, err
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != file.SHA256 {
		return nil, malformed("%s: the checksum of %q is %s", manifestName, file.File, got)
	}
	own := *in.config
	own.from, own.selects = "", ""
	return own.read(filepath.Join(root.Name(), filepath.FromSlash(file.File)))
}

// setPath sets the value at a path of keys, and makes the dicts along the path.
func setPath(d *types.Dict, key []string, v any) error {
	if len(key) == 0 {
		return malformed("%s: a file without a key", manifestName)
	}
	for _, name := range key[:len(key)-1] {
		var inner *types.Dict
		for _, e := range *d {
			if e.Key == any(name) {
				inner, _ = e.Value.(*types.Dict)
			}
		}
		if inner == nil {
			inner = &types.Dict{}
			*d = append(*d, types.DictEntry{Key: name, Value: inner})
		}
		d = inner
	}
	*d = append(*d, types.DictEntry{Key: key[len(key)-1], Value: v})
	return nil
}

// looseFiles reads the files of a folder without a manifest as a dict by their names.
func (in *input) looseFiles() (any, error) {
	files, err := os.ReadDir(in.path)
	if err != nil {
		return nil, err
	}
	out := types.Dict{}
	for _, f := range files {
		format, _ := formatOfPath(f.Name())
		if !f.Type().IsRegular() || format == nil || strings.HasPrefix(f.Name(), ".") {
			continue
		}
		own := *in.config
		own.from, own.selects = "", ""
		v, err := own.read(filepath.Join(in.path, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("convert: %s: %w", f.Name(), err)
		}
		out = append(out, types.DictEntry{Key: strings.TrimSuffix(f.Name(), filepath.Ext(f.Name())),
			Value: v})
	}
	return &out, nil
}
