package pickleio

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem"
	_ "github.com/apache/beam/sdks/v2/go/pkg/beam/io/filesystem/local" // paths without a scheme
	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"

	"github.com/unpkl/unpkl/internal/batch"
)

func init() {
	register.DoFn3x1[context.Context, string, func(File), error](&listFn{})
	register.Emitter1[File]()
}

// list returns the files that match a pattern, spread over the workers.
func list(s beam.Scope, glob string) beam.PCollection {
	filesystem.ValidateScheme(glob)
	return beam.Reshuffle(s, beam.ParDo(s, &listFn{}, beam.Create(s, glob)))
}

// listFn lists files. A local pattern may contain ** and may be a folder; other patterns are those
// of their file system.
type listFn struct{}

// ProcessElement lists the files of a pattern. It fails if there are none.
func (*listFn) ProcessElement(ctx context.Context, glob string, emit func(File)) error {
	if isLocal(glob) {
		for source, err := range batch.Sources([]string{glob}) {
			if err != nil {
				return fmt.Errorf("pickleio: %s: %w", source.Path, err)
			}
			f := File{Path: source.Path}
			if info, err := os.Stat(source.Path); err == nil {
				f.Size = info.Size()
			}
			emit(f)
		}
		return nil
	}
	fs, err := filesystem.New(ctx, glob)
	if err != nil {
		return err
	}
	defer fs.Close()
	paths, err := fs.List(ctx, glob)
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("pickleio: no file is of the pattern %s", glob)
	}
	for _, path := range paths {
		emit(File{Path: path}) // its size is not needed, because it is not split
	}
	return nil
}

// isLocal reports whether a path is in the local file system.
func isLocal(path string) bool { return !strings.Contains(path, "://") }
