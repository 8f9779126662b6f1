//go:build unix

package proof

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/reedsolomon"
	"github.com/zeebo/blake3"

	"radswarm/blobstore/erasure"
	"radswarm/blobstore/share"
)

const (
	block = 64 << 10
	plain = block - 24 // of a chunk (FORMAT.md §3)
)

// cpuTime returns the processor time that this process has used.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// A primitive is one step that the processor cannot be spared.
type primitive struct {
	name  string
	bytes int      // that one call handles
	ways  []func() // by different libraries; the fastest counts
}

// perByte returns nanoseconds of processor time for a byte.
func (p primitive) perByte(tb testing.TB) float64 {
	best := -1.0
	for _, way := range p.ways {
		way()
		const enough = 64 << 20
		start, n := cpuTime(tb), 0
		for ; n < enough; n += p.bytes {
			way()
		}
		if c := float64(cpuTime(tb)-start) / float64(n); best < 0 || c < best {
			best = c
		}
	}
	return best
}

func hashing() primitive {
	buf := make([]byte, block)
	return primitive{"sha256", block, []func(){func() { sha256.Sum256(buf) }}}
}

func treeHashing() primitive {
	buf, h := make([]byte, block), blake3.New()
	return primitive{"blake3", block, []func(){
		func() { blake3.Sum256(buf) },
		func() { h.Reset(); _, _ = h.Write(buf) },
		func() { share.NewNode(buf, 0) },
	}}
}

func newAEAD(tb testing.TB) cipher.AEAD {
	b, err := aes.NewCipher(make([]byte, 32))
	if err != nil {
		tb.Fatal(err)
	}
	aead, err := cipher.NewGCM(b)
	if err != nil {
		tb.Fatal(err)
	}
	return aead
}

func sealing(tb testing.TB) primitive {
	aead, buf, nonce := newAEAD(tb), make([]byte, block), make([]byte, 12)
	return primitive{"seal", plain, []func(){func() { aead.Seal(buf[:0], nonce, buf[:plain], nil) }}}
}

func opening(tb testing.TB) primitive {
	aead, nonce, dst := newAEAD(tb), make([]byte, 12), make([]byte, 0, plain)
	sealed := aead.Seal(nil, nonce, make([]byte, plain), nil)
	return primitive{"open", plain, []func(){func() {
		if _, err := aead.Open(dst, nonce, sealed, nil); err != nil {
			tb.Fatal(err)
		}
	}}}
}

// coding computes blocks k … n−1 of a stripe; bytes are those of the k.
func coding(tb testing.TB, name string, k, n int) primitive {
	p := primitive{name: name, bytes: k * block}
	blocks := reedsolomon.AllocAligned(n, block)
	rs, err := reedsolomon.New(k, n-k, reedsolomon.WithMaxGoroutines(1))
	if err != nil {
		tb.Fatal(err)
	}
	code, err := erasure.New(k, n)
	if err != nil {
		tb.Fatal(err)
	}
	p.ways = []func(){func() { _ = rs.Encode(blocks) }, func() { _ = code.Encode(blocks) }}
	return p
}

// tlsPerByte returns nanoseconds of processor time of both ends for a byte that goes through TLS 1.3 over loopback TCP.
func tlsPerByte(tb testing.TB) float64 {
	const enough = 512 << 20
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate(tb)}, MinVersion: tls.VersionTLS13})
	if err != nil {
		tb.Fatal(err)
	}
	defer l.Close()
	var taker sync.WaitGroup
	taker.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{c}, make([]byte, block))
	})
	c, err := tls.Dial("tcp", l.Addr().String(), &tls.Config{InsecureSkipVerify: true}) // #nosec: nothing is secret here
	if err != nil {
		tb.Fatal(err)
	}
	buf := make([]byte, block)
	_, _ = c.Write(buf)
	start := cpuTime(tb)
	for range enough / block {
		if _, err := c.Write(buf); err != nil {
			tb.Fatal(err)
		}
	}
	_ = c.Close()
	taker.Wait()
	return float64(cpuTime(tb)-start) / enough
}

func certificate(tb testing.TB) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	if err != nil {
		tb.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A floor is what a transfer costs at least.
type floor struct {
	parts []part
	disk  time.Duration // that plain processes take to write and sync the same files
}

// A part of a floor, in nanoseconds of processor time for a byte of the object.
type part struct {
	name string
	cost float64
}

func (f *floor) add(name string, perByte, times float64) {
	f.parts = append(f.parts, part{name, perByte * times})
}

// cpu is the processor time for an object.
func (f *floor) cpu(size int64) time.Duration {
	sum := 0.0
	for _, p := range f.parts {
		sum += p.cost
	}
	return time.Duration(sum * float64(size))
}

// least is the time that an object takes at least, on so many cores.
func (f *floor) least(size int64, cores int) time.Duration {
	return max(f.cpu(size)/time.Duration(cores), f.disk)
}

// costs are nanoseconds of processor time for a byte of each primitive.
type costs struct{ sha, blake3, seal, open, encode, decode, tls float64 }

func measureCosts(tb testing.TB, k, n int) costs {
	return costs{
		sha: hashing().perByte(tb), blake3: treeHashing().perByte(tb), seal: sealing(tb).perByte(tb), open: opening(tb).perByte(tb),
		encode: coding(tb, "encode", k, n).perByte(tb), decode: coding(tb, "decode", k, 2*k).perByte(tb),
		tls: tlsPerByte(tb),
	}
}

// putFloor is what a put costs: the OID and all roots before the first byte leaves, and then two passes over the file, one for
// the first K shares, which bring it back, and one for the others (SWARM.md §4.1).
func putFloor(tb testing.TB, c costs, k, n int, size int64) *floor {
	f, spread := &floor{}, float64(n)/float64(k)
	f.add("sha256", c.sha, 1)
	f.add("seal", c.seal, 3)
	f.add("nonce", c.blake3, 3)
	f.add("code", c.encode, 2)
	f.add("roots", c.blake3, float64(max(10, n))/float64(k))
	f.add("tls", c.tls, spread)
	f.add("holders", c.blake3, spread)
	f.disk, _ = plainWrites(tb, n, int(size)/k)
	return f
}

// getFloor is what a get costs of which no data share is left. A tag shows what a proof would. The write is that of a plain
// process, into memory that is fresh as well.
func getFloor(tb testing.TB, c costs, size int64) *floor {
	f := &floor{}
	f.add("tls", c.tls, 1)
	f.add("open", c.open, 1)
	f.add("decode", c.decode, 1)
	f.add("sha256", c.sha, 1)
	var cpu time.Duration
	f.disk, cpu = plainWrites(tb, 1, int(size))
	f.add("write", float64(cpu)/float64(size), 1)
	return f
}
