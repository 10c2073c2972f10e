package main

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
)

// paged are the commands whose output is for reading, so that a pager shows it on a terminal.
var paged = []string{"unpkl", "audit", "diff", "dis", "get", "head", "info", "sample", "stats",
	"tail", "to-json"}

// pagerName returns the pager that the environment asks for: PAGER, or less if there is one; "" for
// none.
func pagerName() string {
	name, set := os.LookupEnv("PAGER")
	if !set {
		name = "less"
		if _, err := exec.LookPath(name); err != nil {
			return ""
		}
	}
	if name = strings.TrimSpace(name); name == "cat" {
		return ""
	}
	return name
}

// pager is what stands between standard output and a terminal. It is started by the first Write.
type pager struct {
	terminal *os.File
	name     string

	mu      sync.Mutex
	command *exec.Cmd
	to      io.WriteCloser // of the command, or terminal where it cannot be started
	left    bool           // the reader has left the pager
}

// page puts a pager before standard output if a command's output is for reading and goes to a
// terminal.
func (s *streams) page(cmd *cobra.Command) {
	o, isOutput := s.out.(output)
	terminal, ok := terminalOf(s.out)
	if s.noPager || !isOutput || !ok || !slices.Contains(paged, cmd.Name()) ||
		os.Getenv("TERM") == "dumb" {
		return
	}
	if name := pagerName(); name != "" {
		s.pager = &pager{terminal: terminal, name: name}
		o.w, o.terminal = s.pager, terminal
		s.out = o
		beforeExit(s.pager.close)
	}
}

// start starts the pager, as git does: a screen that holds all of it is left as it is, and colours
// are shown.
func (p *pager) start() {
	words := strings.Fields(p.name)
	p.command = exec.Command(words[0], words[1:]...)
	if _, err := exec.LookPath("sh"); err == nil {
		p.command = exec.Command("sh", "-c", p.name)
	}
	p.command.Env = os.Environ()
	if _, set := os.LookupEnv("LESS"); !set {
		p.command.Env = append(p.command.Env, "LESS=FRX")
	}
	p.command.Stdout, p.command.Stderr = p.terminal, os.Stderr
	to, err := p.command.StdinPipe()
	if err == nil {
		err = p.command.Start()
	}
	if err != nil {
		p.command, p.to = nil, p.terminal
		return
	}
	p.to = to
}

// errLeft is that of a Write after the reader has left the pager.
var errLeft = errors.New("the reader has left the pager")

// Write writes to the pager.
func (p *pager) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.to == nil {
		p.start()
	}
	n, err := p.to.Write(text)
	if err != nil && p.command != nil {
		p.left, err = true, errLeft
	}
	return n, err
}

// close waits until the reader leaves the pager.
func (p *pager) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command != nil {
		p.to.Close()
		p.command.Wait() // what it ends with is its own matter
		p.command = nil
	}
}

// endPager waits for the pager, and forgives that the reader did not want to see all.
func (s *streams) endPager(err error) error {
	if s.pager == nil {
		return err
	}
	beforeExit(nil)
	s.pager.close()
	if s.pager.left && errors.Is(err, errLeft) {
		return nil
	}
	return err
}
