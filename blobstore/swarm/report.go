package swarm

import (
	"errors"
	"fmt"

	"radswarm/radicle"
)

var (
	// ErrSilent is a holder that did not answer in time.
	ErrSilent = errors.New("does not answer")
	// ErrFalse is a holder that sent bytes which are not those of the share.
	ErrFalse = errors.New("sent bytes that are not its share's")
)

// unprovenError is a holder that did not prove a block which may be false.
type unprovenError struct{ err error }

func (e *unprovenError) Error() string { return fmt.Sprintf("did not prove what it sent: %v", e.err) }

// Is makes it an ErrFalse: the block was of no use, and nothing says that the next will be.
func (e *unprovenError) Is(target error) bool { return target == ErrFalse }

// Unwrap returns why there is no proof.
func (e *unprovenError) Unwrap() error { return e.err }

// FetchReport is what became of a download.
type FetchReport struct {
	Sources []SourceReport // in the order in which they joined
	Extra   int64          // bytes that arrived and were of no use
}

// SourceReport is what one source did in a download.
type SourceReport struct {
	DID    radicle.DID
	Index  int   // of its share
	Blocks int   // that it sent
	Bytes  int64 //
	Late   int   // blocks that others sent because it did not in its usual time
	Silent int   // times that it answered nothing for so long that it was not asked for a while
	Err    error // what it said last, [ErrFalse] included, or nil
}

func (d *download) report() *FetchReport {
	r := &FetchReport{Extra: d.extra}
	for _, s := range d.sources {
		r.Sources = append(r.Sources, s.told)
	}
	return r
}
