//go:build purego

package slab

import "time"

// This file is the twin of unsafe.go, which documents the functions, for the build tag purego.

func boxInt(p *int) any        { return *p }
func boxInt64(p *int64) any    { return *p }
func boxFloat(p *float64) any  { return *p }
func boxTime(p *time.Time) any { return *p }
func boxString(p *string) any  { return *p }

// BoxBytes boxes the slice that p points to.
func BoxBytes(p *[]byte) any { return *p }

// BoxList boxes the slice that p points to.
func BoxList(p *[]any) any { return *p }
