package patch_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/cob/patch"
)

func TestRefusedChanges(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	unknown := w.c0
	ids := map[string]radicle.Oid{}
	build := func() *patch.Patch { // a failed change may leave a patch half changed
		p := w.patch()
		ids["comment"] = w.must(p.Do(ctx, w.pen(4), "x", patch.Action{Kind: patch.KindComment, Revision: p.ID, Body: "c"}))
		summary := "s"
		ids["review"] = w.must(p.Do(ctx, w.pen(4), "x", patch.Action{Kind: patch.KindReview, Revision: p.ID, Summary: &summary}))
		ids["remark"] = w.must(p.Do(ctx, w.pen(5), "x", patch.Action{Kind: patch.KindReviewComment, Review: ids["review"], Body: "r"}))
		return p
	}
	do := func(p *patch.Patch, b byte, a patch.Action) error {
		_, err := p.Do(ctx, w.pen(b), "x", a)
		return err
	}
	empty := ""
	for name, test := range map[string]struct {
		by     byte
		action func(p *patch.Patch) patch.Action
		want   error
	}{
		"edit by a stranger":      {4, func(*patch.Patch) patch.Action { return patch.Action{Kind: patch.KindEdit, Title: "x"} }, patch.ErrNotAllowed},
		"lifecycle by a stranger": {4, func(*patch.Patch) patch.Action { return patch.Action{Kind: patch.KindLifecycle, Status: patch.Open} }, patch.ErrNotAllowed},
		"label by the author":     {3, func(*patch.Patch) patch.Action { return patch.Action{Kind: patch.KindLabel, Labels: []string{"x"}} }, patch.ErrNotAllowed},
		"the same labels":         {3, func(*patch.Patch) patch.Action { return patch.Action{Kind: patch.KindLabel} }, nil},
		"assign by the author":    {3, func(*patch.Patch) patch.Action { return patch.Action{Kind: patch.KindAssign} }, patch.ErrNotAllowed},
		"merge by the author": {3, func(p *patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindMerge, Revision: p.ID, Commit: w.c1}
		}, patch.ErrNotAllowed},
		"merge of what is not there": {1, func(*patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindMerge, Revision: unknown, Commit: w.c1}
		}, patch.ErrMissing},
		"description of somebody else's": {4, func(p *patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindRevisionEdit, Revision: p.ID}
		}, patch.ErrNotAllowed},
		"withdrawal of the first revision": {3, func(p *patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindRevisionRedact, Revision: p.ID}
		}, patch.ErrNotAllowed},
		"empty comment": {4, func(p *patch.Patch) patch.Action { return patch.Action{Kind: patch.KindComment, Revision: p.ID} }, patch.ErrEmpty},
		"reply to what is not there": {4, func(p *patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindComment, Revision: p.ID, Body: "x", ReplyTo: unknown}
		}, patch.ErrMissing},
		"somebody else's comment": {3, func(p *patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindCommentEdit, Revision: p.ID, Comment: ids["comment"], Body: "x"}
		}, patch.ErrNotAllowed},
		"empty review": {4, func(*patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindReviewEdit, Review: ids["review"], Summary: &empty}
		}, patch.ErrEmpty},
		"somebody else's review": {3, func(*patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindReviewRedact, Review: ids["review"]}
		}, patch.ErrNotAllowed},
		"settled by a stranger": {6, func(*patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindReviewCommentResolve, Review: ids["review"], Comment: ids["remark"]}
		}, patch.ErrNotAllowed},
		"settled by the author": {3, func(*patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindReviewCommentResolve, Review: ids["review"], Comment: ids["remark"]}
		}, nil},
		"file that is no blob": {4, func(p *patch.Patch) patch.Action {
			return patch.Action{Kind: patch.KindComment, Revision: p.ID, Body: "x", Embeds: []patch.Embed{{Name: "a", Content: "https://x"}}}
		}, patch.ErrAction},
	} {
		p := build()
		if err := do(p, test.by, test.action(p)); !errors.Is(err, test.want) || test.want == nil && err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := build()
	revision := patch.Action{Kind: patch.KindRevision, Base: w.c0, Head: w.c1}
	if _, err := p.Do(ctx, w.pen(3), "x", revision, revision); !errors.Is(err, patch.ErrAction) {
		t.Errorf("two of one operation: %v", err)
	}
	for _, title := range []string{"", " ", "a\nb", "a\r"} {
		if _, err := p.Edit(ctx, w.pen(3), title, patch.Target{}); !errors.Is(err, patch.ErrTitle) {
			t.Errorf("title %q: %v", title, err)
		}
		if _, err := patch.Create(ctx, w, w.pen(3), patch.Proposal{Title: title}); !errors.Is(err, patch.ErrTitle) {
			t.Errorf("new patch with title %q: %v", title, err)
		}
	}
}

