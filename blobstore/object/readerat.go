package object

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"sync"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
	"radswarm/blobstore/seal"
)

// ReaderAt returns the plaintext of the object over K or more shares, by index. A chunk is read from the one share that
// has it as it is; only if that is missing, unreadable or false are others read and the chunk rebuilt, in whatever choice
// of K gives a chunk whose tag checks. Errors are those of [Object.Decode]; the OID is not compared.
func (o *Object) ReaderAt(shares map[int]io.ReaderAt) (*seal.ReaderAt, error) {
	if err := checkIndices(maps.Keys(shares)); err != nil {
		return nil, err
	}
	k := o.coding.K()
	if len(shares) < k {
		return nil, &blobstore.NotEnoughSharesError{Need: k, Got: len(shares)}
	}
	order := slices.Sorted(maps.Keys(shares))
	code, err := erasure.New(k, max(k, order[len(order)-1]+1))
	if err != nil {
		return nil, err
	}
	c := &chunks{o: o, code: code, shares: maps.Clone(shares), order: order}
	return seal.NewSourceReaderAt(o.sealer.Layout(), c), nil
}

// chunks opens single chunks from shares.
type chunks struct {
	o       *Object
	code    *erasure.Code
	shares  map[int]io.ReaderAt
	order   []int
	stripes sync.Pool // of *erasure.Stripe
}

// OpenChunk implements seal.Source.
func (c *chunks) OpenChunk(dst []byte, i int64) ([]byte, error) {
	stripe, err := c.stripe()
	if err != nil {
		return dst, err
	}
	defer c.stripes.Put(stripe)
	s, j := c.o.coding.Place(i)
	if err := stripe.Reset(c.o.coding, s); err != nil {
		return dst, err
	}
	plain, direct := c.openDirect(dst, stripe, i)
	if direct == nil {
		return plain, nil
	}
	stripe.Drop(j)
	plain, err = c.openRebuilt(dst, stripe, i, direct)
	if err != nil {
		return dst, err
	}
	return plain, nil
}

func (c *chunks) stripe() (*erasure.Stripe, error) {
	if s, ok := c.stripes.Get().(*erasure.Stripe); ok {
		return s, nil
	}
	return c.code.NewStripe(c.o.coding.ChunkSize())
}

// errMissing is a share that nobody gave us.
var errMissing = fmt.Errorf("not at hand: %w", fs.ErrNotExist)

// openDirect opens chunk i from the share that has it as it is.
func (c *chunks) openDirect(dst []byte, stripe *erasure.Stripe, i int64) ([]byte, error) {
	s, j := c.o.coding.Place(i)
	if err := c.readBlock(stripe, s, j); err != nil {
		return dst, err
	}
	plain, err := c.o.sealer.Open(dst, i, stripe.Block(j))
	if err != nil {
		return dst, c.o.blame(i, stripe.Block(j), err, j)
	}
	return plain, nil
}

// openRebuilt opens chunk i from blocks of other shares; direct says what is wrong with its own. With more shares than
// it takes, some may be false: then other choices are tried, up to maxChoices.
func (c *chunks) openRebuilt(dst []byte, stripe *erasure.Stripe, i int64, direct error) ([]byte, error) {
	s, own := c.o.coding.Place(i)
	need := stripe.Needed()
	failed := []error{direct}
	var have []int
	for _, j := range c.order {
		if j == own || stripe.Len(j) == 0 {
			continue
		}
		if err := c.readBlock(stripe, s, j); err != nil {
			failed = append(failed, err)
			continue
		}
		if have = append(have, j); len(have) < need {
			continue
		}
		// Each further block makes new choices possible: those that it is part of.
		if plain, err := c.openChosen(dst, stripe, i, have, need); err == nil {
			return plain, nil
		} else if !errors.Is(err, blobstore.ErrAuth) {
			return dst, err
		}
	}
	if len(have) < need {
		return dst, &blobstore.NotEnoughSharesError{Need: need, Got: len(have), Failed: failed}
	}
	return dst, &blobstore.ChunkError{Chunk: i, Offset: i << c.o.coding.ChunkLog(), Err: blobstore.ErrAuth}
}

// maxChoices bounds the choices of blocks tried for each block read: all 36 of two among nine, as in 3-of-10. A reader
// who must find a liar among more asks for proofs.
const maxChoices = 36

// openChosen opens chunk i from the newest block and any need−1 of the older ones.
func (c *chunks) openChosen(dst []byte, stripe *erasure.Stripe, i int64, have []int, need int) ([]byte, error) {
	_, own := c.o.coding.Place(i)
	newest, older := have[len(have)-1], have[:len(have)-1]
	tries := 0
	for chosen := range choices(older, need-1) {
		if tries++; tries > maxChoices {
			break
		}
		for _, j := range older {
			if !slices.Contains(chosen, j) {
				stripe.Drop(j)
			} else if err := stripe.Put(j, stripe.Buffer(j)); err != nil {
				return dst, err
			}
		}
		stripe.Drop(own)
		if err := stripe.Put(newest, stripe.Buffer(newest)); err != nil {
			return dst, err
		}
		if err := stripe.Rebuild(own); err != nil {
			return dst, err
		}
		if plain, err := c.o.sealer.Open(dst, i, stripe.Block(own)); err == nil {
			return plain, nil
		}
	}
	return dst, blobstore.ErrAuth
}

// choices yields every choice of n of the items, in order. What it yields is valid until the next.
func choices(items []int, n int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		chosen := make([]int, 0, n)
		var grow func(from int) bool
		grow = func(from int) bool {
			if len(chosen) == n {
				return yield(chosen)
			}
			for at := from; at <= len(items)-(n-len(chosen)); at++ {
				chosen = append(chosen, items[at])
				if !grow(at + 1) {
					return false
				}
				chosen = chosen[:len(chosen)-1]
			}
			return true
		}
		grow(0)
	}
}

// readBlock puts block s of share j. The error is a *blobstore.ShareError.
func (c *chunks) readBlock(stripe *erasure.Stripe, s int64, j int) error {
	off := c.o.coding.BlockOffset(s)
	r, ok := c.shares[j]
	if !ok {
		return &blobstore.ShareError{Index: j, Offset: off, Err: errMissing}
	}
	buf := stripe.Buffer(j)
	if n, err := r.ReadAt(buf, off); n < len(buf) {
		return &blobstore.ShareError{Index: j, Offset: off, Err: truncated(err)}
	}
	return stripe.Put(j, buf)
}
