package swarm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/share"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// film is an object with all its shares.
type film struct {
	plain  []byte
	object *object.Object
	m      *manifest.Manifest
	shares [][]byte
	repair blobstore.RepairKey
}

func newFilm(t testing.TB, size, k, n int) *film {
	t.Helper()
	f := &film{plain: make([]byte, size)}
	random := rand.NewChaCha8([32]byte{byte(k), byte(n)})
	_, _ = random.Read(f.plain)
	p := blobstore.Params{OID: sha256.Sum256(f.plain), Size: int64(size), Pad: blobstore.PadPadme}
	ck, err := blobstore.NewDomainSecret([32]byte{1}).ContentKey(p)
	if err != nil {
		t.Fatal(err)
	}
	if f.object, err = object.New(ck, p, k); err != nil {
		t.Fatal(err)
	}
	f.repair = ck.Repair()
	buffers, writers := make([]bytes.Buffer, n), make([]io.Writer, n)
	for i := range writers {
		writers[i] = &buffers[i]
	}
	if f.m, err = f.object.Encode(t.Context(), bytes.NewReader(f.plain), writers, object.Options{}); err != nil {
		t.Fatal(err)
	}
	for i := range buffers {
		f.shares = append(f.shares, buffers[i].Bytes())
	}
	return f
}

// source returns share i at a holder.
func (f *film) source(i int, h blobstore.Holder) swarm.Source {
	root, _ := f.m.Root(i)
	return swarm.Source{DID: did(i), Holder: h, Index: i, Name: blobstore.ShareName{Root: root}}
}

// sources returns share i at the i-th holder, all of them at once. A nil holder is none.
func (f *film) sources(holders ...*link) <-chan swarm.Source {
	all := make(chan swarm.Source, len(holders))
	for i, h := range holders {
		if h != nil {
			all <- f.source(i, h)
		}
	}
	close(all)
	return all
}

// links returns a holder of each share, all as fast.
func (f *film) links() []*link {
	links := make([]*link, len(f.shares))
	for i := range links {
		links[i] = newLink(f.shares[i], 40*time.Millisecond, 10e6/8)
	}
	return links
}

func did(i int) (d radicle.DID) {
	d[0], d[31] = byte(i), 1
	return d
}

// link is a holder of one share behind a line with a round trip and a rate that may change once.
type link struct {
	blobstore.Holder
	data    []byte
	rtt     time.Duration
	rate    float64 // bytes/s
	then    float64 // from change on
	change  time.Duration
	start   time.Time
	busy    chan struct{}
	mu      sync.Mutex
	sent    int64
	altered func([]byte) // of what is sent
}

