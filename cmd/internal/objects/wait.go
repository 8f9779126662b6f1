package objects

import (
	"context"
	"errors"
	"fmt"
	"time"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
)

// errStopping is that the daemon ends.
var errStopping = &control.Error{Code: control.CodeStopping, Message: "the daemon is shutting down; it goes on when it runs again"}

// promise is an object that a client waits for.
type promise struct {
	blobstore.Pointer
	name string // for people
	work *work
	sent int64 // by the work, before
}

// client is a client that waits for objects to be as safe as it requires.
type client struct {
	o        *Objects
	tell     Tell
	require  control.Requirement
	hint     string     // what the client could do if it does not get them so safe
	promises []*promise // that are not kept yet
	kept     int64      // bytes of objects that are as safe as is required
	total    int64

	begun   time.Time
	said    map[string]bool
	reached bool // those who are away were called
}

// beat is how often a client hears how far its objects are.
const beat = 200 * time.Millisecond

// wait returns when all objects are as safe as is required, or it is not going on.
func (w *client) wait(ctx context.Context) error {
	w.begun, w.said = time.Now(), map[string]bool{}
	w.progress()
	ticker := time.NewTicker(beat)
	defer ticker.Stop()
	for {
		next, err := w.check(ctx)
		if next == nil || err != nil {
			return err
		}
		select {
		case <-next:
		case <-ticker.C:
			w.progress()
		case <-ctx.Done():
			return ctx.Err()
		case <-w.o.ctx.Done():
			return errStopping
		}
	}
}

// inSight is how many objects of a client are looked at in one go: they are done about in their order.
const inSight = 64

// check looks at the first objects that are not as safe as is required. It returns a channel of the first of them, nil where there
// is none.
func (w *client) check(ctx context.Context) (<-chan struct{}, error) {
	crowd := newCrowd(w.o.opt.People)
	var first <-chan struct{}
	moved, left := w.begun, []*promise(nil)
	for i, p := range w.promises {
		if len(left) == inSight {
			left = append(left, w.promises[i:]...)
			moved = w.o.works.movedAfter(moved)
			break
		}
		s := p.work.see() // before the row, so that nothing is missed
		safe := w.require == control.Local
		known := w.o.index.look(p.Pointer, func(r *row) { safe = safe || meets(crowd.safetyOf(r), w.require) })
		if known && safe {
			w.kept += p.Size
			continue
		}
		if err := w.fails(p, s, known); err != nil {
			return nil, err
		}
		if left = append(left, p); len(left) == 1 {
			first = s.changed
		}
		if moved = later(moved, s.moved); s.state == queued {
			moved = w.o.works.movedAfter(moved) // others come first
		}
		if s.state == done { // somebody else's work: there is more to do than it saw
			p.work, p.sent = w.o.works.start(p.Pointer, true), 0
		}
	}
	if w.promises = left; len(left) == 0 {
		return nil, nil
	}
	return first, w.stalled(left[0], crowd, time.Since(moved))
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// fails returns what an object failed of for good.
func (w *client) fails(p *promise, s seen, known bool) error {
	switch {
	case s.err == nil && known:
		return nil
	case s.err == nil:
		return &control.Error{Code: control.CodeConflict, Message: p.name + ": was forgotten meanwhile"}
	case errors.Is(s.err, context.Canceled):
		return errStopping
	}
	if e := Explain(s.err); e != nil {
		return &control.Error{Code: e.Code, Message: p.name + ": " + e.Message, Hint: e.Hint}
	}
	return fmt.Errorf("%s: %w", p.name, s.err)
}

// stalled says why nothing moves, and ends the wait when that lasts.
func (w *client) stalled(p *promise, crowd *crowd, still time.Duration) error {
	for _, did := range w.o.troubles.all() {
		w.note(fmt.Sprintf("%s %s", w.o.called(did), inWords(w.o.troubles.with(did))))
	}
	if still < w.o.opt.Notice {
		return nil
	}
	r := w.o.index.get(p.OID, p.Size)
	if r == nil {
		return nil
	}
	if still >= w.o.opt.Patience {
		return w.o.unsafe(p.name, r, crowd, w.require, w.hint)
	}
	if !w.reached {
		w.reached = true
		w.o.reach()
	}
	w.note(w.o.lacks(needed(r, crowd, w.require)))
	return nil
}

// note tells a line once.
func (w *client) note(line string) {
	if !w.said[line] {
		w.said[line] = true
		w.line(control.Line{Note: line})
	}
}

func (w *client) line(l control.Line) {
	if w.tell != nil {
		w.tell(l)
	}
}

// progress tells how far the objects are, in bytes of plaintext.
func (w *client) progress() {
	plain := w.kept
	for _, p := range w.promises[:min(len(w.promises), inSight)] {
		plain += w.plain(p)
	}
	w.line(control.Line{Progress: &control.Progress{What: "storing", Bytes: plain, Total: w.total}})
}

// plain is how much of an object is done: of the shares that are required, the part that was sent.
func (w *client) plain(p *promise) int64 {
	var need int64
	w.o.index.look(p.Pointer, func(r *row) {
		if r.Coding.K > 0 {
			n := r.Coding.K + 1
			if w.require == control.Full {
				n = r.Coding.N
			}
			need = int64(n) * (p.Size/int64(r.Coding.K) + 1)
		}
	})
	if need == 0 {
		return 0
	}
	sent := p.work.see().sent - p.sent
	return min(p.Size-1, int64(float64(p.Size)*float64(sent)/float64(need)))
}

// failed returns with whom there is trouble, or who is away.
func (o *Objects) failed() []control.PersonError {
	out := []control.PersonError{}
	for _, did := range o.troubles.all() {
		out = append(out, control.PersonError{DID: did, Name: o.opt.People.Person(did).Name, Error: inWords(o.troubles.with(did))})
	}
	return out
}

// reach tries to connect to friends who are away.
func (o *Objects) reach() {
	for _, did := range o.opt.People.Friends() {
		if !o.opt.People.Person(did).Online {
			o.begin(func() { _ = o.opt.People.Reach(o.ctx, did) }) // whoever is reached is a change of People
		}
	}
}

// required returns what is required of an object: safe where there is a friend, if nobody says. Where somebody requires friends
// there has to be one.
func (o *Objects) required(asked control.Requirement, name string, tell Tell) (control.Requirement, error) {
	alone := len(o.opt.People.Friends()) == 0
	switch asked {
	case control.Local:
		return asked, nil
	case control.Safe, control.Full:
		if alone {
			return "", &control.Error{
				Code: control.CodeMissing, Message: fmt.Sprintf("%s: require=%s, and there is no friend yet", name, asked),
				Hint: "rad swarm invite --give 50GB",
			}
		}
		return asked, nil
	case "":
	default:
		return "", &control.Error{
			Code: control.CodeUsage, Message: fmt.Sprintf("requirement %q is none of local, safe and full", string(asked)),
		}
	}
	if !alone {
		return control.Safe, nil
	}
	if tell != nil {
		tell(control.Line{Note: "no friend yet: it stays on this disk only until there is one (rad swarm invite)"})
	}
	return control.Local, nil
}
