package hdf5_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/unpkl/unpkl/frame"
	"github.com/unpkl/unpkl/hdf5"
	"github.com/unpkl/unpkl/ndarray"
)

// example gives an example a file in a folder of its own.
func example(use func(path string) error) {
	dir, err := os.MkdirTemp("", "hdf5")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := use(filepath.Join(dir, "x.h5")); err != nil {
		log.Fatal(err)
	}
}

// show prints a dataset of a file.
func show(path, name string) error {
	f, err := hdf5.Open(path, nil)
	if err != nil {
		return err
	}
	defer f.Close()
	d, err := f.Dataset(name)
	if err != nil {
		return err
	}
	a, err := d.Read()
	if err == nil {
		fmt.Println(a)
	}
	return err
}

func ExampleCreate() {
	example(func(path string) error {
		w, err := hdf5.Create(path, nil)
		if err != nil {
			return err
		}
		defer w.Abort() // does nothing after Close
		a, err := ndarray.FromSlice([]float64{1, 2, 3, 4, 5, 6}, 2, 3)
		if err != nil {
			return err
		}
		if err := w.Dataset("/run/data", a, nil); err != nil {
			return err
		}
		if err := w.SetAttr("/run/data", "units", "m/s"); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return show(path, "/run/data")
	})
	// Output:
	// [[1. 2. 3.]
	//  [4. 5. 6.]]
}

func ExampleWriter_Dataset() {
	example(func(path string) error {
		w, err := hdf5.Create(path, nil)
		if err != nil {
			return err
		}
		defer w.Abort()
		a, err := ndarray.FromSlice(make([]int32, 100*100), 100, 100)
		if err != nil {
			return err
		}
		err = w.Dataset("packed", a, &hdf5.DatasetOptions{
			Chunks: []int{50, 50}, Deflate: 4, Shuffle: true, Fletcher32: true,
			MaxShape: []int{hdf5.Unlimited, 100},
		})
		if err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		f, err := hdf5.Open(path, nil)
		if err != nil {
			return err
		}
		defer f.Close()
		d, err := f.Dataset("packed")
		if err != nil {
			return err
		}
		fmt.Println(d.Shape(), d.MaxShape(), d.ChunkShape())
		return nil
	})
	// Output: [100 100] [-1 100] [50 50]
}

func ExampleWriter_Appendable() {
	example(func(path string) error {
		w, err := hdf5.Create(path, nil)
		if err != nil {
			return err
		}
		defer w.Abort()
		rows, err := w.Appendable("log", ndarray.DTypeOf[float64](), []int{2}, nil)
		if err != nil {
			return err
		}
		for i := range 3 {
			a, err := ndarray.FromSlice([]float64{float64(i), float64(i * i)}, 1, 2)
			if err != nil {
				return err
			}
			if err := rows.Append(a); err != nil {
				return err
			}
		}
		fmt.Println(rows.Rows())
		if err := rows.Close(); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return show(path, "log")
	})
	// Output:
	// 3
	// [[0. 0.]
	//  [1. 1.]
	//  [2. 4.]]
}

func ExampleOpenFile() {
	example(func(path string) error {
		w, err := hdf5.Create(path, nil)
		if err != nil {
			return err
		}
		defer w.Abort()
		a, err := ndarray.FromSlice([]int64{1, 2, 3})
		if err != nil {
			return err
		}
		err = w.Dataset("x", a, &hdf5.DatasetOptions{MaxShape: []int{hdf5.Unlimited}})
		if err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		if w, err = hdf5.OpenFile(path, nil); err != nil {
			return err
		}
		defer w.Abort()
		x, err := w.Extend("x")
		if err != nil {
			return err
		}
		if err := x.Append(a); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return show(path, "x")
	})
	// Output: [1 2 3 1 2 3]
}

func ExampleWriter_AttachScale() {
	example(func(path string) error {
		w, err := hdf5.Create(path, nil)
		if err != nil {
			return err
		}
		defer w.Abort()
		time, err := ndarray.FromSlice([]float64{0, 0.5, 1})
		if err != nil {
			return err
		}
		for _, step := range []error{
			w.Dataset("time", time, nil),
			w.Dataset("speed", time, nil),
			w.MakeScale("time", "time"),
			w.AttachScale("speed", 0, "time"),
			w.SetLabel("speed", 0, "t"),
			w.Close(),
		} {
			if step != nil {
				return step
			}
		}
		f, err := hdf5.Open(path, nil)
		if err != nil {
			return err
		}
		defer f.Close()
		d, err := f.Dataset("speed")
		if err != nil {
			return err
		}
		labels, err := d.Attr("DIMENSION_LABELS")
		if err != nil {
			return err
		}
		a, err := labels.Read()
		fmt.Println(a.At(0))
		return err
	})
	// Output: t
}

func ExampleWriter_HardLink() {
	example(func(path string) error {
		w, err := hdf5.Create(path, nil)
		if err != nil {
			return err
		}
		defer w.Abort()
		a, err := ndarray.FromSlice([]int8{7})
		if err != nil {
			return err
		}
		for _, step := range []error{
			w.Group("runs"),
			w.Dataset("runs/0", a, nil),
			w.HardLink("first", "runs/0"),
			w.SoftLink("latest", "/runs/0"),
			w.Close(),
		} {
			if step != nil {
				return step
			}
		}
		if err := show(path, "first"); err != nil {
			return err
		}
		return show(path, "latest")
	})
	// Output:
	// [7]
	// [7]
}

func ExampleWriter_Frame() {
	example(func(path string) error {
		speed, err := frame.NewSeries("speed", []float64{1.5, 2})
		if err != nil {
			return err
		}
		f, err := frame.New(speed)
		if err != nil {
			return err
		}
		w, err := hdf5.Create(path, nil)
		if err != nil {
			return err
		}
		defer w.Abort()
		// In Python: pandas.read_hdf("x.h5", "runs")
		if err := w.Frame("runs", f, nil); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
		return show(path, "runs/table")
	})
	// Output: [(0, [1.5]) (1, [2. ])]
}
