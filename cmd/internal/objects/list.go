package objects

import (
	"context"
	"maps"
	"slices"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/record"
	"radswarm/cmd/internal/control"
	"radswarm/radicle"
)

// List returns all objects, the newest first.
func (o *Objects) List() control.Objects {
	out := control.Objects{Objects: []control.Object{}}
	crowd, why := newCrowd(o.opt.People), o.whys()
	for _, p := range o.index.all(func(*row) bool { return true }) {
		o.index.look(p, func(r *row) { out.Objects = append(out.Objects, crowd.describe(r, why[r.OID])) })
	}
	return out
}

// whys says for what objects wait.
func (o *Objects) whys() map[blobstore.OID]string {
	all := map[blobstore.OID]string{}
	for _, w := range o.works.list() {
		s := w.see()
		switch {
		case s.err != nil:
			all[w.OID] = s.err.Error()
		case s.why != "":
			all[w.OID] = s.why
		}
	}
	return all
}

func (c *crowd) describe(r *row, why string) control.Object {
	out := control.Object{
		Pointer: control.Pointer(r.Pointer), Safety: c.safetyOf(r), Added: r.Added, Public: r.Public, Repositories: []radicle.RID{},
		Pending: !r.Pending.IsZero(), Require: control.Requirement(r.Require), Waiting: why,
	}
	for _, m := range r.Repositories {
		out.Repositories = append(out.Repositories, m.RID)
	}
	slices.SortFunc(out.Repositories, radicle.RID.Compare)
	return out
}

// Holding says who holds an object, also for others who recorded it. One that is not known is a *control.Error with CodeNotFound.
func (o *Objects) Holding(ctx context.Context, oid blobstore.OID, size *int64) (control.Holding, error) {
	r, err := o.known(oid, size)
	if err != nil {
		return control.Holding{}, err
	}
	out := control.Holding{Object: newCrowd(o.opt.People).describe(r, o.whys()[oid]), Shares: []control.Share{}}
	for _, index := range r.indices(r.Coding.K, r.Coding.N) {
		share := control.Share{Index: index}
		if s := r.at(r.Coding.K, index); s != nil {
			share = o.describeShare(s)
		}
		out.Shares = append(out.Shares, share)
	}
	others, err := o.heldForOthers(ctx, r)
	out.Shares = append(out.Shares, others...)
	return out, err
}

// Holders returns who has shares of an object for us, each once.
func (o *Objects) Holders(p blobstore.Pointer) (all []radicle.DID) {
	o.index.look(p, func(r *row) {
		for _, did := range r.of(r.Coding.K) {
			if !slices.Contains(all, did) {
				all = append(all, did)
			}
		}
	})
	slices.SortFunc(all, radicle.DID.Compare)
	return all
}

// indices returns the shares of a coding that are placed, and as many of the first that are not as there are to be, in order. A
// coding that is reused may have shares placed beyond those that we want.
func (r *row) indices(k, n int) []int {
	placed := r.of(k)
	all := slices.Collect(maps.Keys(placed))
	for index := 0; len(all) < n; index++ {
		if _, ok := placed[index]; !ok {
			all = append(all, index)
		}
	}
	slices.Sort(all)
	return all
}

// heldForOthers returns the shares that others have of an object by their records, and that are not kept for us: they do not
// count.
func (o *Objects) heldForOthers(ctx context.Context, r *row) (all []control.Share, err error) {
	choices, err := o.recordsOf(ctx, r)
	for _, choice := range record.Others(choices, o.opt.Self) {
		ours := map[int]radicle.DID{}
		if o.isReused(ctx, r, choice) {
			ours = r.of(r.Coding.K)
		}
		for index, did := range choice.Holders {
			if did.IsZero() || ours[index] == did {
				continue
			}
			s := newPlaced(did, choice.Manifest.Coding().K(), index)
			share, owner := o.describeShare(&s), choice.Place.Writer
			share.For, share.ForName = &owner, o.opt.People.Person(owner).Name
			all = append(all, share)
		}
	}
	return all, err
}

// isReused reports whether our shares of an object are those that a record is about.
func (o *Objects) isReused(ctx context.Context, r *row, choice record.Choice) bool {
	if r.Coding.K != choice.Manifest.Coding().K() {
		return false
	}
	c, err := o.coded(ctx, r, false)
	return err == nil && c.manifest.Key() == choice.Manifest.Key()
}

func (o *Objects) describeShare(s *placed) control.Share {
	did := s.at.Value()
	p := o.opt.People.Person(did)
	out := control.Share{Index: int(s.index), DID: &did, Name: p.Name, Online: p.Online}
	if !p.Seen.IsZero() {
		out.Seen = &p.Seen
	}
	if s.verified != 0 {
		verified := time.Unix(s.verified, 0)
		out.Verified = &verified
	}
	return out
}

