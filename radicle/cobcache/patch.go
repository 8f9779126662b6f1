package cobcache

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"radswarm/radicle"
)

// A Patch is the state of a patch, with the fields of Radicle's own type (crate radicle, cob/patch.rs), in the form in which a row
// has it. Nil lists and maps are written as empty ones.
type Patch struct {
	Title     string                         `json:"title"`
	Author    Author                         `json:"author"`
	State     State                          `json:"state"`
	Target    Target                         `json:"target"`
	Labels    List[string]                   `json:"labels"` // sorted
	Merges    Map[radicle.NID, Merge]        `json:"merges"` // one a person
	Revisions Map[radicle.Oid, *Revision]    `json:"revisions"`
	Assignees List[radicle.NID]              `json:"assignees"` // sorted
	Timeline  List[radicle.Oid]              `json:"timeline"`  // operations, in the order of the fold
	Reviews   Map[radicle.Oid, *ReviewIndex] `json:"reviews"`
}

// PutPatch replaces the row of a patch, or adds it. The error is a [*VersionError] where the cache is another one than we know, then
// nothing is written; fs.ErrNotExist where there is none; [ErrBusy], [ErrTooLarge] or a [*CorruptError].
func (c *Cache) PutPatch(ctx context.Context, rid radicle.RID, id radicle.Oid, p *Patch) error {
	text, err := encode(p)
	if err != nil {
		return err
	}
	return c.put(ctx, rid, id, text)
}

// encode is json.Marshal without the escapes meant for HTML.
func encode(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}

// A List is written as [] where it is nil, not as null.
type List[T any] []T

// MarshalJSON writes the list.
func (l List[T]) MarshalJSON() ([]byte, error) {
	if l == nil {
		return []byte("[]"), nil
	}
	return encode([]T(l))
}

// A Map is written as {} where it is nil, not as null.
type Map[K comparable, V any] map[K]V

// MarshalJSON writes the map, sorted by key.
func (m Map[K, V]) MarshalJSON() ([]byte, error) {
	if m == nil {
		return []byte("{}"), nil
	}
	return encode(map[K]V(m))
}

// A Time is written in Unix milliseconds.
type Time time.Time

// MarshalJSON writes the number; a time before 1970 is 0.
func (t Time) MarshalJSON() ([]byte, error) {
	return encode(max(0, time.Time(t).UnixMilli()))
}

// An Author is a person.
type Author struct {
	DID radicle.DID `json:"id"`
}

// A State is open, draft, archived or merged.
type State struct {
	Status    Status
	Conflicts []Conflict  // when open: merged by some, and contradicting
	Revision  radicle.Oid // when merged
	Commit    radicle.Oid // when merged: in the target branch
}

// Status is the first word of a state.
type Status string

// The states there are.
const (
	StatusOpen     Status = "open"
	StatusDraft    Status = "draft"
	StatusArchived Status = "archived"
	StatusMerged   Status = "merged"
)

// A Conflict is a revision and the commit that it was merged in.
type Conflict struct{ Revision, Commit radicle.Oid }

// MarshalJSON writes the pair.
func (c Conflict) MarshalJSON() ([]byte, error) {
	return encode([]radicle.Oid{c.Revision, c.Commit})
}

// MarshalJSON writes Radicle's form.
func (s State) MarshalJSON() ([]byte, error) {
	fields := map[string]any{"status": s.Status}
	switch {
	case s.Status == StatusMerged:
		fields["revision"], fields["commit"] = s.Revision, s.Commit
	case s.Status == StatusOpen && len(s.Conflicts) > 0:
		fields["conflicts"] = s.Conflicts
	}
	return encode(fields)
}

// A Target is where a patch is to be merged: a branch, or, if that is empty, the delegates' default branch.
type Target struct{ Branch string } // refs/heads/…

// MarshalJSON writes Radicle's form.
func (t Target) MarshalJSON() ([]byte, error) {
	if t.Branch == "" {
		return encode("delegates")
	}
	return encode(map[string]string{"branch": t.Branch})
}

// A Merge says that somebody merged a revision.
type Merge struct {
	Revision radicle.Oid `json:"revision"`
	Commit   radicle.Oid `json:"commit"`
	Time     Time        `json:"timestamp"`
}

// A Revision is one state of the code that is proposed. In a patch a nil one was redacted.
type Revision struct {
	ID          radicle.Oid              `json:"id"`
	Author      Author                   `json:"author"`
	Description List[Edit]               `json:"description"` // at least one
	Base        radicle.Oid              `json:"base"`
	Head        radicle.Oid              `json:"oid"`
	Discussion  Thread                   `json:"discussion"`
	Reviews     Map[radicle.NID, Review] `json:"reviews"` // one a person
	Time        Time                     `json:"timestamp"`
	Resolves    List[Resolved]           `json:"resolves"`
	Reactions   List[RevisionReaction]   `json:"reactions"`
}

// A Resolved is a comment that a revision settles, and the review that it belongs to.
type Resolved struct{ Entry, Comment radicle.Oid }

// MarshalJSON writes the pair.
func (r Resolved) MarshalJSON() ([]byte, error) { return encode([]radicle.Oid{r.Entry, r.Comment}) }

// A RevisionReaction is one sign at one place of a revision, and who made it.
type RevisionReaction struct {
	Location *Location         `json:"location"` // nil: the revision as a whole
	Emoji    string            `json:"emoji"`
	Authors  List[radicle.NID] `json:"authors"`
}

// An Edit is a version of a text; the last one counts.
type Edit struct {
	Author radicle.NID `json:"author"`
	Time   Time        `json:"timestamp"`
	Body   string      `json:"body"`
	Embeds List[Embed] `json:"embeds"`
}

// An Embed is a file in a text.
type Embed struct {
	Name    string `json:"name"`
	Content string `json:"content"` // a URI: git:<oid>
}
