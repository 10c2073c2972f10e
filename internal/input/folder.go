package input

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is the folder of a pickle on disk, from which regular files are opened by their bare
// names: no path leads out of it, and no link.
type Folder string

// FolderOf returns the folder that the file at path is in.
func FolderOf(path string) Folder { return Folder(filepath.Dir(path)) }

// Open opens the regular file of a name. It implements fs.FS.
func (f Folder) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) || name == "." || name != filepath.Base(name) ||
		!filepath.IsLocal(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	path := filepath.Join(string(f), name)
	before, err := os.Lstat(path)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	// Another file may have taken its place in between.
	if now, err := file.Stat(); err != nil || !os.SameFile(before, now) {
		file.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	return file, nil
}
