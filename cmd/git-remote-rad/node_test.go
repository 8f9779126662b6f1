//go:build unix

package main_test

import (
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/radtest"
)

// with is a home whose git runs a helper.
func with(t testing.TB, h *radtest.Home, helper side) *radtest.Home {
	t.Helper()
	path, _ := h.Lookup("PATH")
	return h.With("PATH=" + helper.bin + string(os.PathListSeparator) + radtest.Tools(t) + string(os.PathListSeparator) + path)
}

// published is a repository of Ana's, with her working copy.
func published(t testing.TB, ana *radtest.Home) (dir string, rid radicle.RID) {
	t.Helper()
	dir = ana.Commit(t, "demo", "README", "hello\n")
	return dir, ana.Init(t, dir)
}

// pushed commits a file with a new text, pushes it with a helper, and returns what was printed, without the ids of commits.
func pushed(t testing.TB, ana *radtest.Home, dir, text string, helper side) string {
	t.Helper()
	ana.Commit(t, dir, "README", text+"\n")
	out := with(t, ana, helper).Git(t, dir, "push", "rad", "master")
	return regexp.MustCompile(`[0-9a-f]{7,40}`).ReplaceAllString(out, "*")
}

// With a node, a push tells it: whoever is connected has the commits when the push ends, and git prints what it prints with
// Radicle's helper.
func TestNodeSpreadsAPush(t *testing.T) {
	t.Parallel()
	ana, bo := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	anaNode, boNode := radtest.StartNode(t, ana), radtest.StartNode(t, bo)
	dir, rid := published(t, ana)
	radtest.Connect(t, boNode, anaNode)
	boNode.Clone(t, rid, anaNode)
	want := pushed(t, ana, dir, "one", stock(t))
	if got := pushed(t, ana, dir, "two", ours(t)); got != want {
		t.Errorf("ours prints\n%s\n--- Radicle's\n%s", got, want)
	}
	head := ana.Git(t, dir, "rev-parse", "HEAD")
	branch := "refs/namespaces/" + radtest.Ana.NID().String() + "/refs/heads/master"
	if got := bo.Ref(t, rid, branch); got != head {
		t.Errorf("when the push ends, Bo has %q, Ana pushed %s", got, head)
	}
	ana.Git(t, dir, "commit", "-q", "--allow-empty", "-m", "topic")
	with(t, ana, ours(t)).Git(t, dir, "push", "-o", "patch.message=From Ana", "rad", "HEAD:refs/patches")
	radtest.Eventually(t, "Ana's patch at Bo's", func() bool {
		return strings.Contains(bo.Rad(t, bo.Work, "patch", "list", "--repo", rid.String()), "From Ana")
	})
}

// When the seeds are known and none is there, Radicle's helper waits its nine seconds for them; ours does not.
func TestSeedsOffline(t *testing.T) {
	t.Parallel()
	ana, bo := radtest.NewHome(t, radtest.Ana), radtest.NewHome(t, radtest.Bo)
	anaNode, boNode := radtest.StartNode(t, ana), radtest.StartNode(t, bo)
	dir, rid := published(t, ana)
	radtest.Connect(t, boNode, anaNode)
	boNode.Clone(t, rid, anaNode)
	boNode.Stop(t, anaNode)
	took := make(map[string]time.Duration)
	for _, helper := range []side{stock(t), ours(t)} {
		began := time.Now()
		out := pushed(t, ana, dir, helper.name, helper)
		took[helper.name] = time.Since(began)
		t.Logf("%s: %v\n%s", helper.name, took[helper.name], out)
		if !strings.Contains(out, "master -> master") {
			t.Errorf("%s pushed nothing:\n%s", helper.name, out)
		}
	}
	if took["ours"] > took["Radicle's"]-4*time.Second { // of nine; a push alone takes as long with both
		t.Errorf("ours took %v, Radicle's %v", took["ours"], took["Radicle's"])
	}
}

// A node that was killed leaves its socket behind: a push takes it for one that is not running.
func TestNodeKilled(t *testing.T) {
	t.Parallel()
	ana := radtest.NewHome(t, radtest.Ana)
	node := radtest.StartNode(t, ana)
	dir, _ := published(t, ana)
	node.Kill()
	want := pushed(t, ana, dir, "one", stock(t))
	if got := pushed(t, ana, dir, "two", ours(t)); got != want {
		t.Errorf("ours prints\n%s\n--- Radicle's\n%s", got, want)
	}
}

// A node that hangs up without an answer makes no push fail.
func TestNodeHangsUp(t *testing.T) {
	t.Parallel()
	ana := radtest.NewHome(t, radtest.Ana)
	dir, _ := published(t, ana)
	socket := filepath.Join(radtest.ShortDir(t), "node")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_ = conn.Close()
		}
	}()
	home := ana.With("RAD_SOCKET=" + socket)
	want := pushed(t, home, dir, "one", stock(t))
	if got := pushed(t, home, dir, "two", ours(t)); got != want {
		t.Errorf("ours prints\n%s\n--- Radicle's\n%s", got, want)
	}
}
