package keyring

import (
	"sync"
	"time"

	"radswarm/radicle"
)

// Cards remembers the newest card of each DID (KEYS.md §6). It grows by one entry for each DID that is added, so its caller
// adds the cards of those whom it deals with.
type Cards struct {
	clock func() time.Time

	mu     sync.Mutex
	newest map[radicle.DID]*Card // guarded by mu
}

// NewCards returns an empty memory. The clock is asked at every call of Add.
func NewCards(clock func() time.Time) *Cards {
	return &Cards{clock: clock, newest: make(map[radicle.DID]*Card)}
}

// Add remembers a card. One that is older than what was seen is a [*RollbackError]; one dated too far ahead is a [*ClockError].
// Neither is remembered. The same card again is no error.
func (c *Cards) Add(card *Card) error {
	if err := card.Check(c.clock()); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.newest[card.did]; known != nil && byAge(card.seq, card.raw, known.seq, known.raw) < 0 {
		return &RollbackError{DID: card.did, Seq: card.seq, Known: known.seq}
	}
	c.newest[card.did] = card
	return nil
}

// Restore puts back what [Cards.Get] gave, from a database of our own. It asks no clock: what was accepted once stays so when the
// clock was set back.
func (c *Cards) Restore(card *Card) {
	if card == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.newest[card.did]; known == nil || byAge(card.seq, card.raw, known.seq, known.raw) > 0 {
		c.newest[card.did] = card
	}
}

// Get returns the newest card of a DID, nil where none was added.
func (c *Cards) Get(did radicle.DID) *Card {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.newest[did]
}

// Forget drops a DID. An older card of it would be accepted again.
func (c *Cards) Forget(did radicle.DID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.newest, did)
}
