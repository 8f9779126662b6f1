package zone

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"radswarm/blobstore/keyring"
	"radswarm/blobstore/record"
	"radswarm/radicle"
)

// Bounds of a round (ZONE.md §6). What is left is the next round's.
const (
	MaxReaders   = 1024 // of a repository
	MaxEnvelopes = 4096 // of epochs that there were before
	MaxRecords   = 4096 // of objects that are not pending
	maxEpochs    = 4096 // of a branch (RECORD.md §2)
	maxProblems  = 32
)

// ErrNoCard is a writer without a key card: nothing is sealed that the writer could not open.
var ErrNoCard = errors.New("no key card of the writer")

// Members knows whom a repository's identity document names.
type Members interface {
	// Readers returns who may read by the accepted revision, which was verified, without those that are listed as
	// non-readers; delegates first. It is called once a round. The slice is the caller's.
	Readers(ctx context.Context, rid radicle.RID) ([]radicle.DID, error)
}

// Cards knows key cards. *keyring.Cards does.
type Cards interface {
	// Get returns the newest card of a DID that was ever seen, nil where there was none.
	Get(did radicle.DID) *keyring.Card
}

// Pending is an object to record.
type Pending struct {
	// Object is new, or opened from a branch of the same repository: the writer's, with a new manifest or holders, or that of
	// another.
	Object *record.Object
	Zone   Zone // as it was settled; zero: not known yet, private
}

// Round is what brings a writer's branch of a repository up to its readers.
type Round struct {
	Place   record.Place
	Branch  *record.Branch // as it is; nil: there is none
	Opener  *record.Opener // the writer's own
	Members Members
	Cards   Cards
	Further []radicle.DID // further DIDs of the writer
	Named   []radicle.DID // whom the owner's settings or commands name; nobody from the repository's files
	Public  bool          // the accepted identity document is that of a public repository
	Pending []Pending
	Seen    Seen // of the round before; zero: none
	// Begun are epochs of results whose batches may not be written yet, or never.
	Begun []Begun
}

// Seen remembers a round with nothing to do, so that the same round again costs next to nothing. It is comparable, and of no
// use in another process's memory.
type Seen struct{ sum [sha256.Size]byte }

// Result is what a round wants done.
type Result struct {
	Batch    record.Batch
	Orders   []OpenShare           // shares of objects that the batch makes public
	Truths   []Truth               // what to tell
	Problems []*record.ObjectError // objects that were left as they are; not more than a few dozen of those that are not pending
	More     bool                  // another round is needed after this batch
	Seen     Seen
	// Begun are the epochs that are not in the branch and that the next round must know of if this batch is handed out: a second
	// one of the same number would fork the list.
	Begun []Begun
}

// Empty reports whether the branch stays as it is.
func (r *Result) Empty() bool {
	return len(r.Batch.Records)+len(r.Batch.Envelopes)+len(r.Batch.Cards) == 0
}

// Plan returns what brings the branch up to its readers (ZONE.md §6). Errors are those of members, of reading the branch, and
// the context's; [ErrNoCard]; and [blobstore.ErrBounds] where a branch can have no more epochs. Objects that cannot be recorded
// are problems and keep nothing from others.
func (r Round) Plan(ctx context.Context) (*Result, error) {
	p, err := r.start(ctx)
	if err != nil {
		return nil, err
	}
	seen := p.sum()
	if len(r.Pending) == 0 && r.Seen == seen {
		return &Result{Seen: seen}, nil
	}
	if err := p.read(ctx); err != nil {
		return nil, err
	}
	if err := p.run(ctx); err != nil {
		return nil, err
	}
	if p.result.Empty() {
		p.result.Seen = seen
	}
	return &p.result, nil
}

// planner is one call of [Round.Plan].
type planner struct {
	Round
	writer  keyring.Recipient
	readers []radicle.DID // at most MaxReaders, each once, without the owner's
	further []radicle.DID // each once, without the writer
	member  bool          // the writer is a reader by the document
	kept    map[keyring.GroupKind][]keyring.Kept
	epochs  int   // in the branch, and started
	next    int64 // number of the next epoch
	budget  int   // envelopes left
	todo    []todo
	keys    map[Zone]keyring.GroupKey // under which objects of a zone are wrapped from now on
	result  Result
}

