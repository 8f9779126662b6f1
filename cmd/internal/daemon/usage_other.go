//go:build !linux

package daemon

import (
	"errors"
	"time"
)

// Usage is what a process takes of its machine.
type Usage struct {
	Resident int64         // bytes of memory
	Peak     int64         // most bytes of memory since it began
	CPU      time.Duration // of the processor since it began
	Threads  int
	Stopped  bool // by a signal, until it is told to go on
}

// UsageOf is not known here: only Linux says it in files. The error is errors.ErrUnsupported.
func UsageOf(int) (Usage, error) { return Usage{}, errors.ErrUnsupported }
