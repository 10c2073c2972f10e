package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// statusInterrupted is the exit status that shells give to a process that Ctrl-C ended.
const statusInterrupted = 128 + int(syscall.SIGINT)

// interruptPatience is how long an interrupt waits for stores to drop incomplete uploads.
const interruptPatience = 5 * time.Second

// halfWritten has the files and folders that are being written under temporary names.
var halfWritten struct {
	sync.Mutex
	names map[string]bool
}

// keepTrack creates a file that an interrupt removes unless done has been called. An interrupt
// waits while create runs, so that it finds the name of the file.
func keepTrack(create func() (*os.File, error)) (f *os.File, done func(), err error) {
	halfWritten.Lock()
	defer halfWritten.Unlock()
	if f, err = create(); err != nil {
		return nil, nil, err
	}
	if halfWritten.names == nil {
		halfWritten.names = map[string]bool{}
	}
	name := f.Name()
	halfWritten.names[name] = true
	return f, func() {
		halfWritten.Lock()
		defer halfWritten.Unlock()
		delete(halfWritten.names, name)
	}, nil
}

// beforeExit sets the function that an interrupt calls before it ends the process. It may be nil.
func beforeExit(do func()) {
	interruptible.Lock()
	defer interruptible.Unlock()
	interruptible.before = do
}

// interruptible has what an interrupt ends in place of the process.
var interruptible struct {
	sync.Mutex
	cancel context.CancelFunc // nil if nothing is interruptible
	before func()             // called before an interrupt ends the process, or nil
}

// untilInterrupt returns a context that the first interrupt cancels in place of ending the process,
// until done is called.
func untilInterrupt() (ctx context.Context, done func()) {
	ctx, cancel := context.WithCancel(context.Background())
	interruptible.Lock()
	defer interruptible.Unlock()
	interruptible.cancel = cancel
	return ctx, func() {
		interruptible.Lock()
		defer interruptible.Unlock()
		interruptible.cancel = nil
		cancel()
	}
}

// cancelled cancels the context of untilInterrupt, and reports whether there was one.
func cancelled() bool {
	interruptible.Lock()
	defer interruptible.Unlock()
	if interruptible.cancel == nil {
		return false
	}
	interruptible.cancel()
	interruptible.cancel = nil
	return true
}

// removeOnInterrupt makes an interrupt remove half-written files before it ends the process.
func removeOnInterrupt() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			if cancelled() {
				continue
			}
			halfWritten.Lock() // until the process ends, so that no file is created any more
			uploads.stop(interruptPatience)
			for name := range halfWritten.names {
				os.RemoveAll(name)
			}
			interruptible.Lock()
			if interruptible.before != nil {
				interruptible.before()
			}
			os.Exit(statusInterrupted)
		}
	}()
}
