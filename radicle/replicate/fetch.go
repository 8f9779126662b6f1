package replicate

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/identity"
	"radswarm/radicle/sigrefs"
	"radswarm/radicle/storage"
)

// Limits bound what one [Fetch] takes from a stranger. Zero fields have the defaults. Where what those have who are no members is too
// much, their namespaces are refused; what members have is fetched before.
type Limits struct {
	Pack       int64         // bytes of all packs. Default: 2 GiB; Radicle's node has 500 MiB
	Objects    int64         // in all packs. Default: 8 million, about what the Linux kernel has
	Object     int64         // bytes of one object, whole; git holds some in memory. Default: 512 MiB
	Unpacked   int64         // bytes of all objects, whole: what git must compute. Default: 64 GiB
	Namespaces int           // that have something new. Default: 4,096
	Refs       int           // in these. Default: 500,000, half of what a repository in storage may have
	Time       time.Duration // from first to last byte, and for verifying. Default: 1 h
}

func (l Limits) withDefaults() Limits {
	l.Pack = orDefault(l.Pack, 2<<30)
	l.Objects = orDefault(l.Objects, 8<<20)
	l.Object = orDefault(l.Object, 512<<20)
	l.Unpacked = orDefault(l.Unpacked, 64<<30)
	l.Namespaces = orDefault(l.Namespaces, 4096)
	l.Refs = orDefault(l.Refs, storage.MaxRefs/2)
	l.Time = orDefault(l.Time, time.Hour)
	return l
}

// Options say what to fetch.
type Options struct {
	Storage *storage.Storage
	RID     radicle.RID
	Local   radicle.NID   // whose home it is: that namespace is never touched once the repository is here
	Alias   radicle.Alias // of the home; becomes the git identity of a repository that is new

	// Follows reports whose namespaces are wanted beside those of the members, which always are: Radicle's scope
	// "followed". Default: everybody's, the scope "all".
	Follows func(radicle.NID) bool
	// Blocks reports whose namespaces are never wanted, members or not. Default: nobody's.
	Blocks func(radicle.NID) bool
	// MinLevel is what signed refs must tie themselves to at least. Default: sigrefs.None, as in Radicle.
	MinLevel sigrefs.Level
	// Again makes namespaces count as new whose signed refs are where they were: it mends what Radicle's node left half done.
	Again bool

	Limits Limits
	Idle   time.Duration // how long the other side may stall. Default: 30 s

	movingIn func() // for tests: called before each attempt to move in
	maxRead  int64  // default: maxRead; for tests
}

func (o Options) withDefaults() Options {
	if o.Blocks == nil {
		o.Blocks = func(radicle.NID) bool { return false }
	}
	o.Limits = o.Limits.withDefaults()
	o.Idle = orDefault(o.Idle, 30*time.Second)
	o.maxRead = orDefault(o.maxRead, maxRead)
	return o
}

// Fetch makes a repository in storage what the other side of the stream has, as far as that verifies, and closes the
// stream. If it is not in storage yet, it is cloned. What may not be moved in is told by the result, and does not keep
// the rest away, unless delegates are concerned: then the error is a [*DivergedError] or a [*ThresholdError]. Other errors are
// [*RemoteError], [*MalformedError], [*LimitError], [ErrStalled], [ErrTime], [ErrIdentity], those of the stream, of storage or
// of git. With an error nothing was moved, unless the disk failed meanwhile.
func Fetch(ctx context.Context, stream io.ReadWriteCloser, o Options) (*Result, error) {
	o = o.withDefaults()
	ctx, cancel := context.WithTimeoutCause(ctx, o.Limits.Time, ErrTime)
	defer cancel()
	f := &fetch{
		Options: o, client: &client{conn: newConn(ctx, stream, o.Idle), rid: o.RID}, budget: budget{limits: o.Limits},
		result: &Result{RID: o.RID}, identities: make(map[radicle.Oid]error),
	}
	_, err := o.Storage.Sweep(ctx)
	if err == nil {
		err = f.run(ctx)
	}
	if err != nil {
		f.client.conn.cut(err, Cancelled) // something may still be on its way
	}
	err = errors.Join(err, f.close())
	if err != nil {
		if cause := context.Cause(ctx); cause != nil {
			return nil, cause
		}
		return nil, err
	}
	return f.result, nil
}

// fetch is one fetch.
type fetch struct {
	Options
	client *client
	budget budget
	result *Result

	repo     *storage.Repo       // nil while it is not in storage
	snapshot *storage.Snapshot   // of repo; empty without
	q        *storage.Quarantine // nil until something is fetched
	listing  *Listing
	anchor   anchor
	read     int64        // bytes, to verify those who are no members
	requests int          // for packs, so far
	again    int          // of these, for what seemed to be here
	fresh    []*candidate // delegates first, then other members

	identities map[radicle.Oid]error // what comes of reading operations on the identity
}

