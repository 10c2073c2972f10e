package delimited

import (
	"bytes"
	"io"
	"runtime"
)

// AppendField appends a text, in quotes if it needs them, as Python's csv.QUOTE_MINIMAL.
func AppendField(b []byte, field []byte, delimiter byte) []byte {
	if !bytes.ContainsAny(field, "\"\r\n") && bytes.IndexByte(field, delimiter) < 0 {
		return append(b, field...)
	}
	b = append(b, '"')
	for _, c := range field {
		if c == '"' {
			b = append(b, '"')
		}
		b = append(b, c)
	}
	return append(b, '"')
}

// Write writes rows in order. Several goroutines call row, which appends row i to its argument. A
// row has about width bytes.
func Write(w io.Writer, rows, width int, row func(b []byte, i int) []byte) error {
	per := max(1, 1<<18/max(width, 1))
	workers := runtime.GOMAXPROCS(0)
	if rows <= per || workers < 2 {
		return writeAlone(w, rows, per, row)
	}
	// Each piece has a channel for its text; order has the pieces in order, as many as there are
	// workers.
	type piece struct {
		from, to int
		done     chan []byte
	}
	jobs, order := make(chan piece, workers), make(chan piece, workers)
	stop := make(chan struct{})
	free := make(chan []byte, 2*workers)
	for range workers {
		go func() {
			for p := range jobs {
				var b []byte
				select {
				case b = <-free:
				default:
				}
				b = b[:0]
				for i := p.from; i < p.to; i++ {
					b = row(b, i)
				}
				p.done <- b
			}
		}()
	}
	go func() {
		defer close(order)
		defer close(jobs)
		for from := 0; from < rows; from += per {
			p := piece{from, min(from+per, rows), make(chan []byte, 1)}
			select {
			case order <- p:
			case <-stop:
				return
			}
			jobs <- p
		}
	}()
	defer close(stop)
	for p := range order {
		b := <-p.done
		if _, err := w.Write(b); err != nil {
			return err
		}
		select {
		case free <- b:
		default:
		}
	}
	return nil
}

func writeAlone(w io.Writer, rows, per int, row func(b []byte, i int) []byte) error {
	var b []byte
	for i := range rows {
		b = row(b, i)
		if (i+1)%per == 0 || i == rows-1 {
			if _, err := w.Write(b); err != nil {
				return err
			}
			b = b[:0]
		}
	}
	return nil
}
