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

// paged has the commands whose output a pager shows on a terminal.
var paged = []string{"unpkl", "audit", "diff", "dis", "get", "head", "info", "sample", "stats",
	"tail", "to-json"}

// pagerName returns the command of the pager: PAGER, or less if it is installed. It is empty if
// there shall be no pager.
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

// pager passes standard output through a pager to the terminal. The first Write starts the pager.
type pager struct {
	terminal *os.File
	name     string

	mu      sync.Mutex
	command *exec.Cmd
	to      io.WriteCloser // the pager's input, or the terminal if the pager cannot be started
	left    bool           // the user has quit the pager
}

// page makes standard output go through a pager if the command is one of paged and writes to a
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

// start starts the pager with the options of git: it shows colours and ends at once if everything
// fits on the screen. p.mu is held.
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

// errLeft is the error of a Write after the user has quit the pager.
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

// close waits until the user quits the pager.
func (p *pager) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.command != nil {
		p.to.Close()
		p.command.Wait() // its exit status does not matter
		p.command = nil
	}
}

// endPager waits for the pager. It returns the error of the command, unless that only says that the
// user quit the pager early.
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