func (f *fetch) close() error {
	var err error
	if f.q != nil {
		err = f.q.Close()
	}
	if f.repo != nil {
		err = errors.Join(err, f.repo.Close())
	}
	return errors.Join(err, f.client.conn.close())
}

// run is the whole of it.
func (f *fetch) run(ctx context.Context) (err error) {
	if err := f.openRepo(ctx); err != nil {
		return err
	}
	if f.listing, err = f.client.list(); err != nil {
		return err
	}
	nothing, err := f.upToDate(ctx)
	if err != nil || nothing {
		return err
	}
	if err := f.quarantine(ctx); err != nil {
		return err
	}
	if err := f.fetchSpecial(ctx); err != nil {
		return err
	}
	if err := f.readLists(ctx); err != nil {
		return err
	}
	if err := f.fetchData(ctx); err != nil {
		return err
	}
	if err := f.check(ctx); err != nil {
		return err
	}
	if err := f.client.conn.close(); err != nil { // the other side need not wait
		return err
	}
	return f.moveIn(ctx)
}

// openRepo opens what is in storage.
func (f *fetch) openRepo(ctx context.Context) (err error) {
	f.snapshot = &storage.Snapshot{}
	f.repo, err = f.Storage.Repository(f.RID)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		f.snapshot, err = f.repo.Refs(ctx)
	}
	return err
}

// upToDate reports whether there is nothing to fetch. No process is started to find out, but for one that reads objects.
func (f *fetch) upToDate(ctx context.Context) (bool, error) {
	if f.repo == nil {
		return false, nil
	}
	at, ok := f.snapshot.Get(identity.RefCanonical)
	if !ok {
		return false, nil
	}
	if at != f.listing.Identity {
		// Theirs may be older. If it is not here, it decides whom to fetch.
		if _, _, err := f.repo.Read(ctx, f.listing.Identity, gitobj.MaxCommit); err != nil {
			return false, notAbsent(err)
		}
	}
	doc, _, err := identity.ReadDocument(ctx, f.repo, at)
	if err != nil {
		return false, err
	}
	return len(f.pick(doc)) == 0, nil
}

// notAbsent is err, unless it says that something is not there.
func notAbsent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// quarantine prepares the place where objects arrive.
func (f *fetch) quarantine(ctx context.Context) (err error) {
	if f.q, err = f.Storage.Quarantine(ctx, f.RID, f.Alias, f.Local); err != nil {
		return err
	}
	if f.repo == nil {
		return nil
	}
	return f.q.Attach()
}

// pick chooses the namespaces to fetch: those that have something new, delegates and members first.
func (f *fetch) pick(doc *identity.Document) []*candidate {
	rank := make(map[radicle.NID]int)
	for _, did := range doc.Members() {
		rank[did.NID()] = 1
	}
	for _, did := range doc.Delegates() {
		rank[did.NID()] = 2
	}
	var picked []*candidate
	for _, p := range f.listing.Peers {
		wanted := rank[p.NID] > 0 || f.Follows == nil || f.Follows(p.NID)
		if wanted && !f.excluded(p.NID) && (f.Again || f.head(p.NID) != p.Head) {
			picked = append(picked, &candidate{Peer: p, member: rank[p.NID] > 0})
		}
	}
	slices.SortStableFunc(picked, func(a, b *candidate) int { return rank[b.NID] - rank[a.NID] })
	return picked
}

// excluded reports whether a namespace is not touched: it is blocked, or ours and here.
func (f *fetch) excluded(nid radicle.NID) bool {
	return f.Blocks(nid) || f.repo != nil && nid == f.Local
}

// head is where the signed refs of a namespace are here.
func (f *fetch) head(nid radicle.NID) radicle.Oid {
	at, _ := f.snapshot.Get(storage.NamespacePrefix(nid) + sigrefs.RefSigrefs)
	return at
}

// fetchSpecial fetches identity and signed refs, and decides whose namespaces are fetched.
func (f *fetch) fetchSpecial(ctx context.Context) error {
	wants := []radicle.Oid{f.listing.Identity}
	if f.Follows == nil { // who the members are makes no difference
		for _, p := range f.listing.Peers {
			if !f.excluded(p.NID) && f.head(p.NID) != p.Head && len(wants) <= f.Limits.Namespaces {
				wants = append(wants, p.Head)
			}
		}
	}
	err := f.fetchSome(ctx, wants)
	if failed(err) && len(wants) > 1 {
		err = f.fetchSome(ctx, wants[:1]) // the others follow, in parts
	}
	if err != nil {
		return err
	}
	if err := f.findAnchor(ctx); err != nil {
		return err
	}
	picked := f.pick(f.anchor.doc)
	if most := f.Limits.Namespaces; len(picked) > most {
		for _, c := range picked[most:] {
			f.result.refuse(c, &LimitError{What: "namespaces with something new", Got: int64(len(picked)), Max: int64(most)})
		}
		picked = picked[:most]
	}
	f.fresh = picked
	return f.fetchFor(ctx, f.fresh, func(c *candidate) []radicle.Oid { return []radicle.Oid{c.Head} })
}
