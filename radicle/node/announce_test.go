package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"radswarm/radicle"
)

// A gossip is a node with two seeds, ana (itself) and bo, where bo has the refs after a while.
type gossip struct {
	seeds     []string // answers to seedsFor, the last one again and again
	events    []string // sent to subscribers once the refs are announced
	keepOpen  bool     // the subscription stays after them
	mu        sync.Mutex
	asked     int           // how often for seeds
	announced chan struct{} // closed by the announcement
}

func (g *gossip) serve(conn net.Conn, line string) {
	var r struct{ Command string }
	_ = json.Unmarshal([]byte(line), &r)
	switch r.Command {
	case "nodeId":
		fmt.Fprintf(conn, "%q\n", anaID)
	case "seedsFor":
		g.mu.Lock()
		answer := g.seeds[min(g.asked, len(g.seeds)-1)]
		g.asked++
		g.mu.Unlock()
		fmt.Fprintf(conn, "%s\n", answer)
	case "announceRefsFor":
		fmt.Fprintf(conn, `{"remote":%q,"at":%q}`+"\n", anaID, oidID)
		close(g.announced)
	case "subscribe":
		<-g.announced
		for _, e := range g.events {
			fmt.Fprintln(conn, e)
		}
		if g.keepOpen {
			_, _ = io.Copy(io.Discard, conn)
		}
	}
}

// Answers to seedsFor: the own node, and bo in three states.
var (
	ownSeed   = `{"nid":"` + anaID + `","addrs":[],"sync":{"status":"synced","at":{"oid":"` + oidID + `","timestamp":1}}}`
	boAway    = `[` + ownSeed + `,{"nid":"` + boID + `","addrs":[]}]`
	boBehind  = `[` + ownSeed + `,{"nid":"` + boID + `","addrs":[],"state":{"connected":{"since":1}}}]`
	boHasThem = `[` + strings.Replace(ownSeed, anaID, boID, 1) + `]`
)

func refsSynced(id string, at string) string {
	return `{"type":"refsSynced","remote":"` + id + `","rid":"` + ridID + `","at":"` + at + `"}`
}

func TestAnnounceAndWait(t *testing.T) {
	other := strings.Replace(oidID, "9", "8", 1)
	for name, c := range map[string]struct {
		g       *gossip
		o       AnnounceOptions
		already int
		synced  []radicle.NID
		timeout bool
		err     error
	}{
		"nobody connected": {g: &gossip{seeds: []string{boAway}}},
		"has them already": {g: &gossip{seeds: []string{boHasThem}}, already: 1, synced: []radicle.NID{bo}},
		"by an event": {
			g:      &gossip{seeds: []string{boBehind}, events: []string{refsSynced(boID, other), refsSynced(boID, oidID)}, keepOpen: true},
			synced: []radicle.NID{bo},
		},
		"before the subscription": {g: &gossip{seeds: []string{boBehind, boHasThem}, keepOpen: true}, synced: []radicle.NID{bo}},
		"never": {
			g: &gossip{seeds: []string{boBehind}, events: []string{refsSynced(boID, other)}, keepOpen: true},
			o: AnnounceOptions{Wait: 30 * time.Millisecond}, timeout: true,
		},
		"enough is more": {
			g: &gossip{seeds: []string{boHasThem}, events: []string{refsSynced(boID, oidID), refsSynced(anaID, oidID)}, keepOpen: true},
			o: AnnounceOptions{Enough: func(s []radicle.NID) bool { return len(s) == 2 }},

			already: 1, synced: []radicle.NID{bo, ana},
		},
		"the node ends": {g: &gossip{seeds: []string{boBehind}}, err: ErrNotRunning},
	} {
		c.g.announced = make(chan struct{})
		got, err := listen(t, c.g.serve).AnnounceAndWait(t.Context(), rid, c.o)
		if !errors.Is(err, c.err) || got.TimedOut != c.timeout || got.Refs.At != oid {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if !slices.Equal(got.Synced, c.synced) || len(got.Already) != c.already || len(got.Seeds) != 1 || got.Seeds[0].NID != bo {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAnnounceAndWaitErrors(t *testing.T) {
	if _, err := New("/nonexistent/socket").AnnounceAndWait(t.Context(), rid, AnnounceOptions{}); !errors.Is(err, ErrNotRunning) {
		t.Errorf("%v", err)
	}
	g := gossip{seeds: []string{boBehind}, keepOpen: true, announced: make(chan struct{})}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	got, err := listen(t, g.serve).AnnounceAndWait(ctx, rid, AnnounceOptions{})
	if !errors.Is(err, context.DeadlineExceeded) || got.TimedOut {
		t.Errorf("our own deadline: %+v, %v", got, err)
	}
}
