package identity_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/identity"
)

// TestPatternVectors: the rules of one document that match a ref, the most specific first, as radicle 0.25.1 lists them.
func TestPatternVectors(t *testing.T) {
	var vector struct {
		Document string
		Matches  []struct {
			Ref      string
			Patterns []string
		}
	}
	readVectors(t, "patterns.json", &vector)
	doc, err := identity.Parse([]byte(vector.Document))
	if err != nil {
		t.Fatal(err)
	}
	crefs, err := doc.CanonicalRefs()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range vector.Matches {
		var got []string
		for _, rule := range crefs.Rules() {
			if rule.Pattern.Match(m.Ref) {
				got = append(got, string(rule.Pattern))
			}
		}
		if diff := cmp.Diff(m.Patterns, got); diff != "" {
			t.Errorf("%s: %s", m.Ref, diff)
		}
		if rule, ok := crefs.Match(m.Ref); ok != (len(m.Patterns) > 0) || ok && string(rule.Pattern) != m.Patterns[0] {
			t.Errorf("Match(%s) = %v, %v", m.Ref, rule.Pattern, ok)
		}
	}
}

// TestPatternOrder has the examples of Radicle's documentation (RIP 4), in order.
func TestPatternOrder(t *testing.T) {
	for _, ordered := range [][]identity.Pattern{
		{"refs/heads/a/b/c/d/*", "refs/heads/*/x"},
		{"refs/heads/a", "refs/heads/*"},
		{"refs/heads/abc", "refs/heads/a*"},
		{"refs/heads/a/b/*", "refs/heads/a/*/c"},
		{"refs/heads/aa*", "refs/heads/a*"},
		{"refs/heads/a*b", "refs/heads/a*"},
		{"refs/heads/a/*/a", "refs/heads/a/*/ab"},
		{"refs/heads/a/*/a", "refs/heads/a/*/b"},
		{"refs/tags/release/candidates/*", "refs/tags/release/*", "refs/tags/*"},
		{"refs/tags/release/v1.0.0", "refs/tags/*/v1.0.0", "refs/heads/main", "refs/tags/v1", "refs/tags/v1.0.0", "refs/tags/*"},
	} {
		for i, p := range ordered {
			for j, q := range ordered {
				if got := p.Compare(q); got < 0 != (i < j) || got > 0 != (i > j) {
					t.Errorf("%s against %s: %d", p, q, got)
				}
			}
		}
	}
}

func TestCanonicalRefs(t *testing.T) {
	doc, err := identity.Parse(fmt.Appendf(nil, `{"delegates":[%[1]q,%[2]q],"threshold":2,"payload":{
		"xyz.radicle.project":{"name":"a","description":"","defaultBranch":"main"},
		"xyz.radicle.crefs":{"rules":{"refs/tags/*":{"allow":[%[3]q,%[3]q],"threshold":1,"more":1},"refs/heads/qa/*":{"allow":"delegates","threshold":1}},
			"symbolic":{"STABLE":"refs/tags/v1"}}}}`, did(1), did(2), did(3)))
	if err != nil {
		t.Fatal(err)
	}
	crefs, err := doc.CanonicalRefs()
	if err != nil {
		t.Fatal(err)
	}
	delegates := []radicle.DID{did(1), did(2)}
	want := []identity.Rule{
		{Pattern: "refs/heads/qa/*", Delegates: true, Allowed: delegates, Threshold: 1},
		{Pattern: "refs/heads/main", Delegates: true, Allowed: delegates, Threshold: 2},
		{Pattern: "refs/tags/*", Allowed: []radicle.DID{did(3)}, Threshold: 1},
	}
	if diff := cmp.Diff(want, crefs.Rules()); diff != "" {
		t.Error(diff)
	}
	symbolic := []identity.SymbolicRef{{Name: "STABLE", Target: "refs/tags/v1"}, {Name: "HEAD", Target: "refs/heads/main"}}
	if diff := cmp.Diff(symbolic, crefs.Symbolic()); diff != "" || crefs.Head() != "refs/heads/main" {
		t.Errorf("%s, HEAD %s", diff, crefs.Head())
	}
	if _, ok := crefs.Match("refs/heads/other"); ok {
		t.Error("a ref without a rule matches")
	}
}

