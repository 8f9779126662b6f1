package radtest_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/node"
	"radswarm/radicle/nodedb"
	"radswarm/radicle/radtest"
)

// strangers names everything in a value that the node package did not know: filled Unknown maps, and OtherEvents.
func strangers(v any) []string { return strangersIn(reflect.ValueOf(v), "") }

func strangersIn(v reflect.Value, path string) (found []string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return strangersIn(v.Elem(), path)
		}
	case reflect.Slice:
		for i := range v.Len() {
			found = append(found, strangersIn(v.Index(i), path)...)
		}
	case reflect.Struct:
		if other, ok := v.Interface().(node.OtherEvent); ok {
			return []string{"event " + string(other.Text)}
		}
		for i := range v.NumField() {
			if !v.Type().Field(i).IsExported() {
				continue
			}
			name := path + v.Type().Name() + "." + v.Type().Field(i).Name
			if unknown, ok := v.Field(i).Interface().(node.Unknown); ok && len(unknown) > 0 {
				for key, value := range unknown {
					found = append(found, name+"."+key+" = "+string(value))
				}
				continue
			}
			found = append(found, strangersIn(v.Field(i), name+" ")...)
		}
	}
	return found
}

func noStrangers(t *testing.T, what string, v any, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for _, s := range strangers(v) {
		t.Errorf("%s: not understood: %s", what, s)
	}
}

// watch collects the events of a node until the test ends. The function that it returns stops it and gives them.
func watch(t *testing.T, n *radtest.Node) (stop func() []node.Event) {
	t.Helper()
	s, err := n.Subscribe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan []node.Event, 1)
	go func() {
		var all []node.Event
		for e, err := range s.All(ctx) {
			if err != nil {
				break
			}
			all = append(all, e)
		}
		done <- all
	}()
	t.Cleanup(func() { cancel(); _ = s.Close() })
	return func() []node.Event { cancel(); return <-done }
}

func has[T node.Event](events []node.Event, is func(T) bool) bool {
	for _, e := range events {
		if typed, ok := e.(T); ok && is(typed) {
			return true
		}
	}
	return false
}

