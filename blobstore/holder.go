package blobstore

import (
	"context"
	"io"

	"radswarm/radicle"
)

// Bounds of what is asked of a holder at once. A caller with more asks again.
const (
	MaxOffers    = 64   // shares in one Put
	MaxNames     = 1024 // shares in one Have or Delete
	MaxRanges    = 1024 // blocks in one Get or Prove
	MaxLeaves    = 1024 // leaves in one Audit
	MaxManifests = 8    // sealed manifests that Manifests returns
	HaveLeaves   = 3    // leaves that prove one share in Have

	MaxSealed = 8336 // bytes of a sealed manifest: the longest manifest, nonce and tag (FORMAT.md §7)
)

// What a holder charges for a share beside its bytes and its outboard.
const (
	ShareFooter = 512  // bytes of names, beside every share
	MinCharge   = 4096 // bytes that the smallest share counts for: a page of the disk
)

// Charge returns the bytes that keeping a share of length bytes counts for, with a sealed manifest of sealed bytes: the
// share, its outboard (FORMAT.md §6.2) and footer, or [MinCharge] if that is more; and the manifest. Owner and holder
// count alike. Each owner of a share is charged in full.
func Charge(length int64, sealed int) int64 {
	groups := (length + 1<<16 - 1) >> 16
	return max(MinCharge, length+64*max(0, groups-1)+ShareFooter) + int64(sealed)
}

// Holder is a machine that keeps shares for others, as one peer sees it: the remote one behind a connection, the
// disk of this machine, and the one in memory that tests use are all Holders and pass one suite.
//
// All methods may be called from many goroutines. They return when the work is done or ctx is, with ctx's
// error bare. Slices that are passed in are the caller's again when the method returns; those handed to a
// callback are valid until it returns. A name that the peer may not see is absent, not denied: nobody learns by
// asking what is kept for others. Absent is [io/fs.ErrNotExist]. Errors of one share are in its outcome; the
// error that a method returns is about the holder as a whole, and then outcomes mean nothing.
type Holder interface {
	Putter
	Getter
	Prover
	Haver
	Hasher
	Deleter
	ManifestKeeper
}

// Offer is a share that somebody would like kept.
type Offer struct {
	Name  ShareName
	Len   int64       // bytes of the share, exactly; at least 1
	Owner radicle.DID // who wants it kept, and whose pledge is charged; ErrDenied if the peer may not speak for it
	Open  bool        // of a Public object: anyone may read it

	MID    MID    // the name of Sealed at this holder
	Sealed []byte // the sealed manifest, kept beside the share (FORMAT.md §7.4), up to MaxSealed; empty for none

	// Decided, if not nil, is called once with what the holder decided: Outcome{} where it wants the bytes, else the final
	// outcome. So the answers to all offers of a Put can travel before the first byte does. A Put that fails may not call it.
	Decided func(Outcome)

	// Share opens the share's bytes. It is called at most once, only after the holder agreed to take the share and
	// not at all if it has it already. The holder closes what it returns, and never calls it after Put returned. Read must
	// end when the Put's ctx does: the holder waits for it.
	Share func() (io.ReadCloser, error)
}

// Outcome is what became of one [Offer].
type Outcome struct {
	// Had reports that the share was there before. Its owner is recorded all the same, or, if it was one already, what it
	// says now about Open and Sealed takes the place of what it said then.
	Had bool
	// Err is nil when the share is durable: it survives kill -9 and loss of power from now on. Otherwise [ErrFull],
	// [ErrDenied], [ErrBusy], [ErrBounds] for an offer that none may make, [ErrRoot], [ErrTruncated], [ErrExtended], or
	// what Share or its reader returned. Anything else is trouble of the holder's own. The share is then not kept for this
	// owner, and nothing stays charged.
	Err error
}

// Putter takes shares.
type Putter interface {
	// Put offers up to [MaxOffers] shares and returns an outcome for each, in order. It decides about all of them, and
	// charges the owner's pledge, before it opens the first. It opens those that it takes in order, one at a time, and
	// checks length and root while it reads: so they can come over one stream. A cancelled Put leaves either a whole
	// share or none.
	Put(ctx context.Context, offers []Offer) ([]Outcome, error)
}

// Range is bytes [Off, Off+Len) of a share, at least one.
type Range struct {
	Off int64
	Len int
}

// Getter gives blocks of shares.
type Getter interface {
	// Get reads up to [MaxRanges] ranges of one share, none longer than [MaxChunk], and calls visit for each once, in the
	// goroutine of the caller, in any order, with i the number of the range. The bytes are what the holder says:
	// whoever asks checks tags or proofs. An error of visit ends Get and is returned. A range that is none or goes past the
	// end of the share is a *BoundsError and nothing is read.
	Get(ctx context.Context, name ShareName, ranges []Range, visit func(i int, b []byte) error) error
}

// Leaf is one leaf of a share with its proof (FORMAT.md §6.3).
type Leaf struct {
	Data  []byte // up to 1 KiB
	Proof []byte
}

// Prover proves that what it holds is what was stored.
type Prover interface {
	// Prove returns a proof (FORMAT.md §6.3) for each of up to [MaxRanges] ranges, none longer than [MaxChunk], which must be
	// nodes of the share's tree; others are [ErrBounds].
	Prove(ctx context.Context, name ShareName, ranges []Range) ([][]byte, error)
	// Audit returns the leaves that nonce asks for (FORMAT.md §6.5), 1 … [MaxLeaves] of them.
	Audit(ctx context.Context, name ShareName, nonce Nonce, leaves int) ([]Leaf, error)
}

// Held is a holder's answer about one share.
type Held struct {
	Len    int64  // bytes of the share; 0 where it is not held
	Leaves []Leaf // [HaveLeaves] of them, for the nonce of the question; without valid ones the share is not held
}

// Haver says which shares it has.
type Haver interface {
	// Have answers for up to [MaxNames] shares, in order. It never answers from an index alone: the leaves are read.
	Have(ctx context.Context, names []ShareName, nonce Nonce) ([]Held, error)
}

// Hasher proves a whole share with 32 bytes.
type Hasher interface {
	// Hash returns the possession hash of the share for this nonce (FORMAT.md §6.6). It reads all of it: slow, one at a
	// time for a peer.
	Hash(ctx context.Context, name ShareName, nonce Nonce) ([32]byte, error)
}

// Deleter ends leases.
type Deleter interface {
	// Delete ends the asking peer's lease on up to [MaxNames] shares. A share goes, by way of the trash, when its last
	// owner is gone. Names that are absent are no error.
	Delete(ctx context.Context, names []ShareName) error
}

// ManifestKeeper keeps sealed manifests beside shares.
type ManifestKeeper interface {
	// Manifests returns up to [MaxManifests] different sealed manifests kept under mid, in no order. Where there are more,
	// those that the peer itself sent come first, and then one of each owner. None is fs.ErrNotExist. The right one is the
	// one that opens.
	Manifests(ctx context.Context, mid MID) ([][]byte, error)
}
