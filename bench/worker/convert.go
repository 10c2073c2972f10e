package main

import (
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/unpkl/unpkl/convert"
)

// convertTask makes one measurement for formats.py. It prints the least time of ROUNDS calls in
// seconds.
//
//	worker convert ROUNDS read FILE [FLAG]
//	worker convert ROUNDS write SOURCE FILE [FLAG]
//
// FLAG is compress, sidecar or savetxt.
func convertTask(args []string) error {
	if len(args) < 3 {
		return fmt.Errorf("convert takes ROUNDS, read or write, and files")
	}
	rounds, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	opts := []convert.Option{convert.WithObjects()}
	switch args[len(args)-1] {
	case "compress":
		opts = append(opts, convert.WithCompress())
	case "sidecar":
		opts = append(opts, convert.WithRaw(convert.Raw{Sidecar: true}))
	case "savetxt":
		opts = append(opts, convert.WithText(convert.Text{Format: "%.18e"}))
	}
	call := func() error {
		_, err := convert.Read(args[2], opts...)
		return err
	}
	if args[1] == "write" {
		v, err := convert.Read(args[2], convert.WithObjects())
		if err != nil {
			return err
		}
		call = func() error { return convert.Write(args[3], v, opts...) }
	}
	least := time.Hour
	for range rounds {
		begin := time.Now()
		if err := call(); err != nil {
			return err
		}
		least = min(least, time.Since(begin))
	}
	_, err = fmt.Fprintln(os.Stdout, least.Seconds())
	return err
}
