//go:build unix

package object

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"slices"
	"syscall"
	"testing"

	"github.com/klauspost/reedsolomon"
	"github.com/zeebo/blake3"

	"radswarm/blobstore"
	"radswarm/blobstore/erasure"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/share"
)

// The benchmarks compare each pipeline with the sum of its primitives: each of them by the fastest library there is
// here, on 64 KiB in place, in the same run, on one core. What counts is processor time, so that the ratio
// survives a busy machine; "MB/s" is plaintext per second of processor time on one worker.

const benchSize = 48 << 20

var benchShapes = []struct{ k, n int }{{1, 2}, {2, 3}, {3, 10}, {10, 30}}

// cpuTime returns the processor time that this process has used, in nanoseconds.
func cpuTime(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// primitive is one step of a pipeline.
type primitive struct {
	name  string
	times float64  // how many bytes it handles for one byte of plaintext
	ways  []func() // the same 64 KiB step by different libraries; the fastest counts
	bytes int      // bytes that a way handles
}

// cost returns nanoseconds for a byte of plaintext.
func (p primitive) cost(b *testing.B) float64 {
	best := -1.0
	for _, way := range p.ways {
		way()
		const least = 8 << 20
		start, n := cpuTime(b), 0
		for ; n < least; n += p.bytes {
			way()
		}
		if c := float64(cpuTime(b)-start) / float64(n); best < 0 || c < best {
			best = c
		}
	}
	return best * p.times
}

func sha() primitive {
	buf := make([]byte, 65536)
	return primitive{"sha256", 1, []func(){func() { sha256.Sum256(buf) }}, len(buf)}
}

func gcm(b *testing.B, open bool) primitive {
	block, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		b.Fatal(err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		b.Fatal(err)
	}
	buf, nonce := make([]byte, plain64+16), make([]byte, 12)
	way := func() { aead.Seal(buf[:0], nonce, buf[:plain64], nil) }
	if open {
		sealed, dst := aead.Seal(nil, nonce, buf[:plain64], nil), make([]byte, 0, plain64)
		way = func() {
			if _, err := aead.Open(dst, nonce, sealed, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
	return primitive{"aes-gcm", 1, []func(){way}, plain64}
}

// hashing is BLAKE3 over times bytes for each byte of plaintext.
func hashing(name string, times float64) primitive {
	buf := make([]byte, 65536)
	h := blake3.New()
	return primitive{name, times, []func(){
		func() { blake3.Sum256(buf) },
		func() { h.Reset(); _, _ = h.Write(buf) },
		func() { share.NewNode(buf, 0) },
	}, len(buf)}
}

// coding computes blocks K … n−1 of a stripe of 64 KiB blocks.
func coding(b *testing.B, k, n int) primitive {
	p := primitive{name: "reed-solomon", times: 1, bytes: k * 65536}
	if n <= k {
		return primitive{name: p.name, times: 0, bytes: 1 << 30, ways: []func(){func() {}}}
	}
	blocks := reedsolomon.AllocAligned(n, 65536)
	for _, opts := range [][]reedsolomon.Option{{reedsolomon.WithMaxGoroutines(1)}, {reedsolomon.WithMaxGoroutines(2)}} {
		rs, err := reedsolomon.New(k, n-k, opts...)
		if err != nil {
			b.Fatal(err)
		}
		p.ways = append(p.ways, func() { _ = rs.Encode(blocks) })
	}
	code, err := erasure.New(k, n)
	if err != nil {
		b.Fatal(err)
	}
	p.ways = append(p.ways, func() { _ = code.Encode(blocks) })
	return p
}

// compare runs work on the whole object and its primitives, round by round, and reports the medians.
func compare(b *testing.B, size int, work func(), primitives ...primitive) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	work()
	var ours, ratios []float64
	costs := make([][]float64, len(primitives))
	for b.Loop() {
		start := cpuTime(b)
		work()
		cost := float64(cpuTime(b)-start) / float64(size)
		sum := 0.0
		for i, p := range primitives {
			c := p.cost(b)
			costs[i] = append(costs[i], c)
			sum += c
		}
		ours, ratios = append(ours, cost), append(ratios, cost/sum)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(1000/median(ours), "MB/s")
	b.ReportMetric(median(ratios), "x-sum")
	// The nonce's tail is what makes a key safe that meets two plaintexts; this is what it costs.
	if i := slices.IndexFunc(primitives, func(p primitive) bool { return p.name == "nonce-blake3" }); i >= 0 {
		b.ReportMetric(1/(1/median(ratios)-median(costs[i])/median(ours)), "x-sum-without-tail")
	}
	for i, p := range primitives {
		b.ReportMetric(median(costs[i]), p.name+"-ns/B")
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

func BenchmarkEncode(b *testing.B) {
	plain := plaintext(benchSize)
	for _, c := range benchShapes {
		b.Run(fmt.Sprintf("%d-of-%d", c.k, c.n), func(b *testing.B) {
			o := newObject(b, plain, blobstore.PadNone, c.k)
			roots := manifest.Commit(c.k, c.n)
			compare(b, len(plain), func() {
				if _, err := o.Commit(b.Context(), bytes.NewReader(plain), c.n, Options{Workers: 1}); err != nil {
					b.Fatal(err)
				}
			}, sha(), gcm(b, false), hashing("nonce-blake3", 1), coding(b, c.k, roots), hashing("blake3", float64(roots)/float64(c.k)))
		})
	}
}

// Two workers against one, in time on the clock: it says nothing on a busy machine.
func BenchmarkTwoWorkers(b *testing.B) {
	plain := plaintext(benchSize)
	o := newObject(b, plain, blobstore.PadNone, 3)
	_, shares := encoded(b, o, plain, 10, Options{})
	m, err := o.Commit(b.Context(), bytes.NewReader(plain), 10, Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name string
		work func(Options) error
	}{
		{"encode", func(opt Options) error {
			_, err := o.Commit(b.Context(), bytes.NewReader(plain), 10, opt)
			return err
		}},
		{"decode", func(opt Options) error {
			return o.Decode(b.Context(), readers(shares, 2, 5, 9), io.Discard, opt)
		}},
		{"decode-without-oid", func(opt Options) error {
			opt.SkipOID = true
			return o.Decode(b.Context(), readers(shares, 2, 5, 9), io.Discard, opt)
		}},
		{"rebuild", func(opt Options) error {
			return Rebuild(b.Context(), m, readers(shares, 2, 5, 9), 4, io.Discard, opt)
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			var ratios, rates []float64
			for b.Loop() {
				one, two := wall(b, c.work, 1), wall(b, c.work, 2)
				ratios, rates = append(ratios, one/two), append(rates, float64(len(plain))/two/1e6)
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(ratios), "x-one-worker")
			b.ReportMetric(median(rates), "MB/s")
		})
	}
}

// wall returns the seconds on the clock that work takes.
func wall(b *testing.B, work func(Options) error, workers int) float64 {
	b.StopTimer()
	defer b.StartTimer()
	start := b.Elapsed()
	b.StartTimer()
	if err := work(Options{Workers: workers}); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	return (b.Elapsed() - start).Seconds()
}

func BenchmarkDecode(b *testing.B) {
	plain := plaintext(benchSize)
	for _, c := range benchShapes {
		o := newObject(b, plain, blobstore.PadNone, c.k)
		_, shares := encoded(b, o, plain, c.n, Options{})
		for name, first := range map[string]int{"data": 0, "parity": min(c.k, c.n-c.k)} {
			b.Run(fmt.Sprintf("%d-of-%d/%s", c.k, c.n, name), func(b *testing.B) {
				var which []int
				for j := range c.k {
					which = append(which, first+j)
				}
				lost := max(0, min(first, c.k))
				if c.k == 1 {
					lost = 0
				}
				compare(b, len(plain), func() {
					if err := o.Decode(b.Context(), lend(shares, which...), io.Discard, Options{Workers: 1}); err != nil {
						b.Fatal(err)
					}
				}, sha(), gcm(b, true), coding(b, c.k, c.k+lost))
			})
		}
	}
}

func lend(shares [][]byte, which ...int) map[int]io.Reader {
	out := map[int]io.Reader{}
	for _, j := range which {
		out[j] = &lentShare{left: shares[j]}
	}
	return out
}

// One share from K others, no key: one output block of Reed–Solomon and its hash. The bytes counted are those read, from
// buffers that stay in the processor's cache, as the primitives' do, and from memory, which is slower than both.
func BenchmarkRebuild(b *testing.B) {
	plain := plaintext(benchSize)
	for _, c := range benchShapes {
		o := newObject(b, plain, blobstore.PadNone, c.k)
		m, shares := encoded(b, o, plain, c.n, Options{})
		var which []int
		for j := range c.k {
			which = append(which, j)
		}
		hot, again := repeated(b, o, c.n)
		for _, from := range []struct {
			name   string
			m      *manifest.Manifest
			shares func() map[int]io.Reader
		}{
			{"cache", hot, again},
			{"memory", m, func() map[int]io.Reader { return lend(shares, which...) }},
		} {
			b.Run(fmt.Sprintf("%d-of-%d/%s", c.k, c.n, from.name), func(b *testing.B) {
				rs := coding(b, c.k, c.k+1)
				if c.k == 1 { // a copy
					rs = coding(b, 1, 1)
				}
				compare(b, len(plain), func() {
					err := Rebuild(b.Context(), from.m, from.shares(), c.n-1, io.Discard, Options{Workers: 1})
					if err != nil {
						b.Fatal(err)
					}
				}, rs, hashing("blake3", 1/float64(c.k)))
			})
		}
	}
}

// echo is a share all of whose blocks are one buffer.
type echo struct{ block []byte }

func (e *echo) Read([]byte) (int, error) { return 0, io.EOF }

func (e *echo) Lend(n int) ([]byte, error) {
	return e.block[:n], nil
}

// repeated returns a manifest of an object of o's shape whose stripes are all alike, and K shares of it.
func repeated(b *testing.B, o *Object, n int) (*manifest.Manifest, func() map[int]io.Reader) {
	c := o.Coding()
	blocks := reedsolomon.AllocAligned(n, c.ChunkSize())
	for j := range c.K() {
		copy(blocks[j], plaintext(int64(c.ChunkSize()-j)))
	}
	code, err := erasure.New(c.K(), n)
	if err != nil {
		b.Fatal(err)
	}
	// The last stripe is cut to what the coding says; a whole number of stripes has nothing to cut.
	whole, err := blobstore.NewCoding(c.CipherSize()/int64(c.K()*c.ChunkSize())*int64(c.K()*c.ChunkSize()), c.ChunkLog(), c.K())
	if err == nil {
		err = code.Encode(blocks)
	}
	if err != nil {
		b.Fatal(err)
	}
	roots := make([]blobstore.Root, manifest.Commit(c.K(), n))
	h := share.NewHasher(nil)
	for range whole.Stripes() {
		_, _ = h.Write(blocks[n-1])
	}
	for j := range roots { // only the one that is rebuilt is right
		if roots[j], err = h.Root(); err != nil {
			b.Fatal(err)
		}
	}
	m, err := manifest.Sign(o.ck, blobstore.PadNone, 0, whole, roots)
	if err != nil {
		b.Fatal(err)
	}
	return m, func() map[int]io.Reader {
		out := map[int]io.Reader{}
		for j := range c.K() {
			out[j] = &echo{block: blocks[j]}
		}
		return out
	}
}

// 64 KiB at a random place: from the one share that has it, and with that share gone.
func BenchmarkRandomRead(b *testing.B) {
	plain := plaintext(benchSize)
	o := newObject(b, plain, blobstore.PadNone, 3)
	_, shares := encoded(b, o, plain, 10, Options{})
	for _, c := range []struct {
		name  string
		which []int
	}{{"data", []int{0, 1, 2}}, {"rebuilt", []int{3, 5, 9}}} {
		b.Run(c.name, func(b *testing.B) {
			a, err := o.ReaderAt(readersAt(shares, c.which...))
			if err != nil {
				b.Fatal(err)
			}
			p, at := make([]byte, plain64), int64(0)
			work := func() {
				for range 200 {
					at = (at*2862933555777941757 + 3037000493) & (1<<62 - 1)
					if _, err := a.ReadAt(p, at%(benchSize/plain64)*plain64); err != nil {
						b.Fatal(err)
					}
				}
			}
			rs := coding(b, 3, 3)
			if c.name == "rebuilt" {
				rs = coding(b, 3, 4)
				rs.times = 3 // three blocks are read for one
			}
			compare(b, 200*plain64, work, gcm(b, true), rs)
		})
	}
}
