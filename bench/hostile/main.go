// Command hostile measures what hostile pickles cost this module, gopickle and og-rek. It makes
// more than a thousand inputs of many classes of security hazards. It gives each to each reader in
// a process of its own, with a time limit and a limit on its address space, and notes the outcome,
// the peak resident memory (as the kernel reports it when the process ends) and the time.
//
//	go run . [-only CLASS] [-every N] [-ours] [-write ../../SECURITY.md] [-unpkl PATH]
//
// It exits with 1 if this module panics or hangs on an input, takes more than 64 MiB for one below
// 1 MiB (known.go has the exceptions with a bound for each), or accepts an input that it must
// refuse. It needs Linux. All 3,000 inputs take a quarter of an hour of processor time.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

func main() {
	if len(os.Args) == 4 && os.Args[1] == "generate" {
		if err := generate(os.Args[2], os.Args[3]); err != nil {
			fmt.Fprintln(os.Stderr, "hostile:", err)
			os.Exit(1)
		}
		return
	}
	if len(os.Args) == 4 && os.Args[1] == "read" {
		os.Exit(read(os.Args[2], os.Args[3]))
	}
	only := flag.String("only", "", "only classes whose name contains this")
	write := flag.String("write", "", "put the table into this file, between its markers")
	command := flag.String("unpkl", "", "the unpkl command; empty: build it")
	limit := flag.Duration("limit", 10*time.Second, "processor time for one reader and input")
	jobs := flag.Int("jobs", runtime.NumCPU(), "processes at a time")
	every := flag.Int("every", 1, "take every nth input of each class")
	ours := flag.Bool("ours", false, "only this module's readers")
	list := flag.Bool("list", false, "list the inputs and run nothing")
	flag.Parse()
	if *list {
		for _, in := range build() {
			fmt.Printf("%s\t%s\t%d\t%s\n", in.Class, in.Name, len(in.Data), in.Want)
		}
		return
	}
	if *ours {
		readers = slices.DeleteFunc(readers, func(r reader) bool { return !r.ours })
	}
	if err := run(*every, *only, *write, *command, *limit, *jobs); err != nil {
		fmt.Fprintln(os.Stderr, "hostile:", err)
		os.Exit(1)
	}
}

// A job is one input for one reader.
type job struct {
	input  int
	reader int
}

func run(every int, only, write, command string, limit time.Duration, jobs int) error {
	dir, err := os.MkdirTemp("", "hostile")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if command == "" {
		command = filepath.Join(dir, "unpkl")
		build := exec.Command("go", "build", "-o", command, "./cmd/unpkl")
		build.Dir = "../.."
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("building the command: %v: %s", err, out)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	inputs, err := generated(self, dir, every)
	if err != nil {
		return err
	}
	if err := measureOwn(self, command, dir, limit); err != nil {
		return err
	}
	results := make([][]result, len(inputs))
	var classes []string
	for i, in := range inputs {
		if strings.Contains(in.Class, only) && !slices.Contains(classes, in.Class) {
			classes = append(classes, in.Class)
		}
		results[i] = make([]result, len(readers))
	}
	for _, class := range classes {
		var wg sync.WaitGroup
		work := make(chan job)
		for range jobs {
			wg.Go(func() {
				for j := range work {
					results[j.input][j.reader] = measure(self, command, readers[j.reader],
						inputPath(dir, j.input), limit)
				}
			})
		}
		for i, in := range inputs {
			for r := range readers {
				if in.Class == class && readers[r].takes(class) {
					work <- job{i, r}
				}
			}
		}
		close(work)
		wg.Wait()
		progress(os.Stdout, class, inputs, results)
	}
	return report(os.Stdout, inputs, results, classes, write)
}

// measureOwn fills ownPeak.
func measureOwn(self, command, dir string, limit time.Duration) error {
	path := filepath.Join(dir, "none")
	for _, r := range readers {
		if r.command == nil {
			continue
		}
		none := "N."
		if r.json {
			none = "null"
		}
		if err := os.WriteFile(path, []byte(none), 0o600); err != nil {
			return err
		}
		res := measure(self, command, r, path, limit)
		if res.outcome != "value" {
			return fmt.Errorf("%s of None: %s: %s", r.name, res.outcome, res.text)
		}
		ownPeak[r.name] = max(res.peak-smallProgram, 0)
	}
	return os.Remove(path)
}

// generate writes the inputs and a list of them into a folder. It runs in a process of its own,
// because the peak that the kernel reports for a reader includes the memory of the process that
// started it.
func generate(dir, every string) error {
	n, err := strconv.Atoi(every)
	if err != nil {
		return err
	}
	inputs := sample(build(), max(n, 1))
	for i := range inputs {
		if err := os.WriteFile(inputPath(dir, i), inputs[i].Data, 0o600); err != nil {
			return err
		}
		inputs[i].Size, inputs[i].Data = len(inputs[i].Data), nil
	}
	list, err := json.Marshal(inputs)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "inputs.json"), list, 0o600)
}

// generated runs generate in a process of its own and returns the list.
func generated(self, dir string, every int) (inputs []input, err error) {
	if out, err := exec.Command(self, "generate", dir,
		strconv.Itoa(every)).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("making the inputs: %v: %s", err, out)
	}
	list, err := os.ReadFile(filepath.Join(dir, "inputs.json"))
	if err != nil {
		return nil, err
	}
	return inputs, json.Unmarshal(list, &inputs)
}

// sample returns every nth input of each class, beginning with the first.
func sample(inputs []input, n int) []input {
	var kept []input
	seen := map[string]int{}
	for _, in := range inputs {
		if seen[in.Class]%n == 0 {
			kept = append(kept, in)
		}
		seen[in.Class]++
	}
	return kept
}

func inputPath(dir string, i int) string { return filepath.Join(dir, fmt.Sprintf("%d.pkl", i)) }
