package input

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is the folder of a pickle on disk. It opens regular files in that folder itself by their
// bare names; neither a path nor a link leads out of it.
type Folder string

// FolderOf returns the folder of the file at path.
func FolderOf(path string) Folder { return Folder(filepath.Dir(path)) }

// Open opens the regular file called name. It implements fs.FS.
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
	// A link may have replaced the file since Lstat.
	if now, err := file.Stat(); err != nil || !os.SameFile(before, now) {
		file.Close()
		return nil, &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	return file, nil
}
