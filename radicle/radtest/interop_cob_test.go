package radtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/radtest"
	"radswarm/radicle/storage"
)

// tipsOf returns where the refs of all namespaces for an object point.
func tipsOf(t *testing.T, r *storage.Repo, kind cob.TypeName, object radicle.Oid) (tips []radicle.Oid) {
	t.Helper()
	snapshot, err := r.Refs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, peer := range snapshot.Peers() {
		if id, ok := snapshot.Get(storage.NamespacePrefix(peer) + cob.Ref(kind, object)); ok {
			tips = append(tips, id)
		}
	}
	return tips
}

// objectsOf returns the ids of all objects of a type, in all namespaces.
func objectsOf(t *testing.T, r *storage.Repo, kind cob.TypeName) (objects []radicle.Oid) {
	t.Helper()
	snapshot, err := r.Refs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[radicle.Oid]bool)
	for _, peer := range snapshot.Peers() {
		for name := range snapshot.Namespace(peer) {
			if k, object, ok := cob.ParseRef(name); ok && k == kind && !seen[object] {
				seen[object] = true
				objects = append(objects, object)
			}
		}
	}
	return objects
}

// history reads the operations on an object from a home's storage.
func history(t *testing.T, h *radtest.Home, rid radicle.RID, kind cob.TypeName, object radicle.Oid) *cob.History {
	t.Helper()
	r := openRepo(t, h, rid)
	got, err := cob.ReadHistory(t.Context(), r, tipsOf(t, r, kind, object), cob.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	if skipped := got.Skipped(); len(skipped) > 0 {
		t.Errorf("%s: operations that do not count: %v", h.Person.Alias(), skipped)
	}
	return got
}

// logged is an operation as rad cob log --format json prints it.
type logged struct {
	ID      string            `json:"id"`
	Author  string            `json:"author"`
	Actions []json.RawMessage `json:"actions"`
	Parents []string          `json:"parents"`
}

// radLog is what rad says about the operations on an object, newest first.
func radLog(t *testing.T, h *radtest.Home, rid radicle.RID, kind cob.TypeName, object radicle.Oid) (all []logged) {
	t.Helper()
	out := h.Rad(t, h.Work, "cob", "log", "--repo", rid.String(), "--type", string(kind), "--object", object.String(), "--format", "json")
	for line := range strings.Lines(out) {
		var l logged
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, l)
	}
	return all
}

