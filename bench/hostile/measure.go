package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	gopickle "github.com/nlpodyssey/gopickle/pickle"

	ogorek "github.com/kisielk/og-rek"

	"github.com/unpkl/unpkl"
	"github.com/unpkl/unpkl/reconstruct"
)

// readers are the ways to read an input, ours first. A reader with a command runs the unpkl command
// with those arguments.
var readers = []reader{
	{name: "Load", ours: true, load: func(data []byte) error {
		_, err := unpkl.Load(bytes.NewReader(data))
		return err
	}},
	{name: "Unmarshal", ours: true, load: func(data []byte) error {
		var v struct {
			A []float64
			B map[string]any
			C [][]int32
		}
		return unpkl.Unmarshal(data, &v)
	}},
	{name: "rewrite", ours: true, load: func(data []byte) error {
		v, err := unpkl.LoadBytes(data, unpkl.WithObjects())
		if err == nil {
			_, err = unpkl.Marshal(v)
		}
		return err
	}},
	{name: "to-json", ours: true, command: []string{"to-json", "--arrays=values",
		"--max-output=16MiB"}},
	{name: "dis", ours: true, command: []string{"dis", "--max-output=16MiB"}},
	{name: "audit", ours: true, command: []string{"audit"}},
	{name: "repickle", ours: true, command: []string{"repickle"}, out: os.DevNull},
	{name: "pack", ours: true, command: []string{"pack", "-o", os.DevNull}, json: true},
	{name: "gopickle", load: func(data []byte) error {
		u := gopickle.NewUnpickler(bytes.NewReader(data))
		_, err := u.Load()
		return err
	}},
	{name: "gopickle with reconstruct.FindClass", load: func(data []byte) error {
		u := gopickle.NewUnpickler(bytes.NewReader(data))
		u.FindClass = reconstruct.FindClass
		_, err := u.Load()
		return err
	}},
	{name: "og-rek", load: func(data []byte) error {
		_, err := ogorek.NewDecoderWithConfig(bytes.NewReader(data),
			&ogorek.DecoderConfig{StrictUnicode: true, PyDict: true}).Decode()
		return err
	}},
}

type reader struct {
	name    string
	ours    bool
	load    func(data []byte) error
	command []string // the arguments before the path
	out     string   // the argument after the path
	json    bool     // the reader is for jsonClass alone
}

// takes reports whether the reader is for inputs of a class.
func (r reader) takes(class string) bool { return r.json == (class == jsonClass) }

// addressSpace is the limit on the address space of a reader's process. Go's runtime takes
// some of it without using it.
const addressSpace = 4 << 30

// read is the main function of a reader's process. It returns the exit status: 0 for a value, 1 for
// an error, 9 if the reader could not run.
func read(name, path string) int {
	if err := syscall.Setrlimit(syscall.RLIMIT_AS,
		&syscall.Rlimit{Cur: addressSpace, Max: addressSpace}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 9
	}
	if seconds, err := strconv.ParseUint(os.Getenv("HOSTILE_SECONDS"), 10, 32); err == nil &&
		seconds > 0 {
		if err := syscall.Setrlimit(syscall.RLIMIT_CPU,
			&syscall.Rlimit{Cur: seconds, Max: seconds}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 9
		}
	}
	for _, r := range readers {
		if r.name != name {
			continue
		}
		if r.command != nil {
			command := os.Getenv("HOSTILE_UNPKL")
			args := append(append([]string{command}, r.command...), path)
			if r.out != "" {
				args = append(args, r.out)
			}
			err := syscall.Exec(command, args, os.Environ())
			fmt.Fprintln(os.Stderr, err)
			return 9
		}
		data, err := os.ReadFile(path)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 9
		}
		if err := r.load(data); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return 0
	}
	return 9
}

// A result is the result of one reader for one input.
type result struct {
	outcome string        // "value", "error", "panic", "fatal", "hang", "broken"; "" if not run
	text    string        // the beginning of standard error
	peak    int64         // resident bytes
	took    time.Duration // processor time
}

// measure runs one reader on one input.
func measure(self, command string, r reader, path string, limit time.Duration) result {
	// The limit applies to the processor time, since a process that has to wait for others does not
	// hang.
	ctx, cancel := context.WithTimeout(context.Background(), 30*limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, self, "read", r.name, path)
	cmd.Env = append(os.Environ(), "HOSTILE_UNPKL="+command, "GOTRACEBACK=none",
		fmt.Sprintf("HOSTILE_SECONDS=%d", int(limit.Seconds())))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	begin := time.Now()
	err := cmd.Run()
	res := result{took: time.Since(begin), text: strings.TrimSpace(stderr.String())}
	if len(res.text) > 300 {
		res.text = res.text[:300]
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if ok {
		res.peak = usage.Maxrss << 10
		res.took = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil, errors.As(err, &exit) && res.took >= limit-limit/20:
		res.outcome = "hang"
	case err == nil:
		res.outcome = "value"
	case strings.Contains(res.text, "fatal error:"):
		res.outcome = "fatal"
	case strings.Contains(res.text, "panic:"):
		res.outcome = "panic"
	case errors.As(err, &exit) && exit.ExitCode() == 1:
		res.outcome = "error"
	default:
		res.outcome = "broken"
		res.text = fmt.Sprint(err, ": ", res.text)
	}
	return res
}