func newLink(data []byte, rtt time.Duration, rate float64) *link {
	return &link{data: data, rtt: rtt, rate: rate, then: rate, change: math.MaxInt64, start: time.Now(), busy: make(chan struct{}, 1)}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// takes returns how long n bytes take from now on.
func (l *link) takes(n int) time.Duration {
	left := l.change - time.Since(l.start)
	if left <= 0 {
		return seconds(float64(n) / l.then)
	}
	first := left.Seconds() * l.rate
	if first >= float64(n) {
		return seconds(float64(n) / l.rate)
	}
	return left + seconds((float64(n)-first)/l.then)
}

func seconds(s float64) time.Duration {
	if s > 1e9 {
		return math.MaxInt64 / 4
	}
	return time.Duration(s * float64(time.Second))
}

// moves returns how many bytes of the share can have arrived at t.
func (l *link) moves(t time.Duration) float64 {
	t -= l.rtt
	if t <= 0 {
		return 0
	}
	n := min(t, l.change).Seconds() * l.rate
	if t > l.change {
		n += (t - l.change).Seconds() * l.then
	}
	return min(n, float64(len(l.data)))
}

func (l *link) Get(ctx context.Context, _ blobstore.ShareName, ranges []blobstore.Range, visit func(int, []byte) error) error {
	if err := pause(ctx, l.rtt/2); err != nil {
		return err
	}
	type arrival struct {
		i  int
		at time.Time
	}
	arrivals := make(chan arrival, len(ranges))
	failed := make(chan error, 1)
	var sending sync.WaitGroup
	sending.Go(func() {
		defer close(arrivals)
		for i, r := range ranges {
			select {
			case l.busy <- struct{}{}:
			case <-ctx.Done():
				return
			}
			err := pause(ctx, l.takes(r.Len))
			<-l.busy
			if err != nil {
				failed <- err
				return
			}
			l.mu.Lock()
			l.sent += int64(r.Len)
			l.mu.Unlock()
			arrivals <- arrival{i, time.Now().Add(l.rtt / 2)}
		}
	})
	defer sending.Wait()
	for a := range arrivals {
		if err := pause(ctx, time.Until(a.at)); err != nil {
			return err
		}
		b := bytes.Clone(l.data[ranges[a.i].Off:][:ranges[a.i].Len])
		l.alter(b)
		if err := visit(a.i, b); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (l *link) alter(b []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.altered != nil {
		l.altered(b)
	}
}

func (l *link) Prove(ctx context.Context, _ blobstore.ShareName, ranges []blobstore.Range) ([][]byte, error) {
	if err := pause(ctx, l.rtt); err != nil {
		return nil, err
	}
	var outboard bytes.Buffer
	h := share.NewHasher(&outboard)
	_, _ = h.Write(l.data)
	if _, err := h.Root(); err != nil {
		return nil, err
	}
	p, err := share.NewProver(bytes.NewReader(l.data), bytes.NewReader(outboard.Bytes()), int64(len(l.data)))
	if err != nil {
		return nil, err
	}
	proofs := make([][]byte, len(ranges))
	for i, r := range ranges {
		if proofs[i], err = p.AppendProof(nil, r); err != nil {
			return nil, err
		}
	}
	return proofs, nil
}

// bound is the least time in which any scheduler could have the object (SWARM.md §3.5).
func bound(f *film, links []*link) time.Duration {
	need := float64(0)
	c := f.object.Coding()
	for i := range c.Chunks() {
		need += float64(c.ChunkLen(i))
	}
	low, high := time.Duration(0), time.Hour
	for high-low > time.Microsecond {
		mid := (low + high) / 2
		sum := float64(0)
		for _, l := range links {
			sum += l.moves(mid)
		}
		if sum >= need {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}

// scene is how lines are drawn.
type scene struct {
	name   string
	spread float64 // of the logarithm of rates
	faults bool    // 10 % die and 20 % slow down to a tenth on the way
	limit  float64
}

func (sc scene) links(f *film, seed uint64) []*link {
	random := rand.New(rand.NewPCG(seed, 1))
	links := make([]*link, len(f.shares))
	for i := range links {
		rate := 10e6 / 8 * math.Exp(sc.spread*random.NormFloat64())
		links[i] = newLink(f.shares[i], time.Duration(20+random.IntN(101))*time.Millisecond, rate)
	}
	if sc.faults {
		when := bound(f, links)
		for n, i := range random.Perm(len(links)) {
			share := float64(n) / float64(len(links))
			switch {
			case share < 0.1:
				links[i].then = 1e-9
			case share < 0.3:
				links[i].then = links[i].rate / 10
			default:
				continue
			}
			links[i].change = time.Duration(random.Float64() * float64(when))
		}
	}
	return links
}

// run fetches a film over lines, and returns time over bound and the bytes sent in vain over those needed.
func run(t *testing.T, f *film, links []*link) (ratio, extra float64, report *swarm.FetchReport) {
	t.Helper()
	least := bound(f, links)
	start := time.Now()
	sum := sha256.New()
	report, err := swarm.Fetch(t.Context(), f.object, f.sources(links...), sum, swarm.FetchOptions{Workers: 1, Patience: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if [32]byte(sum.Sum(nil)) != sha256.Sum256(f.plain) {
		t.Fatal("other bytes than were stored")
	}
	took := time.Since(start)
	sent, need := int64(0), int64(0)
	for _, l := range links {
		sent += l.sent
	}
	c := f.object.Coding()
	for s := range c.Stripes() {
		need += int64(c.StripeChunks(s) * c.StripeLen(s))
	}
	return float64(took) / float64(least), float64(sent-need) / float64(need), report
}

func seeds() uint64 {
	if n, err := strconv.Atoi(os.Getenv("RADSWARM_SIM")); err == nil {
		return uint64(n)
	}
	if raceEnabled {
		return 1 // to find races, not medians
	}
	return 15
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return xs[len(xs)/2]
}

func TestFetchIsNearTheBound(t *testing.T) {
	f := newFilm(t, 16<<20, 3, 10)
	for _, sc := range []scene{
		{"mild", 0.3, false, 1.1},
		{"wide", 1.0, false, 1.15},
		{"faults", 0.3, true, 1.5},
		{"wide faults", 1.0, true, 1.5},
	} {
		t.Run(sc.name, func(t *testing.T) {
			var ratios, extras []float64
			for seed := range seeds() {
				synctest.Test(t, func(t *testing.T) {
					ratio, extra, _ := run(t, f, sc.links(f, seed))
					ratios, extras = append(ratios, ratio), append(extras, extra)
				})
			}
			t.Logf("%s: time over bound: median %.3f worst %.3f extra median %.2f%% worst %.2f%%", sc.name, median(ratios), slices.Max(ratios), 100*median(extras), 100*slices.Max(extras))
			if raceEnabled {
				return
			}
			if median(ratios) > sc.limit {
				t.Errorf("median %.3f × the bound, more than %.2f", median(ratios), sc.limit)
			}
			if median(extras) >= 0.01 {
				t.Errorf("%.2f %% extra", 100*median(extras))
			}
		})
	}
}
