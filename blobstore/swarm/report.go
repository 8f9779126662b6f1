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
	// ErrUnproven is a holder that did not prove in time what it sent. It may be honest and have gone.
	ErrUnproven = errors.New("did not prove what it sent")
)

// unproven says why there is no proof.
func unproven(err error) error { return fmt.Errorf("%w: %w", ErrUnproven, err) }

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
