package main

import (
	"io"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows a bar of files on standard error if that is a terminal, and nowhere else.
func (s *streams) progress(what string, files int) (step, end func()) {
	file, ok := terminalOf(s.err)
	if !ok || files < 2 || s.quiet || s.pager != nil {
		return func() {}, func() {}
	}
	p := mpb.New(mpb.WithOutput(file), mpb.WithWidth(40))
	bar := p.AddBar(int64(files), mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(what+" "), decor.CountersNoUnit("%d/%d")))
	return bar.Increment, func() {
		bar.Abort(true)
		p.Wait()
	}
}

// longInput is the size, in bytes, of a file that takes long enough to read for a bar.
const longInput = 256 << 20

// progressBytes shows how far the reading of a large file is: bytes, rate, time left.
func (s *streams) progressBytes(name string, r io.Reader, size int64) (io.Reader, func()) {
	file, ok := terminalOf(s.err)
	if !ok || size < longInput || s.quiet || s.pager != nil {
		return r, func() {}
	}
	p := mpb.New(mpb.WithOutput(file), mpb.WithWidth(40))
	bar := p.AddBar(size, mpb.BarRemoveOnComplete(),
		mpb.PrependDecorators(decor.Name(printable(name)+" "),
			decor.CountersKibiByte("% .1f / % .1f")),
		mpb.AppendDecorators(decor.AverageSpeed(decor.SizeB1024(0), "% .1f "),
			decor.AverageETA(decor.ET_STYLE_GO)))
	end := func() {
		bar.Abort(true)
		p.Wait()
	}
	counted, err := bar.ProxyReader(r)
	if err != nil {
		return r, end
	}
	return counted, end
}

// progressMany shows how many files are done of a list whose end is not known, and how many a
// second.
func (s *streams) progressMany(what string) (step, end func()) {
	file, ok := terminalOf(s.err)
	if !ok || s.quiet || s.pager != nil {
		return func() {}, func() {}
	}
	p := mpb.New(mpb.WithOutput(file), mpb.WithWidth(40))
	bar := p.AddSpinner(0, mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name(what+" "),
		decor.CurrentNoUnit("%d files "), decor.AverageSpeed(0, "%.0f/s ")))
	return bar.Increment, func() {
		bar.Abort(true)
		p.Wait()
	}
}
