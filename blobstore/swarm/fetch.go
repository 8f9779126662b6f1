package swarm

import (
	"context"
	"errors"
	"io"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/object"
	"radswarm/radicle"
)

// Source is one share at one holder.
type Source struct {
	DID    radicle.DID // whose holder it is
	Holder blobstore.Holder
	Index  int
	Name   blobstore.ShareName
}

// FetchOptions say how much a download may take. The zero value is good.
type FetchOptions struct {
	// Prefix is the plaintext of an earlier download that ended early, cut to as many bytes as [Resume] says; others are
	// ErrBounds. It is hashed and not asked for again. dst gets what follows.
	Prefix io.Reader
	// Patience is how long nothing may arrive before the download gives up and says who was missing. Default: 5 s.
	Patience time.Duration
	// Window bounds the blocks in memory, in bytes. Default: 48 MiB, which is 256 stripes of K = 3.
	Window int64
	// Workers is how many stripes are decoded at once. Default: GOMAXPROCS.
	Workers int
	// SkipOID leaves comparing the SHA-256 to the caller, as in object.Options.
	SkipOID bool
	// Progress, if not nil, is told how many bytes of plaintext dst has, the prefix included. It is called in order, by one
	// goroutine at a time, and must not block.
	Progress func(plain int64)
}

// The pace of a download (SWARM.md §3).
const (
	minWindow   = 3                      // requests open at a holder
	maxWindow   = 64                     //
	horizon     = 20 * time.Millisecond  // of blocks that are asked for ahead, however short the round trip
	slack       = 50 * time.Millisecond  // that a block may be late before anybody else is asked
	firstGuess  = 500 * time.Millisecond // for the first block of a holder, while no holder has answered
	spare       = 2                      // requests beyond K for one stripe
	minStripes  = 4                      // of the reorder window, however long a stripe is
	maxStripes  = 256                    //
	proofTime   = 5 * time.Second        // that a holder has to prove a block, beyond what is on its way
	lastProof   = 30 * time.Second       // with that
	firstParked = time.Second            // without requests for a holder that fell silent; doubles each time
	lastParked  = time.Minute
)

func (o FetchOptions) withDefaults() FetchOptions {
	if o.Patience == 0 {
		o.Patience = 5 * time.Second
	}
	if o.Window == 0 {
		o.Window = 48 << 20
	}
	return o
}

// Fetch writes an object to dst from any K of its shares, as fast as their holders together can send them (SWARM.md §3).
// Sources are taken from more until it is closed, also while the download runs: holders that are reached late join in. The
// caller has checked that their names and indices are those of the object's manifest.
//
// dst gets the bytes in order, each after its chunk's tag was checked. After an error it has a beginning of the object, with
// which another Fetch can go on, or, with a *blobstore.OIDError, not the object. Other errors are ctx's, bare; those of dst
// and Prefix; *blobstore.NotEnoughSharesError, which names the holders that failed; and *blobstore.ChunkError for an object
// whose shares are what their owner stored and that does not open all the same.
//
// The report is there in any case, and says what each holder did.
func Fetch(
	ctx context.Context, o *object.Object, more <-chan Source, dst io.Writer, opt FetchOptions,
) (*FetchReport, error) {
	opt = opt.withDefaults()
	f, err := newFetch(o, dst, opt)
	if err != nil {
		return &FetchReport{}, err
	}
	running, cancel := context.WithCancel(ctx)
	if err = f.run(running, more); err == nil {
		err = f.out.finish()
	}
	cancel()
	f.tasks.Wait()
	if err == nil {
		err = f.out.check(o.Params().OID)
	}
	if ctxErr := ctx.Err(); ctxErr != nil && errors.Is(err, ctxErr) {
		err = ctxErr
	}
	return f.report(), err
}

// Resume returns how many of the first n bytes of an object's plaintext are of use to a later Fetch: those of whole
// stripes. The caller cuts its file to that.
func Resume(o *object.Object, n int64) int64 {
	l := o.Sealer().Layout()
	if n >= l.Size() {
		return l.Size()
	}
	stripe := int64(o.Coding().K()) * int64(l.PlainSize())
	return n / stripe * stripe
}