// Two real nodes, one repository, and everything the node can be asked or says about it.
func TestLiveNodes(t *testing.T) {
	ctx := t.Context()
	ana, bo := radtest.StartNode(t, radtest.NewHome(t, radtest.Ana)), radtest.StartNode(t, radtest.NewHome(t, radtest.Bo))
	dir := ana.Home.Commit(t, "demo", "README", "hello")
	rid := ana.Home.Init(t, dir)
	anaEvents, boEvents := watch(t, ana), watch(t, bo)

	t.Run("alone", func(t *testing.T) { aloneNode(t, ana, bo) })
	radtest.Connect(t, bo, ana)
	clone := bo.Clone(t, rid, ana)
	t.Run("connected", func(t *testing.T) { connectedNodes(t, ana, bo, rid) })
	t.Run("announce", func(t *testing.T) { announceNodes(t, ana, bo, rid, clone) })
	t.Run("policies", func(t *testing.T) { nodePolicies(t, ana, rid) })
	t.Run("address book", func(t *testing.T) { addressBook(t, ana, bo, rid) })

	events := anaEvents()
	noStrangers(t, "events of ana", events, nil)
	for what, ok := range map[string]bool{
		"peerConnected":      has(events, func(e *node.PeerConnected) bool { return e.NID == bo.NID() }),
		"nodeAnnounced":      has(events, func(e *node.NodeAnnounced) bool { return e.NID == bo.NID() && e.Alias == "bo" && len(e.Addresses) == 1 }),
		"inventoryAnnounced": has(events, func(e *node.InventoryAnnounced) bool { return e.NID == bo.NID() && !e.Time.IsZero() }),
		"refsAnnounced":      has(events, func(e *node.RefsAnnounced) bool { return e.NID == bo.NID() && e.RID == rid && len(e.Refs) > 0 }),
		"refsSynced":         has(events, func(e *node.RefsSynced) bool { return e.Remote == bo.NID() && e.RID == rid }),
		"seedDiscovered":     has(events, func(e *node.SeedDiscovered) bool { return e.NID == bo.NID() && e.RID == rid }),
		"uploadPack":         has(events, func(e *node.UploadPack) bool { return e.Remote == bo.NID() && e.RID == rid && e.Stage == "Done" }),
		"localRefsAnnounced": has(events, func(e *node.LocalRefsAnnounced) bool { return e.RID == rid && e.Refs.Remote == ana.NID() }),
	} {
		if !ok {
			t.Errorf("no event %s from ana's node", what)
		}
	}
	events = boEvents()
	noStrangers(t, "events of bo", events, nil)
	if !has(events, func(e *node.RefsFetched) bool { return e.Remote == ana.NID() && e.RID == rid && len(e.Updated) > 0 }) {
		t.Error("no event refsFetched from bo's node")
	}

	t.Run("shutdown", func(t *testing.T) {
		if err := bo.Shutdown(ctx); err != nil {
			t.Fatal(err)
		}
		radtest.Eventually(t, "bo's node ends", func() bool {
			running, err := bo.Running(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return !running
		})
		if _, err := bo.NodeID(ctx); !errors.Is(err, node.ErrNotRunning) {
			t.Errorf("%v", err)
		}
	})
}

// aloneNode asks a node that knows nobody.
func aloneNode(t *testing.T, ana, bo *radtest.Node) {
	ctx := t.Context()
	if nid, err := ana.NodeID(ctx); err != nil || nid != radtest.Ana.NID() {
		t.Errorf("node id %v, %v", nid, err)
	}
	if addrs, err := ana.ListenAddrs(ctx); err != nil || len(addrs) != 1 || addrs[0].String() != ana.Addr {
		t.Errorf("listens on %v, %v, want %s", addrs, err, ana.Addr)
	}
	if config, err := ana.Config(ctx); err != nil || !strings.Contains(string(config), `"alias":"ana"`) {
		t.Errorf("config %s, %v", config, err)
	}
	if state, err := ana.Debug(ctx); err != nil || len(state) < 10 {
		t.Errorf("debug %s, %v", state, err)
	}
	if sessions, err := ana.Sessions(ctx); err != nil || len(sessions) != 0 {
		t.Errorf("sessions %v, %v", sessions, err)
	}
	if _, ok, err := ana.Session(ctx, bo.NID()); err != nil || ok {
		t.Errorf("session %v, %v", ok, err)
	}
	err := ana.Client.Connect(ctx, radtest.Cy.NID(), "127.0.0.1:1", node.ConnectOptions{Timeout: 3 * time.Second})
	if e, ok := errors.AsType[*node.ConnectError](err); !ok || e.Reason == "" {
		t.Errorf("connect to nobody: %v", err)
	}
	unknown := radicle.NewRID(mustOid(t, "0123456789012345678901234567890123456789"))
	if _, err := ana.AnnounceRefs(ctx, unknown); err == nil {
		t.Error("announced what it does not have")
	} else if _, ok := errors.AsType[*node.CommandError](err); !ok || errors.Is(err, node.ErrUnsupported) {
		t.Errorf("announce: %v", err)
	}
	if _, err := ana.Fetch(ctx, unknown, bo.NID(), node.FetchOptions{Timeout: time.Second}); err == nil {
		t.Error("fetched from nobody")
	} else if _, ok := errors.AsType[*node.FetchError](err); !ok {
		t.Errorf("fetch: %v", err)
	}
}

func mustOid(t *testing.T, s string) radicle.Oid {
	t.Helper()
	oid, err := radicle.ParseOid(s)
	if err != nil {
		t.Fatal(err)
	}
	return oid
}

// connectedNodes asks two nodes that have a repository in common.
func connectedNodes(t *testing.T, ana, bo *radtest.Node, rid radicle.RID) {
	ctx := t.Context()
	for n, link := range map[*radtest.Node]node.Link{ana: node.Inbound, bo: node.Outbound} {
		sessions, err := n.Sessions(ctx)
		noStrangers(t, "sessions", sessions, err)
		if len(sessions) == 0 {
			t.Fatal("no sessions")
		}
		for _, s := range sessions {
			if s.NID == radtest.Cy.NID() { // whom nobody answers for
				continue
			}
			if s.Link != link || s.State.Phase != node.Connected || time.Since(s.State.Since) > time.Minute {
				t.Errorf("session %+v", s)
			}
		}
	}
	radtest.Eventually(t, "ana knows that bo has everything", func() bool {
		seeds, err := ana.Seeds(ctx, rid)
		noStrangers(t, "seeds", seeds, err)
		for _, s := range seeds {
			if s.NID == bo.NID() && s.Sync != nil && s.Sync.Status == node.Synced && len(s.Addrs) == 1 && s.Addrs[0].Addr == bo.Addr {
				return s.State != nil && s.State.Phase == node.Connected && s.Sync.At.Oid.String() == sigrefsHead(t, ana, rid)
			}
		}
		return false
	})
	result, err := bo.Fetch(ctx, rid, ana.NID(), node.FetchOptions{Timeout: 5 * time.Second, MinimumLevel: "root"})
	noStrangers(t, "fetch", result, err)
	if result.Clone {
		t.Error("fetched as if it were new")
	}
}

// sigrefsHead is the head of the signed refs of a node in its own storage.
func sigrefsHead(t *testing.T, n *radtest.Node, rid radicle.RID) string {
	t.Helper()
	return n.Home.Ref(t, rid, "refs/namespaces/"+n.NID().String()+"/refs/rad/sigrefs")
}

// announceNodes announces from both sides and waits.
func announceNodes(t *testing.T, ana, bo *radtest.Node, rid radicle.RID, clone string) {
	ctx := t.Context()
	done, err := ana.AnnounceAndWait(ctx, rid, node.AnnounceOptions{})
	noStrangers(t, "announced", done, err)
	if len(done.Already) != 1 || done.Already[0] != bo.NID() || done.TimedOut || done.Refs.At.String() != sigrefsHead(t, ana, rid) {
		t.Errorf("nothing new: %+v", done)
	}
	// A push without the node's help: rad announces nothing, we do.
	bo.Home.Commit(t, clone, "bo.txt", "from bo")
	bo.Home.Git(t, clone, "push", "-q", "-o", "no-sync", "rad", "HEAD:bo")
	if out := bo.Home.Ref(t, rid, "refs/namespaces/"+bo.NID().String()+"/refs/heads/bo"); out == "" {
		t.Fatal("the push left no ref")
	}
	done, err = bo.AnnounceAndWait(ctx, rid, node.AnnounceOptions{
		Enough: func(synced []radicle.NID) bool { return len(synced) > 0 },
	})
	noStrangers(t, "announced", done, err)
	if len(done.Already) != 0 || len(done.Synced) != 1 || done.Synced[0] != ana.NID() || done.TimedOut {
		t.Errorf("something new: %+v", done)
	}
	if got, want := ana.Home.Ref(t, rid, "refs/namespaces/"+bo.NID().String()+"/refs/rad/sigrefs"), sigrefsHead(t, bo, rid); got != want {
		t.Errorf("ana has %s of bo, want %s", got, want)
	}
	if err := ana.AnnounceInventory(ctx); err != nil {
		t.Error(err)
	}
	if _, err := ana.AddInventory(ctx, rid); err != nil {
		t.Error(err)
	}
}

// nodePolicies changes policies through the node and reads them from its database.
func nodePolicies(t *testing.T, ana *radtest.Node, rid radicle.RID) {
	ctx := t.Context()
	p, cy := nodedb.OpenPolicies(ana.Home.Node()), radtest.Cy.NID()
	for name, step := range map[string]struct {
		do   func() (bool, error)
		want bool
	}{
		"seed again":    {func() (bool, error) { return ana.Seed(ctx, rid, node.ScopeAll) }, false},
		"unfollow none": {func() (bool, error) { return ana.Unfollow(ctx, radtest.Person(7).NID()) }, false},
	} {
		if changed, err := step.do(); err != nil || changed != step.want {
			t.Errorf("%s: %v, %v", name, changed, err)
		}
	}
	if s, err := p.Seeding(ctx, rid); err != nil || !s.Allowed || s.Scope != "all" {
		t.Errorf("seeding %+v, %v", s, err)
	}
	if changed, err := ana.Seed(ctx, rid, node.ScopeFollowed); err != nil || !changed {
		t.Errorf("seed followed: %v, %v", changed, err)
	}
	if s, err := p.Seeding(ctx, rid); err != nil || s.Scope != "followed" {
		t.Errorf("seeding %+v, %v", s, err)
	}
	if changed, err := ana.Follow(ctx, cy, "cyril"); err != nil || !changed {
		t.Errorf("follow: %v, %v", changed, err)
	}
	if f, err := p.Follow(ctx, cy); err != nil || f.Alias != "cyril" || !f.Allowed {
		t.Errorf("follow %+v, %v", f, err)
	}
	if changed, err := ana.Block(ctx, cy); err != nil || !changed {
		t.Errorf("block: %v, %v", changed, err)
	}
	if f, err := p.Follow(ctx, cy); err != nil || f.Allowed {
		t.Errorf("block %+v, %v", f, err)
	}
	if _, err := ana.Seed(ctx, rid, node.ScopeAll); err != nil {
		t.Error(err)
	}
	all, err := p.Seedings(ctx)
	if err != nil || len(all) != 1 {
		t.Errorf("seedings %v, %v", all, err)
	}
}

// addressBook reads node.db beside the running node.
func addressBook(t *testing.T, ana, bo *radtest.Node, rid radicle.RID) {
	ctx := t.Context()
	book := nodedb.OpenBook(ana.Home.Node())
	nodes, err := book.Nodes(ctx)
	if err != nil || len(nodes) != 2 {
		t.Errorf("nodes %+v, %v", nodes, err)
	}
	if n, err := book.Node(ctx, bo.NID()); err != nil || n.Alias != "bo" || n.Features != 1 || !strings.HasPrefix(n.Agent, "/radicle") {
		t.Errorf("bo is %+v, %v", n, err)
	}
	addrs, err := book.Addresses(ctx, bo.NID())
	if err != nil || len(addrs) != 1 || addrs[0].Value != bo.Addr || addrs[0].Type != "ipv4" || addrs[0].Source != "peer" {
		t.Errorf("addresses %+v, %v", addrs, err)
	}
	routes, err := book.Routes(ctx, rid)
	if err != nil || len(routes) != 2 {
		t.Errorf("routes %+v, %v", routes, err)
	}
	inventory, err := book.Inventory(ctx, bo.NID())
	if err != nil || len(inventory) != 1 || inventory[0].RID != rid {
		t.Errorf("inventory %+v, %v", inventory, err)
	}
	status, err := book.SyncStatus(ctx, rid)
	if err != nil || len(status) == 0 {
		t.Errorf("sync status %+v, %v", status, err)
	}
	for _, s := range status {
		if s.NID == bo.NID() && s.Head.String() != sigrefsHead(t, ana, rid) {
			t.Errorf("bo has %v, want %s", s.Head, sigrefsHead(t, ana, rid))
		}
	}
}

// A node that stays is told that its peer has gone; the peer can come back at once.
func TestRestartedPeer(t *testing.T) {
	ana, bo := radtest.StartNode(t, radtest.NewHome(t, radtest.Ana)), radtest.StartNode(t, radtest.NewHome(t, radtest.Bo))
	radtest.Connect(t, bo, ana)
	bo.Stop(t, ana)
	if running, err := bo.Running(t.Context()); running || err != nil {
		t.Errorf("stopped: %v, %v", running, err)
	}
	again := radtest.StartNode(t, bo.Home)
	radtest.Connect(t, again, ana)
	again.Kill() // leaves its socket
	if running, err := again.Running(t.Context()); running || err != nil {
		t.Errorf("killed: %v, %v", running, err)
	}
	nodes, err := nodedb.OpenBook(bo.Home.Node()).Nodes(t.Context())
	if err != nil || len(nodes) != 2 {
		t.Errorf("book of a killed node: %v, %v", nodes, err)
	}
}