// TestStrangersOperationsDoNotCount: an operation that its author may not make is left out, and what is built on it.
func TestStrangersOperationsDoNotCount(t *testing.T) {
	w := newWorld(t)
	p := w.patch()
	raw := func(b byte, action string, tips ...radicle.Oid) radicle.Oid {
		pen := w.pen(b)
		e, err := cob.Change{Type: patch.Type, Message: "x", Tips: tips, Resource: w.identity, Actions: [][]byte{[]byte(action)}}.Write(t.Context(), pen.Pen)
		if err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	bad := raw(4, `{"state":{"status":"archived"},"type":"lifecycle"}`, p.ID)
	onBad := raw(3, `{"target":"delegates","title":"Never","type":"edit"}`, bad)
	newer := raw(3, `{"type":"patch.of.tomorrow"}`, p.ID)
	large := raw(3, `{"target":"delegates","title":"`+strings.Repeat("x", 2<<20)+`","type":"edit"}`, p.ID)
	afterLarge := raw(3, `{"target":"delegates","title":"After","type":"edit"}`, large)
	read, err := patch.Read(t.Context(), w, p.ID, []radicle.Oid{onBad, newer, afterLarge}, cob.Limits{})
	if err != nil || read.State.Status != patch.Open || read.Title != "After" || len(read.Skipped()) != 3 {
		t.Errorf("%v, %+v", err, read)
	}
	if err := errors.Join(read.Skipped()...); !errors.Is(err, patch.ErrNotAllowed) || !errors.Is(err, patch.ErrAction) {
		t.Errorf("skipped %v", err)
	}
	if tips := read.Tips(); !slices.Equal(tips, []radicle.Oid{afterLarge}) {
		t.Errorf("tips %v", tips)
	}
}

func TestFirstOperation(t *testing.T) {
	w := newWorld(t)
	revision := fmt.Sprintf(`{"base":"%v","description":"","oid":"%v","type":"revision"}`, w.c0, w.c1)
	edit := `{"target":"delegates","title":"x","type":"edit"}`
	try := func(resource radicle.Oid, actions ...string) error {
		c := cob.Change{Type: patch.Type, Message: "x", Resource: resource}
		for _, a := range actions {
			c.Actions = append(c.Actions, []byte(a))
		}
		e, err := c.Write(t.Context(), w.pen(3).Pen)
		if err != nil {
			t.Fatal(err)
		}
		_, err = patch.Read(t.Context(), w, e.ID, []radicle.Oid{e.ID}, cob.Limits{})
		return err
	}
	for name, test := range map[string]struct {
		err, want error
	}{
		"good":                {try(w.identity, revision, edit), nil},
		"no edit":             {try(w.identity, revision), patch.ErrInit},
		"wrong order":         {try(w.identity, edit, revision), patch.ErrInit},
		"more than allowed":   {try(w.identity, revision, edit, `{"assignees":[],"type":"assign"}`), patch.ErrNotAllowed},
		"no identity":         {try(radicle.Oid{}, revision, edit), patch.ErrIdentity},
		"not an identity":     {try(w.c0, revision, edit), patch.ErrIdentity},
		"unreadable":          {try(w.identity, revision, "x"), patch.ErrInit},
		"nothing but strange": {try(w.identity, `{"type":"x"}`), patch.ErrInit},
	} {
		if !errors.Is(test.err, test.want) || test.want == nil && test.err != nil {
			t.Errorf("%s: %v", name, test.err)
		}
	}
}
