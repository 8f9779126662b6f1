package net

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"radswarm/blobstore/keyring"
)

const (
	// attemptTime is what one address has on one transport: SYN, a lost SYN and the handshake on a slow path.
	attemptTime = 6 * time.Second
	// headStart is what the better transport has before the other one is tried, and what an address of the own network has
	// before those elsewhere.
	headStart = 250 * time.Millisecond
	nearFirst = 50 * time.Millisecond
	// maxAttempts is how many are under way at once.
	maxAttempts = 8
)

// A dialing is one search for a device, shared by all who ask for it meanwhile and know no other addresses.
type dialing struct {
	device keyring.Device
	addrs  []Addr
	cancel context.CancelFunc
	done   chan struct{}

	waiting int  // guarded by Hub.mu, as is the next
	settled bool // done is closed, and the rest does not change any more

	conn *conn
	err  error
}

// settle gives those who wait their answer, if they have none yet. The caller holds Hub.mu.
func (d *dialing) settle(c *conn, err error) {
	if d.settled {
		return
	}
	d.settled, d.conn, d.err = true, c, err
	close(d.done)
}

// covers says whether nothing new would be tried with these addresses.
func (d *dialing) covers(addrs []Addr) bool {
	return !slices.ContainsFunc(addrs, func(a Addr) bool { return !slices.Contains(d.addrs, a) })
}

// join returns the open connection with a device, or a search for it, which it begins if there is none at these addresses.
func (h *Hub) join(device keyring.Device, addrs []Addr) (*conn, *dialing, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, nil, ErrClosed
	}
	if c := h.best(device); c != nil {
		return c, nil, nil
	}
	for _, d := range h.dials[device] {
		if !d.settled && d.covers(addrs) {
			d.waiting++
			return nil, d, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), ConnectTimeout)
	d := &dialing{device: device, addrs: addrs, cancel: cancel, done: make(chan struct{}), waiting: 1}
	h.dials[device] = append(h.dials[device], d)
	h.wg.Go(func() { h.search(ctx, d) })
	return nil, d, nil
}

// leave is called once by all who joined, for the answer. The last one to go ends a search that has none yet. A search
// that was answered by a connection from the other side goes on: the other side may have taken its link already, and would
// be left without one if both gave way.
func (h *Hub) leave(d *dialing) (*conn, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.waiting--
	if d.settled {
		return d.conn, d.err
	}
	if d.waiting == 0 {
		d.cancel()
		d.settle(nil, context.Canceled)
	}
	return nil, context.Canceled
}

// search looks for a device and settles what its dialing comes to.
func (h *Hub) search(ctx context.Context, d *dialing) {
	defer d.cancel()
	c, err := h.race(ctx, d)
	if h.answer(d, c, err) {
		if l, ok := h.handler.(LateHandler); ok {
			l.Late(c)
		}
	}
}

// answer settles a dialing with what was found, and reports whether that stays although the dialing was settled before.
func (h *Hub) answer(d *dialing, c *conn, err error) (late bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	late = err == nil && d.settled && d.conn != c && !c.isReplaced()
	if best := h.best(d.device); best != nil {
		c = best
	} else if err == nil { // it stood, and has ended already
		err = &DialError{Device: d.device, Attempts: []Attempt{{c.RemoteAddr(), c.Transport(), c.Err()}}}
		c = nil
	}
	if c != nil {
		err = nil
	}
	d.settle(c, err)
	h.dials[d.device] = slices.DeleteFunc(h.dials[d.device], func(other *dialing) bool { return other == d })
	if len(h.dials[d.device]) == 0 {
		delete(h.dials, d.device)
	}
	return late
}

// race tries addresses until a link stands, and returns when all that it began has ended.
func (h *Hub) race(ctx context.Context, d *dialing) (*conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r := &racing{hub: h, dialing: d, tries: plan(d.addrs, h.dialer.Transports()), start: time.Now()}
	r.results = make(chan result, len(r.tries))
	var winner *conn
	failed := &DialError{Device: d.device}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for done := ctx.Done(); r.next < len(r.tries) || r.open > 0; r.begin(ctx, timer) {
		select {
		case <-timer.C:
		case <-done:
			done, r.next = nil, len(r.tries)
		case res := <-r.results:
			r.open--
			if res.err == nil && winner == nil && ctx.Err() == nil {
				winner, res.err = h.adopt(res.link, nil)
				cancel()
			} else if res.err == nil {
				res.link.Close(CodeReplaced)
			}
			if res.err != nil {
				failed.Attempts = append(failed.Attempts, Attempt{res.addr, res.transport, res.err})
			}
		}
	}
	if winner == nil {
		return nil, failed
	}
	return winner, nil
}

// racing is how far a race has come.
type racing struct {
	hub     *Hub
	dialing *dialing
	tries   []try
	results chan result
	start   time.Time
	next    int // the first one not begun
	open    int // how many are under way
}

type result struct {
	try
	link Link
	err  error
}

// begin starts those whose turn it is, and sets the timer for the next. It starts none where there is an answer.
func (r *racing) begin(ctx context.Context, timer *time.Timer) {
	if r.hub.isAnswered(r.dialing) {
		r.next = len(r.tries)
	}
	for ; r.next < len(r.tries) && r.open < maxAttempts; r.next++ {
		t := r.tries[r.next]
		if wait := time.Until(r.start.Add(t.after)); wait > 0 && r.open > 0 {
			timer.Reset(wait)
			return
		}
		r.open++
		go func() { r.results <- r.hub.attempt(ctx, r.dialing.device, t) }()
	}
}

func (h *Hub) isAnswered(d *dialing) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return d.settled
}

func (h *Hub) attempt(ctx context.Context, device keyring.Device, t try) result {
	ctx, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	link, err := h.dialer.Dial(ctx, device, t.addr, t.transport)
	return result{t, link, err}
}

// A try is one address on one transport, and when its turn comes.
type try struct {
	addr      Addr
	transport Transport
	after     time.Duration // after the beginning, or as soon as nothing else is under way
}

// plan is the path policy: TCP first where the address is of the own network or machine, because it takes a third of the
// processor time; QUIC first elsewhere, because it needs one round trip less and punches through more routers.
func plan(addrs []Addr, transports []Transport) []try {
	var tries []try
	for _, a := range addrs {
		near := isNear(a)
		for _, t := range transports {
			var after time.Duration
			if !near {
				after += nearFirst
			}
			if near && t == QUIC || !near && t == TCP {
				after += headStart
			}
			tries = append(tries, try{a, t, after})
		}
	}
	if len(transports) == 1 { // nothing to wait for
		for i := range tries {
			tries[i].after = min(tries[i].after, nearFirst)
		}
	}
	slices.SortStableFunc(tries, func(a, b try) int { return cmp.Compare(a.after, b.after) })
	return tries
}

// isNear says whether an address is on this machine or on a network that is not the Internet.
func isNear(a Addr) bool {
	ip, ok := a.IP()
	return ok && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || shared.Contains(ip))
}

// shared is what providers and private networks of the Tailscale kind use between the two.
var shared = netip.MustParsePrefix("100.64.0.0/10")

// usable are the first addresses that can be dialled at all, each once.
func usable(addrs []Addr) []Addr {
	var good []Addr
	for _, a := range addrs {
		ip, isIP := a.IP()
		if a.Port() == 0 || isIP && (ip.IsUnspecified() || ip.IsMulticast()) || slices.Contains(good, a) {
			continue
		}
		if good = append(good, a); len(good) == MaxAddrs {
			break
		}
	}
	return good
}
