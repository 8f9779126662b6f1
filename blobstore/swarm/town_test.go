package swarm_test

import (
	"bytes"
	"context"
	"io"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/blobstore/keyring"
	"radswarm/blobstore/net"
	"radswarm/blobstore/net/nettest"
	"radswarm/blobstore/swarm"
	"radswarm/blobstore/wire"
)

// town is Ana and friends of hers, each of whom keeps the share of their number, on a net.MemoryNet: what goes between them
// is the real protocol. Friend i is did(i).
type town struct {
	*nettest.Backend
	ana     net.Network
	friends []net.Network
	rtt     []time.Duration
	start   time.Time
}

// street is what the line of one friend is like at first.
type street struct {
	rtt  time.Duration
	rate float64 // towards Ana, bytes/s; as much the other way
}

// newTown lets everybody join and connects them. It is called inside of a bubble.
func newTown(t testing.TB, holders []blobstore.Holder, streets []street) *town {
	t.Helper()
	w := &town{Backend: nettest.New(net.Memory), start: time.Now()}
	w.ana = w.Join(t, 255, nettest.Handler{})
	for i, h := range holders {
		w.friends = append(w.friends, w.Join(t, byte(i), nettest.Handler{Serves: serving(h)}))
		w.rtt = append(w.rtt, streets[i].rtt)
		w.set(i, func(c *net.Conditions) { c.Delay, c.Rate = streets[i].rtt/2, int64(streets[i].rate) })
		nettest.Connect(t, w.ana, w.friends[i])
	}
	w.start = time.Now()
	return w
}

// serving answers the streams of a friend out of a holder.
func serving(h blobstore.Holder) func(context.Context, net.Conn, net.Stream) {
	return func(ctx context.Context, _ net.Conn, s net.Stream) {
		m, err := wire.ReadFirst(ctx, s)
		if open, ok := m.(*wire.Open); err == nil && ok && open.Protocol == wire.ProtocolBlocks {
			_ = wire.Serve(ctx, s, h) // what Ana did with it is hers to say
		}
	}
}

// set changes the line of friend i, both ways.
func (w *town) set(i int, change func(*net.Conditions)) {
	c := net.Conditions{}
	if steps := w.Memory.Trace(w.friends[i].Device(), w.ana.Device()); len(steps) > 0 {
		c = steps[len(steps)-1].Conditions
	}
	change(&c)
	for _, way := range [][2]keyring.Device{{w.friends[i].Device(), w.ana.Device()}, {w.ana.Device(), w.friends[i].Device()}} {
		w.Memory.Set(way[0], way[1], c)
	}
}

// after changes the line of friend i later.
func (w *town) after(d time.Duration, i int, change func(*net.Conditions)) {
	time.AfterFunc(d, func() { w.set(i, change) })
}

// holder is friend i as Ana reaches them.
func (w *town) holder(i int) blobstore.Holder {
	return &wire.Client{Open: func(ctx context.Context) (wire.Stream, error) {
		conn, err := w.ana.Connect(ctx, w.friends[i].Device(), w.friends[i].Addrs())
		if err != nil {
			return nil, err
		}
		return conn.Open(ctx)
	}}
}

// carried is how many bytes friends have sent.
func (w *town) carried() (n int64) {
	for _, f := range w.friends {
		n += w.Memory.Carried(f.Device(), w.ana.Device())
	}
	return n
}

// moves returns how many bytes of friend i can have arrived by t: what the line carries, as it was in fact, from half a round
// trip on, which the first question takes, until half a round trip before t.
func (w *town) moves(i int, t time.Duration) float64 {
	from, to, n := w.start.Add(w.rtt[i]/2), w.start.Add(t-w.rtt[i]/2), 0.0
	steps := w.Memory.Trace(w.friends[i].Device(), w.ana.Device())
	for s, step := range steps {
		end := to
		if s+1 < len(steps) && steps[s+1].At.Before(end) {
			end = steps[s+1].At
		}
		if begin := step.At; !step.Down {
			if begin.Before(from) {
				begin = from
			}
			n += max(0, end.Sub(begin).Seconds()) * float64(step.Rate)
		}
	}
	return n
}

// bound is the least time in which any scheduler could have had the object over the lines as they were (SWARM.md §3.5).
func (w *town) bound(f *film) time.Duration {
	low, high := time.Duration(0), time.Hour
	for high-low > time.Microsecond {
		mid, sum := (low+high)/2, 0.0
		for i := range w.friends {
			sum += min(w.moves(i, mid), float64(len(f.shares[i])))
		}
		if sum >= float64(f.need()) {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// need is how many bytes of shares bring a film back.
func (f *film) need() (n int64) {
	c := f.object.Coding()
	for i := range c.Chunks() {
		n += int64(c.ChunkLen(i))
	}
	return n
}

// kept returns holders in memory, each with its share, as they are for their owner.
func (f *film) kept(t testing.TB) []blobstore.Holder {
	t.Helper()
	var all []blobstore.Holder
	for i, data := range f.shares {
		h := (&blobtest.Memory{}).For(owner())
		root, _ := f.m.Root(i)
		outcomes, err := h.Put(t.Context(), []blobstore.Offer{{
			Name: blobstore.ShareName{Root: root}, Len: int64(len(data)), Owner: owner(),
			Share: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil },
		}})
		if err != nil || outcomes[0].Err != nil {
			t.Fatal(err, outcomes)
		}
		all = append(all, h)
	}
	return all
}

// sources are all friends at once.
func (w *town) sources(f *film) <-chan swarm.Source {
	all := make(chan swarm.Source, len(w.friends))
	for i := range w.friends {
		all <- f.source(i, w.holder(i))
	}
	close(all)
	return all
}

// scene is how lines are drawn.
type scene struct {
	name   string
	spread float64 // of the logarithm of rates
	faults bool    // 10 % die and 20 % slow down to a tenth on the way
	limit  float64 // of the median of time over bound

	carried float64 // limit of the median of what lines carry in vain
}

// town draws lines and, where there are faults, lets them come.
func (sc scene) town(t testing.TB, f *film, holders []blobstore.Holder, seed uint64) *town {
	random := rand.New(rand.NewPCG(seed, 1))
	streets := make([]street, len(holders))
	for i := range streets {
		streets[i].rate = 10e6 / 8 * math.Exp(sc.spread*random.NormFloat64())
		streets[i].rtt = time.Duration(20+random.IntN(101)) * time.Millisecond
	}
	w := newTown(t, holders, streets)
	if !sc.faults {
		return w
	}
	until := w.bound(f)
	for n, i := range random.Perm(len(holders)) {
		change := func(c *net.Conditions) { c.Rate /= 10 }
		switch part := float64(n) / float64(len(holders)); {
		case part < 0.1:
			change = func(c *net.Conditions) { c.Down = true }
		case part >= 0.3:
			continue
		}
		w.after(time.Duration(random.Float64()*float64(until)), i, change)
	}
	return w
}
