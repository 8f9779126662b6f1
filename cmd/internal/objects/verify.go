package objects

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/swarm"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// Verify asks holders to show what they have. Every byte of it is compared with the file, or, where none is at hand, with what
// the shares of K others gave; a quick one asks for three leaves. What is not there is placed again some time, or with
// Heal at once.
func (o *Objects) Verify(ctx context.Context, ask control.Verify, tell Tell) (control.Verified, error) {
	if tell == nil {
		tell = func(control.Line) {}
	}
	out := control.Verified{Objects: []control.VerifiedObject{}}
	if ask.Path != "" && len(ask.OIDs) != 1 {
		return out, &control.Error{Code: control.CodeUsage, Message: "a file is a copy of one object: name that one"}
	}
	objects, err := o.toVerify(ask.OIDs)
	if err != nil {
		return out, err
	}
	for i, p := range objects {
		tell(control.Line{Progress: &control.Progress{What: "verifying", Bytes: int64(i), Total: int64(len(objects)), Unit: "objects"}})
		one, err := o.verify(ctx, p, ask, tell)
		if err != nil {
			return out, err
		}
		out.Objects = append(out.Objects, one)
	}
	return out, o.index.sync(ctx)
}

// toVerify returns objects of the index by name, or all.
func (o *Objects) toVerify(oids []blobstore.OID) ([]blobstore.Pointer, error) {
	if len(oids) == 0 {
		return o.index.all(func(*row) bool { return true }), nil
	}
	var objects []blobstore.Pointer
	for _, oid := range oids {
		r, err := o.known(oid, nil)
		if err != nil {
			return nil, err
		}
		objects = append(objects, r.Pointer)
	}
	return objects, nil
}

// verify verifies one object.
func (o *Objects) verify(ctx context.Context, p blobstore.Pointer, ask control.Verify, tell Tell) (control.VerifiedObject, error) {
	out := control.VerifiedObject{Object: control.Pointer(p), Shares: []control.Share{}}
	unlock, err := o.locks.lock(ctx, p.OID)
	if err != nil {
		return out, err
	}
	defer unlock()
	r := o.index.get(p.OID, p.Size)
	if r == nil || r.Coding.K == 0 {
		return out, nil
	}
	c, err := o.coded(ctx, r, false)
	if err != nil {
		return out, err
	}
	v := &verifying{o: o, c: c, ask: ask, tell: tell}
	if err := v.run(ctx); err != nil {
		return out, err
	}
	now := o.index.get(p.OID, p.Size)
	if now == nil {
		return out, nil
	}
	out.Safety, out.Whole, out.Shares = v.safety(now), v.whole, v.shares(now)
	return out, nil
}

// verifying is an object that is verified.
type verifying struct {
	o      *Objects
	c      *coded
	ask    control.Verify
	tell   Tell
	open   opener // the plaintext; nil where there is none
	whole  bool
	checks []swarm.Check
	healed map[int]bool
}

func (v *verifying) run(ctx context.Context) error {
	done, err := v.find(ctx)
	if err != nil {
		return err
	}
	done = sync.OnceFunc(done)
	defer done()
	s := v.o.sending(v.c, v.o.holders(ctx, v.c), v.open)
	v.whole = v.open != nil && !v.ask.Quick
	if v.checks, err = swarm.Verify(ctx, s, swarm.VerifyOptions{Whole: v.whole}); err != nil {
		return v.explain(err)
	}
	v.note(v.checks)
	if !v.ask.Heal {
		return v.takeBack(ctx)
	}
	v.healed = map[int]bool{}
	if slices.ContainsFunc(v.checks, broken) {
		err = v.heal(ctx, s)
	}
	if err == nil {
		done() // what was read back from friends would be waited for
		err = v.fill(ctx)
	}
	return err
}

// fill places what nobody has: what an earlier verification found missing is not expected of its holder any more. A holder that
// has something else is not asked again before it was told to delete that.
func (v *verifying) fill(ctx context.Context) error {
	before := v.o.index.get(v.c.row.OID, v.c.row.Size)
	unhealed := func(c swarm.Check) bool { return broken(c) && !v.healed[c.Index] }
	if before == nil || slices.ContainsFunc(v.checks, unhealed) {
		return nil
	}
	crowd := newCrowd(v.o.opt.People)
	*v.c.row = *before
	if len(before.of(v.c.k())) < v.c.n {
		if err := v.o.place(ctx, v.o.works.start(before.Pointer, false), v.c, crowd); err != nil {
			return err
		}
	}
	for index := range v.c.row.of(v.c.k()) {
		v.healed[index] = v.healed[index] || before.at(v.c.k(), index) == nil
	}
	v.o.rest(before.Pointer, crowd)
	return nil
}

