package objects

import (
	"context"
	"errors"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// probeTime is how long somebody may take to answer a question that is asked only to see whether they answer.
const probeTime = 2 * time.Second

// listen asks somebody for a sign of life. Whoever gives none in probeTime does not answer, until they do. The channel is closed
// when it is known.
func (o *Objects) listen(did radicle.DID) <-chan struct{} {
	o.troubles.mu.Lock()
	defer o.troubles.mu.Unlock()
	if asked, ok := o.troubles.asked[did]; ok {
		return asked
	}
	if o.troubles.asked == nil {
		o.troubles.asked = map[radicle.DID]<-chan struct{}{}
	}
	known := make(chan struct{})
	o.troubles.asked[did] = known
	o.begin(func() {
		err := o.hear(did, known)
		o.troubles.mu.Lock()
		delete(o.troubles.asked, did) // before: who is found silent from now on is asked anew
		o.troubles.mu.Unlock()
		o.answered(did, err)
	})
	return known
}

// hear returns what somebody answers, some time.
func (o *Objects) hear(did radicle.DID, known chan<- struct{}) error {
	ctx, cancel := context.WithTimeout(o.ctx, restSilent)
	defer cancel()
	answer := make(chan error, 1)
	o.begin(func() { answer <- o.greet(ctx, did) })
	timer := time.NewTimer(probeTime)
	defer timer.Stop()
	select {
	case err := <-answer:
		close(known)
		return err
	case <-timer.C:
	case <-ctx.Done():
	}
	o.troubles.failed(did, swarm.ErrSilent)
	close(known)
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// greet asks somebody a question, and while they do not answer another one after that which failed: a connection that is cut or
// replaced takes the question with it.
func (o *Objects) greet(ctx context.Context, did radicle.DID) error {
	for {
		_, err := o.opt.People.Holder(did).Have(ctx, make([]blobstore.ShareName, 1), blobstore.Nonce{})
		if err == nil || !errors.Is(o.troubles.with(did), errSilent) {
			return err
		}
		timer := time.NewTimer(probeTime)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// answered takes an answer of somebody of whom that was not certain.
func (o *Objects) answered(did radicle.DID, err error) {
	if err != nil {
		return // which is known by other ways
	}
	o.troubles.alive(did)
	if errors.Is(o.troubles.with(did), errSilent) {
		o.troubles.forgive(did)
		o.wakeAll()
	}
}

// probe asks those of whom nothing was heard lately for a sign of life, all at once: where one is frozen others may be, and each
// would hold up an object for seconds. It returns when it is known.
func (o *Objects) probe() {
	var asked []<-chan struct{}
	for _, did := range o.opt.People.Friends() {
		if o.opt.People.Person(did).Online && o.troubles.before(did) == nil && o.troubles.quiet(did) >= o.opt.Notice/2 {
			asked = append(asked, o.listen(did))
		}
	}
	for _, known := range asked {
		select {
		case <-known:
		case <-o.ctx.Done():
		}
	}
}

// failures remembers what people failed of, and listens to those who were silent.
func (o *Objects) failures(all []*blobstore.HolderError) {
	for _, f := range all {
		o.troubles.failed(f.Holder, f.Err)
		if errors.Is(f.Err, swarm.ErrSilent) {
			o.listen(f.Holder)
		}
	}
}
