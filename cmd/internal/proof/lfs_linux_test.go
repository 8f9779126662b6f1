package proof

import (
	"fmt"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/lab"
)

// A load is what a repository holds.
type load struct {
	name  string
	count int
	size  int64 // of each
}

// loads are a film, and files of 100 KB: a thousand beside a film of 1 GiB.
func loads(film int64) []load {
	const small = 100_000
	return []load{{"film", 1, film}, {"small", max(20, int(1000*film>>30)), small}}
}

// numbers are all efforts for a load.
type numbers struct {
	load
	lanes    []string
	by       map[string]map[string]effort // by deed and lane
	put, get effort                       // the daemon's own, of as many other bytes
	hash     time.Duration                // that git-lfs takes to hash what it got, at least
}

// compare carries a load on all lanes.
func (d *desk) compare(l load) *numbers {
	d.tb.Helper()
	n := &numbers{load: l, by: map[string]map[string]effort{}}
	d.own(n)
	repository := d.repository(l.name, l.count, l.size)
	lanes := d.lanes(repository)
	for _, deed := range deeds {
		n.by[deed] = map[string]effort{}
	}
	for _, lane := range lanes {
		n.lanes = append(n.lanes, lane.name)
		n.by["push"][lane.name] = d.push(lane, repository)
	}
	want := d.names(repository, l.count)
	d.remove(repository) // or the daemon could take the objects from there
	for _, lane := range lanes {
		for deed, e := range d.back(lane, func(dir string) { d.compareNames(want, d.names(dir, l.count)) }) {
			n.by[deed][lane.name] = e
		}
	}
	return n
}

// names are those of the files of a repository, by what is in them.
func (d *desk) names(dir string, count int) (all []blobstore.OID) {
	for i := range count {
		all = append(all, oidOf(d.tb, filepath.Join(dir, fmt.Sprintf("%d.bin", i))))
	}
	return all
}

func (d *desk) compareNames(want, got []blobstore.OID) {
	d.tb.Helper()
	for i := range want {
		if want[i] != got[i] {
			d.tb.Errorf("file %d is another one", i)
		}
	}
}

// own measures what the daemon takes for as many bytes, asked by nobody but us.
func (d *desk) own(n *numbers) {
	d.tb.Helper()
	paths := make([]string, n.count)
	objects := make([]control.Pointer, n.count)
	for i := range paths {
		paths[i] = d.file(fmt.Sprintf("%s-own%d", n.name, i), n.size, byte(i), byte(i>>8), 'o')
	}
	n.put = d.alone(n.count, func(i int) error {
		stored, err := ask[control.Stored](d.stage, "/v1/put", control.Put{Path: paths[i], Require: control.Full}, nil)
		objects[i] = stored.Object
		return err
	})
	for _, path := range paths {
		d.remove(path)
	}
	n.get = d.alone(n.count, func(i int) error {
		_, err := ask[control.Fetched](d.stage, "/v1/get", control.Get{OID: objects[i].OID, To: paths[i]}, nil)
		return err
	})
	start := time.Now()
	for i, path := range paths {
		if oidOf(d.tb, path) != objects[i].OID {
			d.tb.Error("other bytes came back")
		}
	}
	n.hash = time.Since(start)
	for _, path := range paths {
		d.remove(path)
	}
}

// alone is what the daemons take for n requests, 16 at once.
func (d *desk) alone(n int, do func(i int) error) effort {
	d.tb.Helper()
	syscall.Sync()
	t := d.measured(d.people, func() { each(d.tb, n, do) })
	return effort{took: t.took, here: t.here, there: t.there}
}

// table is all of it for people to read.
func (n *numbers) table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(w, "%s: %d × %d MB\tby\ttime\t× links\tprocessor: git\thelper, agents\tyou\tfriends\thelper\tan agent\t\n",
		n.name, n.count, n.size/1e6)
	line := func(deed, by string, e effort) {
		over := ""
		if floor, ok := n.by[deed]["links"]; ok {
			over = fmt.Sprintf("%.1f", e.took.Seconds()/floor.took.Seconds())
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", deed, by, seconds(e.took), over, seconds(e.git), seconds(e.ours),
			seconds(e.here), seconds(e.there), megabytes(e.peak["git-remote-rad"]), megabytes(e.peak["git-lfs-rad"]))
	}
	for _, deed := range deeds {
		for _, lane := range n.lanes {
			line(deed, lane, n.by[deed][lane])
		}
	}
	line("put", "daemon", n.put)
	line("get", "daemon", n.get)
	line("hash", "here", effort{took: n.hash})
	_ = w.Flush() // to memory
	return b.String()
}

func seconds(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return fmt.Sprintf("%.2f s", d.Seconds())
}

func megabytes(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%.0f MB", float64(n)/1e6)
}

// overPut is a push beside a put, and overGet a fetch beside a get and the pass over it by which git-lfs compares the name.
func (n *numbers) overPut() float64 {
	return n.by["push"]["agent"].took.Seconds() / n.put.took.Seconds()
}

func (n *numbers) overGet() float64 {
	return n.by["fetch"]["agent"].took.Seconds() / (n.get.took + n.hash).Seconds()
}

// BenchmarkLFS is push, fetch, pull and clone of a film of 1 GiB and of 1,000 files of 100 KB at 3 of 10, by git, git-lfs and our
// programs, beside what git-lfs takes with an agent that only makes links, and with its own transfer to a repository on this disk,
// which does that as well. Aims: a push of the film 1.05 × a put, a fetch 1.1 × a get and git-lfs's own pass over it, 150 MB.
func BenchmarkLFS(b *testing.B) {
	for b.Loop() {
		d := newDesk(b, all)
		for _, l := range loads(benchBytes()) {
			n := d.compare(l)
			b.Log("\n" + n.table())
			for _, deed := range deeds {
				b.ReportMetric(n.by[deed]["agent"].took.Seconds(), l.name+"-"+deed+"-s")
			}
			b.ReportMetric(n.overPut(), l.name+"-push-x-put")
			b.ReportMetric(n.overGet(), l.name+"-fetch-x-get")
		}
		b.ReportMetric(most(b, d.pids(lab.You)), "you-MB")
		b.ReportMetric(most(b, d.people), "friends-MB")
	}
	b.ReportMetric(0, "ns/op")
}

// What BenchmarkLFS compares comes back as it was, on all lanes.
func TestLanes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 3)
	for _, l := range loads(8 << 20) {
		t.Log("\n" + d.compare(l).table())
	}
}
