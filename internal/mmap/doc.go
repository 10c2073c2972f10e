// Package mmap maps whole files for reading, where the system has such mappings.
package mmap
