package swarm

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/object"
)

// ErrDamaged is a holder that goes on having a damaged share in place of the one it was offered.
var ErrDamaged = errors.New("keeps a damaged share")

// Heal puts the shares that Verify found missing or damaged again where they were (SWARM.md §5.2): from the file, or, where
// s.File is nil, from the shares that it found held, of which there must be K. Of s it needs what Send needs, but nobody
// other than the holders in checks is asked for anything, and Shares, Safe, Placed and People count for nothing.
//
// The report has in Placed what is healed, in Missing what is not, and in Failed the holders because of which, with those that
// gave nothing good to heal from. Errors are those of Send, and *blobstore.NotEnoughSharesError.
func Heal(ctx context.Context, s *Sending, checks []Check, opt SendOptions) (*SendReport, error) {
	opt = opt.withDefaults()
	l, err := s.Repair.Locator(s.Manifest.Coding().K())
	if err != nil {
		return &SendReport{}, err
	}
	only := *s
	only.Placed, only.People, only.Shares = nil, nil, 0
	h := &healing{upload: newUpload(&only, l, opt)}
	for _, c := range checks {
		switch c.State {
		case Held:
			h.sources = append(h.sources, c.Source)
		case Missing, Damaged:
			h.broken = append(h.broken, c)
		}
	}
	if err = h.run(ctx); err == nil {
		err = h.confirm(ctx)
	}
	if ctxErr := ctx.Err(); ctxErr != nil {
		err = ctxErr
	}
	report := h.report()
	for _, c := range h.broken {
		if _, there := report.Placed[c.Index]; !there {
			report.Missing = append(report.Missing, c.Index)
		}
	}
	return report, err
}

// healing is a Heal that runs.
type healing struct {
	*upload
	broken  []Check
	sources []Source
}

func (h *healing) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer h.tasks.Wait()
	defer cancel()
	if h.s.File == nil {
		return h.fromShares(ctx)
	}
	parcels := h.offerAll(ctx, h.broken)
	if len(parcels) > 0 {
		h.pass(ctx, parcels)
	}
	h.tasks.Wait() // those that were too slow have passes of their own
	return h.failure()
}

// fromShares heals one share after the other.
func (h *healing) fromShares(ctx context.Context) error {
	for _, c := range h.broken {
		for again := true; again && ctx.Err() == nil; {
			if len(h.sources) < h.s.Manifest.Coding().K() {
				return h.tooFew()
			}
			parcels := h.offerAll(ctx, []Check{c})
			if len(parcels) == 0 {
				break
			}
			var err error
			if again, err = h.rebuild(ctx, parcels[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

// confirm asks for what was put, and takes back what is not there.
func (h *healing) confirm(ctx context.Context) error {
	var people []Person
	for _, c := range h.broken {
		people = append(people, Person{DID: c.DID, Holder: c.Holder})
	}
	s := *h.s
	s.Placed, s.People = h.placed, people
	checks, err := Verify(ctx, &s, VerifyOptions{Patience: h.opt.Patience})
	for _, c := range checks {
		if c.State != Held {
			delete(h.placed, c.Index)
			h.failed = append(h.failed, &blobstore.HolderError{Holder: c.DID, Index: c.Index, Err: cmp.Or(c.Err, fs.ErrNotExist)})
		}
	}
	return err
}

func (h *healing) tooFew() error {
	e := &blobstore.NotEnoughSharesError{Need: h.s.Manifest.Coding().K(), Got: len(h.sources)}
	for _, f := range h.failed {
		e.Failed = append(e.Failed, f)
	}
	return e
}

// offerAll offers shares to their holders, all at once, and returns those whose bytes are wanted.
func (h *healing) offerAll(ctx context.Context, checks []Check) []*parcel {
	parcels := make([]*parcel, len(checks))
	var offering sync.WaitGroup
	for i, c := range checks {
		offering.Go(func() { parcels[i] = h.offerAgain(ctx, c) })
	}
	offering.Wait()
	return slices.DeleteFunc(parcels, func(p *parcel) bool { return p == nil })
}

// offerAgain offers a share to the holder that should have it. One that thinks that a damaged one is good is told to delete it.
func (h *healing) offerAgain(ctx context.Context, c Check) *parcel {
	to := Person{DID: c.DID, Holder: c.Holder}
	for deleted := c.State != Damaged; ; deleted = true {
		p, err := h.start(ctx, c.Index, to)
		if err == nil {
			var o blobstore.Outcome
			if o, err = h.decision(ctx, p); err == nil && !o.Had {
				return p
			}
			p.cancel()
		}
		switch {
		case err == nil && c.State == Missing:
			h.place(c.Index, c.DID)
			return nil
		case err == nil && !deleted:
			err = c.Holder.Delete(ctx, []blobstore.ShareName{c.Name})
		case err == nil:
			err = ErrDamaged
		}
		if err != nil {
			if ctx.Err() == nil {
				h.blame(to, c.Index, err)
			}
			return nil
		}
	}
}

// rebuild sends one share, made from others. Again says that one of them was no good, and is not among the sources any more.
func (h *healing) rebuild(ctx context.Context, p *parcel) (again bool, err error) {
	reading, cancel := context.WithCancel(ctx)
	readers, shares := []*provedReader(nil), map[int]io.Reader{}
	for _, s := range h.sources[:h.s.Manifest.Coding().K()] {
		r := newProvedReader(reading, s, h.s.Manifest.Coding(), h.opt.Patience)
		readers, shares[s.Index] = append(readers, r), r
	}
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { h.watch(watching, []*parcel{p}) })
	err = object.Rebuild(ctx, h.s.Manifest, shares, p.index, p.spool, object.Options{Workers: h.opt.Workers})
	cancel()
	if err != nil {
		p.spool.end(err)
	}
	p.spool.end(io.EOF)
	taken := p.settled(<-p.result)
	stop()
	watch.Wait()
	for _, r := range readers {
		if fault := r.close(); fault != nil && ctx.Err() == nil {
			again = true
			h.blame(Person{DID: r.src.DID, Holder: r.src.Holder}, r.src.Index, fault)
			h.sources = slices.DeleteFunc(h.sources, func(s Source) bool { return s.DID == r.src.DID && s.Index == r.src.Index })
		}
	}
	switch {
	case again || ctx.Err() != nil:
		return again, nil
	case err != nil:
		return false, err
	case taken != nil:
		h.blame(p.to, p.index, fmt.Errorf("not taken: %w", taken))
	default:
		h.place(p.index, p.to.DID)
	}
	return false, nil
}
