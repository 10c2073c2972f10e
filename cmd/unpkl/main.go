// Command unpkl shows what is in a Python pickle file. Nothing of the file is
// executed. See "unpkl help".
package main

import "os"

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
