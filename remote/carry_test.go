package remote_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
)

// carrier is BigFiles that brings a repository from a folder beside storage, and commits that nobody has pushed.
type carrier struct {
	*memory
	w       *world
	away    string // where the repository is while it is not here
	stalls  bool   // it does not answer
	broken  bool
	refresh int
	wrote   int
}

func (c *carrier) Clone(_ context.Context, rid radicle.RID, w io.Writer) error {
	if c.broken || rid != c.w.rid {
		return errors.New("nobody has it")
	}
	fmt.Fprintln(w, "fetching from bo")
	return os.Rename(c.away, c.w.repo.Dir())
}

func (c *carrier) Refresh(ctx context.Context, _ radicle.RID) error {
	c.refresh++
	if c.stalls {
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func (c *carrier) Wrote(_ context.Context, _ radicle.RID, wait bool) []string {
	c.wrote++
	if !wait {
		return nil
	}
	return []string{"bo", "cy"}
}

func newCarrier(t *testing.T) *carrier {
	c := &carrier{memory: newMemory(), w: newWorld(t)}
	c.w.big = c
	return c
}

// A repository that is not in storage is fetched by who carries it; where nobody does, all is as without.
func TestClonedThroughMembers(t *testing.T) {
	c := newCarrier(t)
	c.away = c.w.repo.Dir() + ".away.tmp"
	if err := os.Rename(c.w.repo.Dir(), c.away); err != nil {
		t.Fatal(err)
	}
	c.broken = true
	got := c.w.run(t, []string{"rad", c.w.url()}, "list\n\n")
	if got.code != 1 || !strings.Contains(got.err, "is not in storage") {
		t.Errorf("nobody has it: %+v", got)
	}
	c.broken = false
	got = c.w.run(t, []string{"rad", c.w.url()}, "list\n\n")
	if got.code != 0 || !strings.Contains(got.out, "refs/heads/master") || !strings.Contains(got.err, "fetching from bo") {
		t.Errorf("cloned: %+v", got)
	}
}

// Before it lists, the helper has members asked for what is newer, and waits no longer than two seconds; not before a push.
func TestRefreshed(t *testing.T) {
	c := newCarrier(t)
	c.stalls = true
	start := time.Now()
	got := c.w.run(t, []string{"rad", c.w.url()}, "list\n\n")
	if took := time.Since(start); got.code != 0 || c.refresh != 1 || took > 15*time.Second {
		t.Errorf("after %v, asked %d times: %+v", took, c.refresh, got)
	}
	if got := c.w.run(t, []string{"rad", c.w.url()}, "list for-push\n\n"); got.code != 0 || c.refresh != 1 {
		t.Errorf("before a push: asked %d times, %+v", c.refresh, got)
	}
}

// What was pushed is told, unless the person wants that nobody is told.
func TestToldAfterPush(t *testing.T) {
	c := newCarrier(t)
	c.w.commit(t, "a", "a")
	c.w.push(t, "HEAD:refs/heads/master")
	if c.wrote != 0 {
		t.Error("told although nobody was to be told")
	}
	c.w.commit(t, "b", "b")
	got := c.w.run(t, []string{"rad", c.w.url()}, "push HEAD:refs/heads/master\n\n")
	if got.code != 0 || c.wrote != 1 || strings.Contains(got.err, "bo") {
		t.Errorf("told %d times: %+v", c.wrote, got)
	}
	c.w.commitBig(t, "film.mp4", "film", true)
	got = c.w.run(t, []string{"rad", c.w.url()}, "push HEAD:refs/heads/master\n\n")
	if got.code != 0 || !strings.Contains(got.err, "the commits are with bo, cy, too\n") {
		t.Errorf("who has the commits: %+v", got)
	}
}