// known returns an object of the index.
func (o *Objects) known(oid blobstore.OID, size *int64) (*row, error) {
	want := int64(-1)
	if size != nil {
		want = *size
	}
	r := o.index.get(oid, want)
	if r == nil {
		return nil, &control.Error{Code: control.CodeNotFound, Message: "object " + oid.String() + " is not known here", Hint: "rad swarm ls"}
	}
	return r, nil
}

// Counts sums the objects up.
func (o *Objects) Counts() control.ObjectCount {
	crowd := newCrowd(o.opt.People)
	var c control.ObjectCount
	for _, p := range o.index.all(func(*row) bool { return true }) {
		o.index.look(p, func(r *row) {
			s := crowd.safetyOf(r)
			c.Total, c.Bytes = c.Total+1, c.Bytes+r.Size
			for _, is := range []struct {
				count *int
				yes   bool
			}{{&c.Safe, s.Safe}, {&c.Full, s.Full && s.K > 0}, {&c.Pending, !r.Pending.IsZero()}} {
				if is.yes {
					*is.count++
				}
			}
		})
	}
	return c
}

// maxJobs is how many jobs are listed one by one.
const maxJobs = 100

// Jobs returns what runs or waits, the oldest first, at most a hundred of it.
func (o *Objects) Jobs() []control.Job {
	jobs := []control.Job{}
	for _, w := range o.works.list() {
		if len(jobs) == maxJobs {
			break
		}
		s := w.see()
		job := control.Job{What: "storing " + w.OID.String()[:12], Since: w.since, Bytes: s.sent, Why: s.why}
		if s.err != nil {
			job.Why = s.err.Error()
		}
		o.index.look(w.Pointer, func(r *row) {
			if r.Coding.K > 0 {
				job.Total = int64(r.Coding.N) * (r.Size/int64(r.Coding.K) + 1)
			}
			if r.Next.K > 0 {
				job.What = "coding " + w.OID.String()[:12] + " for more friends"
			}
		})
		jobs = append(jobs, job)
	}
	if shares, people, since := o.partings.waiting(); shares > 0 {
		jobs = append(jobs, control.Job{What: "deleting " + counted(shares, "share"), Since: since, Why: "waiting for " + counted(people, "friend")})
	}
	return jobs
}

// Held returns how many shares of ours somebody has.
func (o *Objects) Held(did radicle.DID) int {
	n := 0
	for range o.sharesAt(did) {
		n++
	}
	return n
}

// sharesAt returns the objects of which somebody has shares, once for each.
func (o *Objects) sharesAt(did radicle.DID) []blobstore.Pointer {
	return o.index.all(func(r *row) bool {
		return slices.ContainsFunc(r.shares, func(s placed) bool { return s.at.Value() == did })
	})
}

// Unrecorded returns the repositories that have objects which are not recorded as they are now.
func (o *Objects) Unrecorded(context.Context) ([]radicle.RID, error) {
	rids := map[radicle.RID]bool{}
	o.index.all(func(r *row) bool {
		for _, m := range r.Repositories {
			if !m.Recorded && r.recordable() {
				rids[m.RID] = true
			}
		}
		return false
	})
	all := make([]radicle.RID, 0, len(rids))
	for rid := range rids {
		all = append(all, rid)
	}
	slices.SortFunc(all, radicle.RID.Compare)
	return all, nil
}

// recordable reports whether an object can be brought back from its shares.
func (r *row) recordable() bool { return r.Coding.K > 0 && len(r.of(r.Coding.K)) >= r.Coding.K }

// Pending returns what is stored for a repository and not recorded as it is now.
func (o *Objects) Pending(ctx context.Context, rid radicle.RID) ([]record.New, error) {
	var all []record.New
	for _, p := range o.index.all(func(r *row) bool {
		return r.recordable() && slices.Contains(r.Repositories, friend.ObjectRepository{RID: rid})
	}) {
		r := o.index.get(p.OID, p.Size)
		if r == nil {
			continue
		}
		c, err := o.coded(ctx, r, false)
		if err != nil {
			return nil, err
		}
		all = append(all, c.record())
	}
	return all, nil
}

// Recorded says that records of these objects say what is known here of them, and are signed and stored.
func (o *Objects) Recorded(ctx context.Context, rid radicle.RID, objects []blobstore.Pointer) error {
	o.index.recorded(rid, true, objects...)
	return o.index.sync(ctx)
}