// writeObject writes an operation on an object of a type of our own, announces it and waits until the other node has it.
func writeObject(t *testing.T, n, other *radtest.Node, rid radicle.RID, object radicle.Oid, action string) radicle.Oid {
	t.Helper()
	const kind = cob.TypeName("org.radswarm.test")
	change := cob.Change{Type: kind, Message: "Change " + action, Actions: [][]byte{fmt.Appendf(nil, `{"type":%q}`, action)}}
	if !object.IsZero() {
		change.Tips = history(t, n.Home, rid, kind, object).Tips()
	}
	var written radicle.Oid
	result, err := openRepo(t, n.Home, rid).Update(t.Context(), n.Home.Person.Signer(), func(ctx context.Context, tx *storage.Tx) error {
		change.Resource = mustOid(t, n.Home.Ref(t, rid, "refs/rad/id"))
		entry, err := change.Write(ctx, cob.Pen{
			Objects: tx, Signer: n.Home.Person.Signer(), Who: cob.Author(n.Home.Person.Alias(), n.NID(), time.Now()),
		})
		if err != nil {
			return err
		}
		written = entry.ID
		if object.IsZero() {
			object = entry.ID
		}
		return tx.Set(ctx, cob.Ref(kind, object), entry.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	if other != nil {
		if _, err := n.AnnounceRefs(t.Context(), rid); err != nil {
			t.Fatal(err)
		}
		arrives(t, n, other, rid, result.List.At)
	}
	return written
}

// pair starts two connected nodes with a repository of rad's that both have, and a working copy each.
func pair(t *testing.T) (ana, bo *radtest.Node, rid radicle.RID, dirs map[*radtest.Node]string) {
	t.Helper()
	ana, bo = radtest.StartNode(t, radtest.NewHome(t, radtest.Ana)), radtest.StartNode(t, radtest.NewHome(t, radtest.Bo))
	dir := ana.Home.Commit(t, "demo", "README", "hello")
	rid = ana.Home.Init(t, dir)
	radtest.Connect(t, bo, ana)
	return ana, bo, rid, map[*radtest.Node]string{ana: dir, bo: bo.Clone(t, rid, ana)}
}

// An object of a type that rad has never heard of travels, and rad logs it in the same order on both sides, two concurrent
// operations and one that joins them included.
func TestOurObjects(t *testing.T) {
	const kind = cob.TypeName("org.radswarm.test")
	ana, bo, rid, _ := pair(t)
	object := writeObject(t, ana, bo, rid, radicle.Oid{}, "create")
	writeObject(t, bo, nil, rid, object, "one") // neither knows of the other
	writeObject(t, ana, bo, rid, object, "two")
	result, err := openRepo(t, bo.Home, rid).Update(t.Context(), bo.Home.Person.Signer(), nil)
	if err != nil || result.Signed {
		t.Errorf("%+v, %v", result, err)
	}
	last := writeObject(t, bo, ana, rid, object, "join")

	var logs [2][]logged
	for i, n := range []*radtest.Node{ana, bo} {
		if out := n.Home.Rad(t, n.Home.Work, "cob", "list", "--repo", rid.String(), "--type", string(kind)); out != object.String() {
			t.Errorf("rad cob list at %s: %s", n.Home.Person.Alias(), out)
		}
		logs[i] = radLog(t, n.Home, rid, kind, object)
		h := history(t, n.Home, rid, kind, object)
		if h.Len() != 4 || len(h.Tips()) != 1 || h.Tips()[0] != last {
			t.Errorf("%s: %d operations, tips %v", n.Home.Person.Alias(), h.Len(), h.Tips())
		}
		sameLog(t, h, logs[i])
	}
	if len(logs[0]) != 4 || fmt.Sprint(logs[0]) != fmt.Sprint(logs[1]) {
		t.Errorf("at ana\n%s\nat bo\n%s", logs[0], logs[1])
	}
	if join, ok := history(t, ana.Home, rid, kind, object).Entry(last); !ok || len(join.Parents) != 2 {
		t.Errorf("the join has %+v", join)
	}
}

// sameLog checks that rad lists the operations that we read.
func sameLog(t *testing.T, h *cob.History, log []logged) {
	t.Helper()
	if len(log) != h.Len() {
		t.Errorf("rad has %d operations, we %d", len(log), h.Len())
	}
	for _, l := range log {
		e, ok := h.Entry(mustOid(t, l.ID))
		if !ok {
			t.Errorf("operation %s is not in our history", l.ID)
			continue
		}
		if err := e.Verify(); err != nil || e.Author.String() != l.Author || len(e.Actions) != len(l.Actions) {
			t.Errorf("operation %s: by %v, %d actions, %v; rad says %+v", l.ID, e.Author, len(e.Actions), err, l)
		}
	}
}

// Objects that rad writes, here an issue that both discuss, are read here: every operation, its author and its signature.
func TestTheirObjects(t *testing.T) {
	const kind = cob.TypeName("xyz.radicle.issue")
	ana, bo, rid, dirs := pair(t)
	ana.Home.Rad(t, dirs[ana], "issue", "open", "--title", "Broken", "--description", "It is.", "--labels", "bug")
	var issue radicle.Oid
	radtest.Eventually(t, "the issue arrives at bo", func() bool {
		objects := objectsOf(t, openRepo(t, bo.Home, rid), kind)
		if len(objects) == 1 {
			issue = objects[0]
		}
		return !issue.IsZero()
	})
	bo.Home.Rad(t, dirs[bo], "issue", "comment", issue.String(), "--message", "Really?")
	bo.Home.Rad(t, dirs[bo], "issue", "react", issue.String(), "--emoji", "✅", "--to", issue.String())
	want := history(t, bo.Home, rid, kind, issue).Len()
	radtest.Eventually(t, "bo's operations arrive at ana", func() bool { return history(t, ana.Home, rid, kind, issue).Len() == want })
	for _, n := range []*radtest.Node{ana, bo} {
		sameLog(t, history(t, n.Home, rid, kind, issue), radLog(t, n.Home, rid, kind, issue))
	}
}
