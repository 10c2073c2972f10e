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

// manifestName is the file of a folder that says what the others are.
const manifestName = "manifest.json"

// manifest says what the files of a folder are.
type manifest struct {
	Files []manifestFile `json:"files"`
	// Root is set where the document is no dict but one value.
	Root bool `json:"root,omitempty"`
	// Axis is set by Split: the files are parts of one array along it.
	Axis  *int  `json:"axis,omitempty"`
	Shape []int `json:"shape,omitempty"`
}

// manifestFile is one file.
type manifestFile struct {
	// Key is the way from the root of the document.
	Key    []string `json:"key"`
	File   string   `json:"file"`
	DType  string   `json:"dtype,omitempty"`
	Shape  []int    `json:"shape,omitempty"`
	Bytes  int64    `json:"bytes"`
	SHA256 string   `json:"sha256"`
}

// safeName returns a name for a file that stands for a key on every system: no path, no device, not
// long, nothing that is hidden.
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

// isDevice reports whether Windows takes a name for a device.
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
	root *os.Root
	met  map[string]bool // names in lower case
	manifest
}

// unique returns a name with the ending that no other file of the folder has.
func (w *folderWriter) unique(folder, key, ending string) string {
	stem := safeName(key)
	name := path.Join(folder, stem+ending)
	for n := 1; w.met[strings.ToLower(name)]; n++ {
		name = path.Join(folder, fmt.Sprintf("%s_%d%s", stem, n, ending))
	}
	w.met[strings.ToLower(name)] = true
	return name
}

// writeFolder writes a document as a folder: a new one is complete when it has the name; in one
// that is there each file is, and the manifest comes last.
func writeFolder(out *output, v any) error {
	target := filepath.Clean(out.name)
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

func (out *output) fillFolder(folder string, v any) error {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	w := &folderWriter{document: out.document(), root: root,
		met: map[string]bool{manifestName: true}}
	top, err := w.look(v, "")
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

// dict writes the items of a dict: those that are dicts as folders.
func (w *folderWriter) dict(items dict, folder string, key []string) error {
	if len(key) > maxGroups {
		return w.refuse("", "dicts that deep, or in themselves", KindDict)
	}
	for _, e := range items {
		own := append(slices.Clone(key), e.name)
		v, err := w.look(e.value, child("", e.name))
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
	looked, err := w.look(v, "")
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
	// A format that cannot hold the value after all, such as a table that Arrow has no type for, is
	// replaced by the one that holds everything.
	for {
		f.File = w.unique(folder, name, format.Endings[0])
		temporary := &output{config: w.config, format: format}
		f.SHA256, f.Bytes, err = temporary.inRoot(w.root, f.File, v)
		if err == nil || !isHold(err) || format.Name == "pickle" {
			break
		}
		delete(w.met, strings.ToLower(f.File))
		format, f.DType, f.Shape = formatNamed("pickle"), "", nil
	}
	w.Files = append(w.Files, f)
	return err
}

// inRoot writes a value with the format's writer and moves the file into the folder.
func (out *output) inRoot(root *os.Root, name string, v any) (sum string, size int64, err error) {
	folder, err := os.MkdirTemp(root.Name(), ".unpkl.*")
	if err != nil {
		return "", 0, err
	}
	defer os.RemoveAll(folder)
	out.name = filepath.Join(folder, "value"+out.format.Endings[0])
	if err := out.format.write(out, v); err != nil {
		return "", 0, err
	}
	if sum, size, err = checksum(out.name); err != nil {
		return "", 0, err
	}
	return sum, size, root.Rename(filepath.Join(filepath.Base(folder), filepath.Base(out.name)),
		name)
}

// writeInRoot writes a file of a folder, complete or not at all.
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
	return hex.EncodeToString(h.Sum(nil)), counted.n, err
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// checksum returns the SHA-256 of a file and its size.
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

// maxManifest bounds the manifest that is read, in bytes.
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

// readFolder reads a folder by its manifest, or else each file in it that is of a known ending, by
// name.
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
		if err := put(out, file.Key, v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// manifestValue reads one file after its checksum was compared.
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

// put sets the value at the end of a way through dicts.
func put(d *types.Dict, key []string, v any) error {
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

// looseFiles reads the files of a folder without a manifest: those with a format's ending, by name.
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
