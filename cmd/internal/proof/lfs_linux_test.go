package proof

import (
	"fmt"
	"path/filepath"
	"slices"
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
	name   string
	count  int
	size   int64 // of each
	rounds int   // how often a push is compared with a put, and a fetch with a get, each time of other bytes
}

// loads are a film, and files of 100 KB: a thousand beside a film of 1 GiB.
func loads(film int64, rounds int) []load {
	const small = 100_000
	return []load{{"film", 1, film, rounds}, {"small", max(20, int(1000*film>>30)), small, 1}}
}

// A row of the table is something done by somebody: a deed on a lane, or what the daemon does without git.
type row struct{ deed, by string }

// The rows that others are compared with.
var (
	push, fetch = row{"push", "agent"}, row{"fetch", "agent"}
	put, get    = row{"put", "daemon"}, row{"get", "daemon"}
	hash        = row{"hash", "here"} // of what was got, as git-lfs hashes it
)

// numbers are all efforts for a load.
type numbers struct {
	load
	rows []row
	all  map[row][]effort
}

func (n *numbers) add(r row, e effort) {
	if n.all[r] == nil {
		n.rows = append(n.rows, r)
	}
	n.all[r] = append(n.all[r], e)
}

// of is the effort that took neither the most nor the least time.
func (n *numbers) of(r row) effort {
	sorted := slices.SortedFunc(slices.Values(n.all[r]), func(a, b effort) int { return int(a.took - b.took) })
	return sorted[len(sorted)/2]
}

// compare carries a load on all lanes, and more such loads on that of the agent.
func (d *desk) compare(l load) *numbers {
	d.tb.Helper()
	n := &numbers{load: l, all: map[row][]effort{}}
	repository := d.repository(l.name)
	lanes := d.lanes(repository)
	for round := range l.rounds {
		d.own(n, round)
		want := d.fill(repository, l, round)
		for _, lane := range lanes {
			n.add(row{"push", lane.name}, d.push(lane, repository))
		}
		d.remove(filepath.Join(repository, ".git", "lfs", "objects")) // or the daemon could take the objects from there
		for _, path := range paths(repository, l.count) {
			d.remove(path)
		}
		for _, lane := range lanes {
			n.add(row{"fetch", lane.name}, d.fetch(lane, want))
		}
		if round > 0 {
			continue
		}
		for _, deed := range []string{"pull", "clone"} {
			for _, lane := range lanes {
				n.add(row{deed, lane.name}, d.checkOut(lane, deed, want))
			}
		}
		lanes = lanes[:1]
	}
	d.remove(repository)
	return n
}

// paths are the files of a load in a folder.
func paths(dir string, count int) (all []string) {
	for i := range count {
		all = append(all, filepath.Join(dir, fmt.Sprintf("%d.bin", i)))
	}
	return all
}

// files makes files of random bytes, and returns their names by content.
func (d *desk) files(dir string, l load, seed ...byte) (names []blobstore.OID) {
	d.tb.Helper()
	for i, path := range paths(dir, l.count) {
		randomFile(d.tb, path, l.size, append(seed, byte(i), byte(i>>8), byte(len(l.name)))...)
		names = append(names, oidOf(d.tb, path))
	}
	return names
}

// same checks that files are those with these names.
func (d *desk) same(want []blobstore.OID, paths []string) {
	d.tb.Helper()
	for i, path := range paths {
		if oidOf(d.tb, path) != want[i] {
			d.tb.Errorf("%s has other bytes", path)
		}
	}
}

// own measures what the daemon takes for as many bytes, asked by nobody but us.
func (d *desk) own(n *numbers, round int) {
	d.tb.Helper()
	names, files := d.files(d.dir, n.load, 'o', byte(round)), paths(d.dir, n.count)
	n.add(put, d.alone(n.count, func(i int) error {
		_, err := ask[control.Stored](d.stage, "/v1/put", control.Put{Path: files[i], Require: control.Full}, nil)
		return err
	}))
	for _, path := range files {
		d.remove(path)
	}
	n.add(get, d.alone(n.count, func(i int) error {
		_, err := ask[control.Fetched](d.stage, "/v1/get", control.Get{OID: names[i], To: files[i]}, nil)
		return err
	}))
	start := time.Now()
	d.same(names, files)
	n.add(hash, effort{took: time.Since(start)})
	for i, path := range files {
		d.remove(path)
		if round+1 < n.rounds { // the disk is not endless
			d.must("forget", names[i].String())
		}
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
	fmt.Fprintf(w, "%d × %.1f MB\tby\ttime\t× links\tprocessor: git\thelper, agents\tyou\tfriends\tmemory: helper\tan agent\t\n",
		n.count, float64(n.size)/1e6)
	for _, r := range n.rows {
		e, over := n.of(r), ""
		if floor := (row{r.deed, "links"}); n.all[floor] != nil {
			over = fmt.Sprintf("%.1f", e.took.Seconds()/n.of(floor).took.Seconds())
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t\n", r.deed, r.by, seconds(e.took), over, seconds(e.git), seconds(e.ours),
			seconds(e.here), seconds(e.there), megabytes(e.peak["git-remote-rad"]), megabytes(e.peak["git-lfs-rad"]))
	}
	_ = w.Flush() // to memory
	return fmt.Sprintf("\n%sa push takes %.2f × a put, a fetch %.2f × a get and git-lfs's own pass over it\n", &b, n.overPut(), n.overGet())
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

// overPut is a push beside a put, and overGet a fetch beside a get and the pass by which git-lfs compares the name.
func (n *numbers) overPut() float64 { return n.of(push).took.Seconds() / n.of(put).took.Seconds() }

func (n *numbers) overGet() float64 {
	return n.of(fetch).took.Seconds() / (n.of(get).took + n.of(hash).took).Seconds()
}

// BenchmarkLFS is push, fetch, pull and clone of a film of 1 GiB and of 1,000 files of 100 KB at 3 of 10, by git, git-lfs and our
// programs, beside what git-lfs takes with an agent that only makes links, and with its own transfer to a repository on this disk,
// which does that as well. Aims: a push of the film 1.05 × a put, a fetch 1.1 × a get and git-lfs's own pass over it, 150 MB.
func BenchmarkLFS(b *testing.B) {
	for b.Loop() {
		d := newDesk(b, all)
		for _, l := range loads(benchBytes(), 3) {
			n := d.compare(l)
			b.Log(n.table())
			for _, r := range n.rows {
				if r.by == "agent" {
					b.ReportMetric(n.of(r).took.Seconds(), l.name+"-"+r.deed+"-s")
				}
			}
			b.ReportMetric(n.overPut(), l.name+"-push-x-put")
			b.ReportMetric(n.overGet(), l.name+"-fetch-x-get")
		}
		you, friends := most(b, d.pids(lab.You)), most(b, d.people)
		b.Logf("most memory: daemon of you %.0f MB, of a friend %.0f MB", you, friends)
		b.ReportMetric(you, "you-MB")
		b.ReportMetric(friends, "friends-MB")
	}
	b.ReportMetric(0, "ns/op")
}

// What BenchmarkLFS compares comes back as it was, on all lanes.
func TestLanes(t *testing.T) {
	t.Parallel()
	d := newDesk(t, 3)
	for _, l := range loads(6<<20, 2) {
		t.Log(d.compare(l).table())
	}
}