func TestRulesAreBounded(t *testing.T) {
	list := func(n int, member string) string {
		var b []string
		for i := range n {
			b = append(b, fmt.Sprintf(member, i))
		}
		return strings.Join(b, ",")
	}
	try := func(rules, symbolic int) error {
		doc, err := identity.Parse(fmt.Appendf(nil, `{"delegates":[%q],"threshold":1,"payload":{
			"xyz.radicle.project":{"name":"a","description":"","defaultBranch":"main"},
			"xyz.radicle.crefs":{"rules":{%s},"symbolic":{%s}}}}`, did(1),
			list(rules, `"refs/tags/%d":{"allow":"delegates","threshold":1}`), list(symbolic, `"S%d":"refs/heads/main"`)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = doc.CanonicalRefs()
		return err
	}
	if err := try(1024, 1024); err != nil {
		t.Errorf("1024 of both: %v", err)
	}
	if err := try(1025, 0); !errors.Is(err, identity.ErrDocument) {
		t.Errorf("1025 rules: %v", err)
	}
	if err := try(0, 1025); !errors.Is(err, identity.ErrDocument) {
		t.Errorf("1025 symbolic refs: %v", err)
	}
}

// graph is an ancestry by parents.
type graph map[string][]string

func (g graph) ancestors(id string) map[string]bool {
	seen := map[string]bool{id: true}
	for list := []string{id}; len(list) > 0; list = list[1:] {
		for _, p := range g[list[0]] {
			if !seen[p] {
				seen[p] = true
				list = append(list, p)
			}
		}
	}
	return seen
}

func (g graph) MergeBase(_ context.Context, a, b radicle.Oid) (radicle.Oid, error) {
	x, y := g.ancestors(a.String()), g.ancestors(b.String())
	var best string
	for id := range x { // the common ancestor that has all the others behind it, or any one
		if y[id] && (best == "" || g.ancestors(id)[best]) {
			best = id
		}
	}
	if best == "" {
		return radicle.Oid{}, fmt.Errorf("%v and %v: %w", a, b, fs.ErrNotExist)
	}
	return radicle.ParseOid(best)
}

func reasonOf(err error) string {
	for reason, sentinel := range map[string]error{
		"no candidates": identity.ErrNoCandidates, "diverging commits": identity.ErrDiverging,
		"diverging tags": identity.ErrDivergingTags, "different types": identity.ErrDifferentTypes, "unrelated": identity.ErrUnrelated,
	} {
		if errors.Is(err, sentinel) {
			return reason
		}
	}
	return fmt.Sprint(err)
}

// TestQuorumVectors: what radicle 0.25.1 made of the same votes in real repositories.
func TestQuorumVectors(t *testing.T) {
	type vote struct {
		DID    radicle.DID
		Object radicle.Oid
		Tag    bool
	}
	var vectors []struct {
		Parents graph
		Counts  []struct {
			Threshold int
			Votes     []vote
			Object    string
			Tag       bool
			Error     string
		}
	}
	readVectors(t, "quorum.json", &vectors)
	for i, v := range vectors {
		for j, c := range v.Counts {
			votes := identity.Votes{}
			for _, vote := range c.Votes {
				votes[vote.DID] = identity.Object{ID: vote.Object, Tag: vote.Tag}
			}
			got, err := identity.Rule{Threshold: c.Threshold}.Quorum(t.Context(), "refs/heads/master", votes, v.Parents)
			if got.ID.String() != c.Object || got.Tag != c.Tag || (err != nil || c.Error != "") && reasonOf(err) != c.Error {
				t.Errorf("graph %d, count %d: %v, %v, want %s %s", i, j, got, err, c.Object, c.Error)
			}
		}
	}
}

// TestPairsOfVotersCount: two voters on a commit and two on one descendant of it are six votes.
func TestPairsOfVotersCount(t *testing.T) {
	old, latest := oid(1), oid(2)
	g := graph{latest.String(): {old.String()}}
	votes := identity.Votes{did(1): {ID: old}, did(2): {ID: old}, did(3): {ID: latest}, did(4): {ID: latest}}
	for threshold, want := range map[int]radicle.Oid{1: latest, 2: latest, 3: old, 6: old, 7: {}} {
		got, err := identity.Rule{Threshold: threshold}.Quorum(t.Context(), "refs/heads/main", votes, g)
		if got.ID != want || (err == nil) == want.IsZero() {
			t.Errorf("threshold %d: %v, %v", threshold, got, err)
		}
	}
	many := identity.Votes{}
	for i := range 255 {
		many[radicle.DID{byte(i)}] = identity.Object{ID: oid(1 + i%2)}
	}
	if got, err := (identity.Rule{Threshold: 255}).Quorum(t.Context(), "refs/heads/main", many, g); err != nil || got.ID != old {
		t.Errorf("255 of 255: %v, %v", got, err)
	}
}

func oid(n int) radicle.Oid {
	id, err := radicle.ParseOid(fmt.Sprintf("%040x", n))
	if err != nil {
		panic(err)
	}
	return id
}

// broken is an ancestry that cannot be read.
type broken struct{ err error }

func (b broken) MergeBase(context.Context, radicle.Oid, radicle.Oid) (radicle.Oid, error) {
	return radicle.Oid{}, b.err
}

func TestQuorumErrors(t *testing.T) {
	votes := identity.Votes{did(1): {ID: oid(1)}, did(2): {ID: oid(2)}}
	failure := errors.New("disk is gone")
	rule := identity.Rule{Threshold: 1}
	if _, err := rule.Quorum(t.Context(), "refs/heads/main", votes, broken{failure}); err != failure {
		t.Errorf("the reader's error became %v", err)
	}
	if _, err := rule.Converges(t.Context(), "refs/heads/main", votes, did(1), identity.Object{ID: oid(1)}, broken{failure}); err != failure {
		t.Errorf("the reader's error became %v", err)
	}
	_, err := rule.Quorum(t.Context(), "refs/heads/main", votes, graph{oid(1).String(): {oid(3).String()}, oid(2).String(): {oid(3).String()}})
	quorum, ok := errors.AsType[*identity.QuorumError](err)
	if !ok || quorum.Err != identity.ErrDiverging || !slices.Equal(quorum.Objects, []radicle.Oid{oid(1), oid(2)}) {
		t.Errorf("diverging: %v", err)
	}
	if _, err := rule.Quorum(t.Context(), "refs/heads/main", nil, graph{}); !errors.Is(err, identity.ErrNoCandidates) {
		t.Errorf("nobody: %v", err)
	}
}

func TestConverges(t *testing.T) {
	g := graph{oid(2).String(): {oid(1).String()}, oid(3).String(): {oid(1).String()}, oid(9).String(): nil}
	commit := func(n int) identity.Object { return identity.Object{ID: oid(n)} }
	tag := func(n int) identity.Object { return identity.Object{ID: oid(n), Tag: true} }
	for name, c := range map[string]struct {
		votes identity.Votes
		mine  identity.Object
		want  bool
		err   error
	}{
		"nobody else":          {identity.Votes{did(1): commit(1)}, commit(2), false, nil},
		"same commit":          {identity.Votes{did(2): commit(2)}, commit(2), true, nil},
		"ahead of another":     {identity.Votes{did(2): commit(1)}, commit(2), true, nil},
		"behind another":       {identity.Votes{did(2): commit(2)}, commit(1), true, nil},
		"beside another":       {identity.Votes{did(2): commit(3)}, commit(2), false, nil},
		"beside one, with one": {identity.Votes{did(2): commit(3), did(3): commit(1)}, commit(2), true, nil},
		"unrelated":            {identity.Votes{did(2): commit(9)}, commit(2), false, nil},
		"tags":                 {identity.Votes{did(2): tag(3)}, tag(4), true, nil},
		"commit against tag":   {identity.Votes{did(2): tag(3)}, commit(1), false, identity.ErrMixedTypes},
		"tag against commit":   {identity.Votes{did(2): commit(1)}, tag(3), false, identity.ErrMixedTypes},
		"own old tag":          {identity.Votes{did(1): tag(3), did(2): commit(1)}, commit(2), true, nil},
	} {
		got, err := identity.Rule{Threshold: 1}.Converges(t.Context(), "refs/heads/main", c.votes, did(1), c.mine, g)
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}