// find finds the plaintext.
func (v *verifying) find(ctx context.Context) (done func(), err error) {
	nothing := func() {}
	switch {
	case v.ask.Path != "":
		v.open = func() (io.ReadCloser, error) { return os.Open(v.ask.Path) }
		return nothing, nil
	case v.ask.Quick:
		if f, err := openSource(v.c.row); err == nil {
			_ = f.Close()
			v.open = func() (io.ReadCloser, error) { return openSource(v.c.row) }
		}
		return nothing, nil
	}
	open, _, done, err := v.o.plaintext(ctx, v.c.row)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil { // too little of it is there: then what there is shows three leaves
		v.tell(control.Line{Note: v.c.row.OID.String() + ": not every byte can be compared: " + err.Error()})
		return nothing, nil
	}
	v.open = open
	return done, nil
}

func (v *verifying) explain(err error) error {
	if errors.Is(err, swarm.ErrChanged) && v.ask.Path != "" {
		return &control.Error{Code: control.CodeConflict, Message: v.ask.Path + ": is not object " + v.c.row.OID.String()}
	}
	return err
}

// note writes into the index what was found.
func (v *verifying) note(checks []swarm.Check) {
	for _, c := range checks {
		switch c.State {
		case swarm.Held:
			v.o.index.share(v.c.row.OID, v.c.k(), c.Index, c.DID, true)
		case swarm.Missing, swarm.Damaged:
			v.o.lost(v.c, c.Index, c.DID)
		}
	}
}

// heal puts what is missing or damaged where it was.
func (v *verifying) heal(ctx context.Context, s *swarm.Sending) error {
	leave, err := v.o.gate.pass(ctx, ailing(v.checks))
	if err != nil {
		return err
	}
	defer leave()
	report, err := swarm.Heal(ctx, s, v.checks, swarm.SendOptions{Patience: decision})
	for index, at := range report.Placed {
		v.healed[index] = true
		v.o.index.share(v.c.row.OID, v.c.k(), index, at, true)
	}
	for _, f := range report.Failed {
		v.tell(control.Line{Note: v.o.called(f.Holder) + ": " + inWords(f.Err)})
	}
	if len(report.Missing) > 0 {
		v.o.works.start(v.c.row.Pointer, false)
	}
	if errors.Is(err, blobstore.ErrShares) {
		return nil // which the states say
	}
	return err
}

// ailing returns at whom something is broken.
func ailing(checks []swarm.Check) []radicle.DID {
	var dids []radicle.DID
	for _, c := range checks {
		if broken(c) && !slices.Contains(dids, c.DID) {
			dids = append(dids, c.DID)
		}
	}
	return dids
}

func broken(c swarm.Check) bool { return c.State == swarm.Missing || c.State == swarm.Damaged }

// takeBack has damaged shares deleted: offered again, their holder would say that it has them.
func (v *verifying) takeBack(ctx context.Context) error {
	for _, c := range v.checks {
		if c.State == swarm.Damaged && c.Holder != nil {
			v.o.partings.say(c.DID, c.Name)
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	v.o.partings.wake()
	return nil
}

// shares says what became of each share.
func (v *verifying) shares(now *row) []control.Share {
	indices := now.indices(v.c.k(), v.c.n)
	for _, c := range v.checks {
		if !slices.Contains(indices, c.Index) {
			indices = append(indices, c.Index)
		}
	}
	slices.Sort(indices)
	all := make([]control.Share, len(indices))
	for i, index := range indices {
		all[i] = control.Share{Index: index}
		if s := now.at(v.c.k(), index); s != nil {
			all[i] = v.o.describeShare(s)
		}
		if v.healed[index] {
			all[i].State, all[i].Healed = swarm.Held.String(), true
		}
	}
	for _, c := range v.checks {
		one := &all[slices.Index(indices, c.Index)]
		if one.DID == nil { // it is lost
			s := newPlaced(c.DID, v.c.k(), c.Index)
			*one = v.o.describeShare(&s)
		}
		one.State, one.Healed = c.State.String(), v.healed[c.Index]
		if c.Err != nil {
			one.Error = inWords(c.Err)
		}
	}
	return all
}

// safety is how safe the object is by what was found: whoever did not answer does not count.
func (v *verifying) safety(now *row) control.Safety {
	shown := *now
	shown.shares = slices.DeleteFunc(slices.Clone(now.shares), func(s placed) bool {
		return slices.ContainsFunc(v.checks, func(c swarm.Check) bool {
			return c.State == swarm.Unreachable && int(s.k) == v.c.k() && int(s.index) == c.Index
		})
	})
	return newCrowd(v.o.opt.People).safetyOf(&shown)
}

// holders returns the holders of an object that can be reached, dialled where they are away.
func (o *Objects) holders(ctx context.Context, c *coded) []swarm.Person {
	dids := map[radicle.DID]bool{}
	for _, did := range c.row.of(c.k()) {
		dids[did] = true
	}
	reach, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	return o.reachable(reach, slices.Collect(maps.Keys(dids)), func(radicle.DID) bool { return true })
}
