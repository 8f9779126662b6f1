package cobcache

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

// Everything is for the tests that run rad.
var Everything = everything

// everything is a patch with every field and every alternative, proposing the commit head on base.
func everything(id, base, head radicle.Oid) *Patch {
	at := Time(time.UnixMilli(1710884599000))
	edit := Edit{Author: ana, Time: at, Body: "text", Embeds: List[Embed]{{Name: "a.png", Content: "git:" + oid("e").String()}}}
	place := &Location{Commit: oid("2"), Path: "src/a.go", New: &Range{Start: 4, End: 8}}
	comment := &Comment{
		Author: bo, ReplyTo: oid("4"), Reactions: []Reaction{{ana, "🎉"}}, Resolved: true, Edits: []Edit{{Author: bo, Time: at, Body: "old"}, edit},
		Location: &Location{Commit: oid("2"), Path: "b", Old: &Range{Chars: true, Line: 3, Start: 1, End: 2}},
	}
	review := Review{
		ID: oid("5"), Author: Author{bo.DID()}, Verdict: VerdictReject, Summary: List[Edit]{edit}, Labels: List[string]{"concept"},
		Comments:  Thread{Comments: Map[radicle.Oid, *Comment]{oid("6"): comment, oid("7"): nil}, Timeline: List[radicle.Oid]{oid("6"), oid("7")}},
		Reactions: []Reaction{{ana, "👍"}}, Time: at,
	}
	revision := &Revision{
		ID: id, Author: Author{ana.DID()}, Description: List[Edit]{edit}, Base: base, Head: head, Time: at,
		Discussion: Thread{Comments: Map[radicle.Oid, *Comment]{oid("4"): {Author: ana, Edits: []Edit{edit}}}, Timeline: List[radicle.Oid]{oid("4")}},
		Reviews:    Map[radicle.NID, Review]{bo: review, ana: {ID: oid("a"), Author: Author{ana.DID()}, Summary: List[Edit]{edit}, Time: at}},
		Resolves:   List[Resolved]{{oid("5"), oid("6")}},
		Reactions: List[RevisionReaction]{
			{Emoji: "👍", Authors: List[radicle.NID]{ana, bo}},
			{Location: place, Emoji: "👀", Authors: List[radicle.NID]{bo}},
		},
	}
	return &Patch{
		Title: "Everything", Author: Author{ana.DID()}, Target: Target{Branch: "refs/heads/master"},
		State:     State{Status: StatusMerged, Revision: id, Commit: oid("b")},
		Labels:    List[string]{"bug", "ui"},
		Merges:    Map[radicle.NID, Merge]{ana: {Revision: id, Commit: oid("b"), Time: at}},
		Revisions: Map[radicle.Oid, *Revision]{id: revision, oid("c"): nil},
		Assignees: List[radicle.NID]{bo},
		Timeline:  List[radicle.Oid]{id, oid("5")},
		Reviews:   Map[radicle.Oid, *ReviewIndex]{oid("5"): {Revision: id, Author: bo}, oid("d"): nil},
	}
}

// The JSON is that of Radicle's types; interop tests have rad read it.
func TestPatchJSON(t *testing.T) {
	const emptyThread = `{"comments":{},"timeline":[]}`
	for name, c := range map[string]struct {
		v    any
		want string
	}{
		"empty patch": {
			small("<&>"),
			`{"title":"<&>","author":{"id":"` + ana.DID().String() + `"},"state":{"status":"open"},"target":"delegates","labels":[],"merges":{},` +
				`"revisions":{},"assignees":[],"timeline":[],"reviews":{}}`,
		},
		"conflict": {
			State{Status: StatusOpen, Conflicts: []Conflict{{oid("1"), oid("2")}}},
			`{"conflicts":[["` + oid("1").String() + `","` + oid("2").String() + `"]],"status":"open"}`,
		},
		"draft":          {State{Status: StatusDraft}, `{"status":"draft"}`},
		"archived":       {State{Status: StatusArchived}, `{"status":"archived"}`},
		"empty thread":   {Thread{}, emptyThread},
		"no verdict":     {Verdict(""), "null"},
		"accept":         {VerdictAccept, `"accept"`},
		"before 1970":    {Time(time.Unix(-5, 0)), "0"},
		"lines":          {Range{Start: 4, End: 8}, `{"range":{"end":8,"start":4},"type":"lines"}`},
		"chars":          {Range{Chars: true, Line: 1, Start: 4, End: 8}, `{"line":1,"range":{"end":8,"start":4},"type":"chars"}`},
		"plain comment":  {Comment{Author: ana, Edits: []Edit{{Author: ana, Body: "x"}}}, `{"author":"` + ana.String() + `","reactions":[],"resolved":false,"body":"x","edits":[{"author":"` + ana.String() + `","timestamp":0,"body":"x","embeds":[]}]}`},
		"redacted index": {Map[radicle.Oid, *ReviewIndex]{oid("1"): nil}, `{"` + oid("1").String() + `":null}`},
	} {
		got, err := encode(c.v)
		if diff := cmp.Diff(c.want, string(got)); err != nil || diff != "" {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	if _, err := encode(&Comment{}); !errors.Is(err, errNoEdit) {
		t.Errorf("comment without a text: %v", err)
	}
	if _, err := encode(everything(oid("1"), oid("8"), oid("9"))); err != nil {
		t.Error(err)
	}
}
