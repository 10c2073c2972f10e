package serve

import (
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/unpkl/unpkl/internal/describe"
)

// download sends a value as a file in the wanted format. It writes the file to a temporary folder
// of its own, which it removes afterwards.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	select {
	case s.savings <- struct{}{}:
		defer func() { <-s.savings }()
	case <-r.Context().Done():
		return
	}
	folder, err := os.MkdirTemp("", "unpkl-serve-")
	if err != nil {
		http.Error(w, "no temporary file can be made", http.StatusInternalServerError)
		return
	}
	defer os.RemoveAll(folder)
	path, name, err := s.save(r, folder)
	if err != nil {
		http.Error(w, visible(err.Error()), statusOf(err))
		return
	}
	f, err := os.Open(path)
	if err != nil {
		http.Error(w, "the temporary file is gone", http.StatusInternalServerError)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		http.Error(w, "the temporary file is gone", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition",
		mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	http.ServeContent(w, r, "", info.ModTime(), f)
}

// save writes the value that a request names to a new file in folder. It returns the path of the
// file and the name under which the browser shall save it.
func (s *Server) save(r *http.Request, folder string) (path, name string, err error) {
	format := r.FormValue("format")
	err = s.at(r, func(f *file, p describe.Place) error {
		if !slices.Contains(formatsOf(p.Value), format) {
			return badRequestf("%q is none of the formats %s", format,
				strings.Join(formatsOf(p.Value), " "))
		}
		path = filepath.Join(folder, "value"+format)
		name = downloadName(f.path, p) + format
		return s.o.Save(path, p.Value)
	})
	return path, name, err
}

// downloadName returns a file name for a value, without ending: its last key, or the name of the
// file if it is the root, reduced to harmless characters of ASCII.
func downloadName(path string, p describe.Place) string {
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if len(p.At) > 0 {
		name = p.At[len(p.At)-1]
	}
	name = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' ||
			r >= 'A' && r <= 'Z' {
			return r
		}
		return '_'
	}, name)
	name = strings.TrimLeft(name, ".")
	if name == "" {
		return "value"
	}
	return name[:min(len(name), 80)]
}