// start asks who reads.
func (r Round) start(ctx context.Context) (*planner, error) {
	card := r.Cards.Get(r.Place.Writer)
	if card == nil {
		return nil, fmt.Errorf("%v: %w", r.Place.Writer, ErrNoCard)
	}
	readers, err := r.Members.Readers(ctx, r.Place.RID)
	if err != nil {
		return nil, err
	}
	p := &planner{
		Round: r, writer: keyring.Recipient{DID: r.Place.Writer, Card: card}, budget: MaxEnvelopes,
		kept: make(map[keyring.GroupKind][]keyring.Kept), keys: make(map[Zone]keyring.GroupKey),
	}
	p.further = without(distinct(r.Further), []radicle.DID{r.Place.Writer})
	p.readers = firstOf(readers, p.owner())
	if n := len(p.readers); n > MaxReaders {
		p.readers = p.readers[:MaxReaders]
		p.tell(TooMany{Readers: n, Sealed: MaxReaders})
	}
	p.member = slices.Contains(readers, r.Place.Writer)
	return p, ctx.Err()
}

// firstOf returns each DID once, where it was named first, without others.
func firstOf(people, others []radicle.DID) (first []radicle.DID) {
	seen := make(map[radicle.DID]bool)
	for _, did := range others {
		seen[did] = true
	}
	for _, did := range people {
		if !seen[did] {
			seen[did] = true
			first = append(first, did)
		}
	}
	return first
}

func (p *planner) tell(t Truth) { p.result.Truths = append(p.result.Truths, t) }

// problem remembers an object that is left as it is.
func (p *planner) problem(err *record.ObjectError) {
	p.result.Problems = append(p.result.Problems, err)
}

// sum is of all that a round depends on but pending objects.
func (p *planner) sum() Seen {
	h := sha256.New()
	if p.Branch != nil {
		h.Write(p.Branch.Commit().Bytes())
	}
	for _, people := range [][]radicle.DID{{p.Place.Writer}, p.readers, p.further, distinct(p.Named)} {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(people))))
		for _, did := range people {
			h.Write(did[:])
			if c := p.Cards.Get(did); c != nil {
				salt := c.Current()
				h.Write(salt[:])
				h.Write(binary.BigEndian.AppendUint64(nil, c.Seq()))
			} else {
				h.Write(make([]byte, 16))
			}
		}
	}
	return Seen{[sha256.Size]byte(h.Sum(nil))}
}

// read reads the epochs of the branch.
func (p *planner) read(ctx context.Context) error {
	p.publish(ctx)
	if p.Branch != nil {
		if err := p.readEpochs(ctx); err != nil {
			return err
		}
	}
	p.begin()
	return ctx.Err()
}

func (p *planner) readEpochs(ctx context.Context) error {
	p.next = p.Branch.NextEpoch()
	for kind := keyring.Members; kind <= keyring.Named; kind++ {
		kept, err := p.Branch.Kept(ctx, p.Opener, kind)
		if err != nil {
			return err
		}
		p.kept[kind] = kept
		p.epochs += len(kept)
	}
	return nil
}

// run makes the batch: first what is to be wrapped, then the keys for it.
func (p *planner) run(ctx context.Context) error {
	for _, n := range p.Pending {
		if err := p.pend(ctx, n); err != nil {
			return err
		}
	}
	if err := p.scan(ctx); err != nil {
		return err
	}
	begun := slices.Clone(p.result.Begun)
	if err := p.seal(); err != nil {
		return err
	}
	p.complete(begun)
	return p.widenAll()
}

// publish adds the writer's card where the writer is a reader and the branch has an older one or none. What cannot be read is
// none.
func (p *planner) publish(ctx context.Context) {
	if !p.member {
		return
	}
	if p.Branch != nil {
		cards, _ := p.Branch.Cards(ctx)
		if n := len(cards); n > 0 && cards[n-1].Seq() >= p.writer.Card.Seq() {
			return
		}
	}
	p.result.Batch.Cards = []*keyring.Card{p.writer.Card}
}
