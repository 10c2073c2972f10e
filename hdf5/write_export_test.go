package hdf5

import "os"

// DoNotSync makes writers of this process return before the disk has their files.
func DoNotSync() { syncFile = func(*os.File) error { return nil } }
