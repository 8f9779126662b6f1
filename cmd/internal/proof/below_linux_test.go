package proof

import (
	"crypto/sha256"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"radswarm/blobstore"
	"radswarm/blobstore/manifest"
	"radswarm/blobstore/object"
	"radswarm/blobstore/swarm"
	"radswarm/radicle"
)

// benchBytes is the size of the large object: 1 GiB, or RADSWARM_PROOF_MIB.
func benchBytes() int64 {
	if n, err := strconv.ParseInt(os.Getenv("RADSWARM_PROOF_MIB"), 10, 64); err == nil {
		return n << 20
	}
	return 1 << 30
}

// idleTime is how long BenchmarkIdle looks, where that is said.
func idleTime() string { return os.Getenv("RADSWARM_PROOF_IDLE") }

// usage is the processor time of this process and others.
func usage(tb testing.TB, pids []int) (here, there time.Duration) {
	for _, pid := range pids {
		there += processorTime(tb, pid)
	}
	return cpuTime(tb), there
}

// A transfer is what was measured of one.
type transfer struct {
	took        time.Duration
	here, there time.Duration // processor time
}

func measure(tb testing.TB, pids []int, work func()) transfer {
	here, there := usage(tb, pids)
	start := time.Now()
	work()
	t := transfer{took: time.Since(start)}
	afterHere, afterThere := usage(tb, pids)
	t.here, t.there = afterHere-here, afterThere-there
	return t
}

func median[T int64 | float64 | time.Duration](v []T) T {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// report prints a transfer beside its floor.
func report(b *testing.B, name string, t transfer, f *floor, size int64) {
	b.Helper()
	gib := float64(size) / (1 << 30)
	cores := runtime.NumCPU()
	b.ReportMetric(t.took.Seconds(), name+"-s")
	b.ReportMetric(t.took.Seconds()/f.least(size, cores).Seconds(), name+"-x-floor")
	b.ReportMetric((t.here+t.there).Seconds()/f.cpu(size).Seconds(), name+"-x-cpu")
	b.ReportMetric(t.here.Seconds()/gib, name+"-here-cpu-s/GiB")
	b.ReportMetric(t.there.Seconds()/gib, name+"-there-cpu-s/GiB")
	b.Logf("%s: %.2f s; floors: cpu %.2f s on %d cores, disk %.2f s; processor %.2f s here, %.2f s there; least %.2f s: %+v",
		name, t.took.Seconds(), f.cpu(size).Seconds()/float64(cores), cores, f.disk.Seconds(), t.here.Seconds(), t.there.Seconds(),
		f.cpu(size).Seconds(), f.parts)
}

// BenchmarkBelow is put and get of one object below the daemon: package swarm in this process, over the real network, with
// holders that are processes.
func BenchmarkBelow(b *testing.B) {
	size := benchBytes()
	c := measureCosts(b, wanted, all)
	put, get := putFloor(b, c, wanted, all, size), getFloor(b, c, size)
	dir := shortDir(b)
	path := filepath.Join(dir, "film")
	randomFile(b, path, size, 1)
	for b.Loop() {
		friends := newCircle(b, all)
		var f *stored
		report(b, "put", measure(b, friends.pids(), func() { f = store(b, friends, path) }), put, size)
		for _, friend := range friends.friends[:all-wanted] { // those of the data shares too
			_ = friend.cmd.Process.Kill()
		}
		left := friends.pids()[all-wanted:]
		report(b, "get", measure(b, left, func() { f.fetch(b, filepath.Join(dir, "back")) }), get, size)
		b.ReportMetric(float64(peak(b, os.Getpid()))/1e6, "here-MB")
		b.ReportMetric(float64(peak(b, left[0]))/1e6, "there-MB")
	}
	b.ReportMetric(0, "ns/op")
}

// stored is an object that friends have.
type stored struct {
	object *object.Object
	m      *manifest.Manifest
	repair blobstore.RepairKey
	placed map[int]radicle.DID
	people []swarm.Person
}

// store puts a file with friends, as a daemon does.
func store(tb testing.TB, c *circle, path string) *stored {
	tb.Helper()
	open := func() (io.ReadCloser, error) { return os.Open(path) }
	p := pointTo(tb, path)
	ck, err := blobstore.NewDomainSecret([32]byte{1}).ContentKey(p)
	if err != nil {
		tb.Fatal(err)
	}
	o, err := object.New(ck, p, wanted)
	if err != nil {
		tb.Fatal(err)
	}
	file, err := open()
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	m, err := o.Commit(tb.Context(), file, all, object.Options{SkipOID: true})
	if err != nil {
		tb.Fatal(err)
	}
	r, err := swarm.Send(tb.Context(), &swarm.Sending{
		Object: o, Manifest: m, Repair: ck.Repair(), Owner: c.did, Shares: all, Safe: all, People: c.people(), File: open,
	}, swarm.SendOptions{})
	if err != nil || len(r.Missing) > 0 {
		tb.Fatal(err, r.Failed)
	}
	return &stored{o, m, ck.Repair(), r.Placed, c.people()}
}

func pointTo(tb testing.TB, path string) blobstore.Params {
	tb.Helper()
	file, err := os.Open(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer file.Close()
	sum := sha256.New()
	n, err := io.CopyBuffer(struct{ io.Writer }{sum}, struct{ io.Reader }{file}, make([]byte, 1<<20))
	if err != nil {
		tb.Fatal(err)
	}
	return blobstore.Params{OID: blobstore.OID(sum.Sum(nil)), Size: n, Pad: blobstore.PadPadme}
}

// fetch brings an object back into a file.
func (f *stored) fetch(tb testing.TB, path string) {
	tb.Helper()
	out, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer out.Close()
	if _, err := swarm.Fetch(tb.Context(), f.object, sourcesOf(tb, f.repair, f.m, f.placed, f.people), out, swarm.FetchOptions{}); err != nil {
		tb.Fatal(err)
	}
}
