package main

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// statusInterrupted is the exit status of a process that Ctrl-C ends, as shells have it.
const statusInterrupted = 128 + int(syscall.SIGINT)

// interruptPatience is how long an interrupt waits for stores to forget what they were sent.
const interruptPatience = 5 * time.Second

// halfWritten are the files, and folders with some, that are being written under another name.
var halfWritten struct {
	sync.Mutex
	names map[string]bool
}

// keepTrack makes a file that is being written until done is called. An interrupt waits while the
// file is made, so that it finds its name.
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

// beforeExit sets what is called before the process is ended, or nil.
func beforeExit(do func()) {
	interruptible.Lock()
	defer interruptible.Unlock()
	interruptible.before = do
}

// interruptible is what ends in its own way where the process is told to end.
var interruptible struct {
	sync.Mutex
	cancel context.CancelFunc
	before func() // called before the process is ended, or nil
}

// untilInterrupt returns a context that ends where the process is told to end for the first time,
// instead of the process.
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

// cancelled ends what is interruptible; it reports whether there was any.
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

// removeOnInterrupt removes what is half-written when the process is told to end.
func removeOnInterrupt() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			if cancelled() {
				continue
			}
			halfWritten.Lock() // what is being written stays so until the process ends
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
