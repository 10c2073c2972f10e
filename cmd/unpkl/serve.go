package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/unpkl/unpkl/internal/serve"
)

func init() { commands = append(commands, serveCommand) }

const serveLong = `serve shows FILE, or the files of a FOLDER, on a page for the browser, and prints its address: the
tree of values, which opens on demand, tables that page and sort, plots, heat maps and pictures
with a slider for each further axis, statistics, what audit finds, the opcodes, and downloads of
any part. Everything that the page needs comes from unpkl; nothing is loaded from a network.

It listens on this machine's loopback only and answers nobody who does not know the token in the
address. Nothing of a file is executed, and no file is changed. Ctrl-C ends it.`

func serveCommand(s *streams) *cobra.Command {
	port := 0
	cmd := &cobra.Command{
		Use:   "serve FILE|FOLDER",
		Short: "Show a file or folder on a page in the browser: trees, tables, plots, findings",
		Long:  serveLong,
		Example: `  unpkl serve model.pkl
  unpkl serve --port 8080 data/`,
		Args: func(cmd *cobra.Command, args []string) error {
			if err := oneFile(cmd, args); err != nil {
				return err
			}
			if args[0] == "-" {
				return usageErrorf("serve takes a FILE or FOLDER, not standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if port < 0 || port > 65535 {
				return usageErrorf("--port %d is not between 0 and 65535", port)
			}
			return runServe(s, args[0], port)
		},
	}
	cmd.Flags().IntVar(&port, "port", 0, "the port to listen on (default one that is free)")
	return cmd
}

func runServe(s *streams, name string, port int) error {
	server, err := serve.New(serve.Options{
		Path: name,
		Open: func(path string) (*serve.Opened, error) { return openToServe(s, path) },
		Save: saveValue,
		// The server closes files while values from them may still be in use.
		CopyText: true,
	})
	if err != nil {
		return &fileError{name, err}
	}
	ctx, done := untilInterrupt()
	defer done()
	l, err := serve.Listen(port)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(s.out, server.Address(l)); err != nil {
		l.Close()
		return err
	}
	return server.Serve(ctx, l)
}

// openToServe reads the first value of a file.
func openToServe(s *streams, path string) (*serve.Opened, error) {
	in, err := openAny(s, path, keepers...)
	if err != nil {
		return nil, err
	}
	v, err := in.next()
	if err == io.EOF {
		err = errEmpty
	}
	if err != nil {
		in.close()
		return nil, err
	}
	opened := &serve.Opened{Value: v, Close: in.close}
	if protocol, ok := in.Protocol(); ok {
		opened.Protocol = &protocol
	}
	return opened, nil
}
