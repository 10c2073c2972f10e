package main

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows a progress bar for a number of files if standard error is a terminal.
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

// longInput is the size in bytes from which on reading a file takes long enough for a progress bar.
const longInput = 256 << 20

// progressBytes shows the progress of reading a large file: bytes, rate and time left.
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

// progressMany shows the number of files that are done, the rate and the time left. count
// determines the number of all files meanwhile, if that can be known.
func (s *streams) progressMany(what string, count func() (n int64, known bool)) (step, end func()) {
	file, ok := terminalOf(s.err)
	if !ok || s.quiet || s.pager != nil {
		return func() {}, func() {}
	}
	p := mpb.New(mpb.WithOutput(file), mpb.WithWidth(40))
	begin := time.Now()
	var total atomic.Int64
	bar := p.AddBar(0, mpb.BarRemoveOnComplete(), mpb.PrependDecorators(decor.Name(what+" "),
		decor.Any(func(now decor.Statistics) string {
			return progressText(now.Current, total.Load(), time.Since(begin))
		})))
	go func() { // nothing waits for it, since the list may be long
		if n, known := count(); known {
			total.Store(n)
			bar.SetTotal(n, false)
		}
	}()
	return bar.Increment, func() {
		bar.Abort(true)
		p.Wait()
	}
}

// progressText returns the text of the progress of a run over many files. total is 0 if it is not
// known.
func progressText(done, total int64, taken time.Duration) string {
	text := humanize.Comma(done)
	if total > 0 {
		text += "/" + humanize.Comma(total)
	}
	text += " files"
	if done == 0 || taken <= 0 {
		return text
	}
	text += fmt.Sprintf(", %s/s", humanize.SIWithDigits(float64(done)/taken.Seconds(), 1, ""))
	if total > done {
		left := time.Duration(float64(taken) / float64(done) * float64(total-done))
		text += ", " + left.Round(time.Second).String() + " left"
	}
	return text
}
