package cobcache

import (
	"errors"

	"radswarm/radicle"
)

// A ReviewIndex says where a review of a patch is. In a patch a nil one was redacted.
type ReviewIndex struct {
	Revision radicle.Oid
	Author   radicle.NID
}

// MarshalJSON writes the pair.
func (r ReviewIndex) MarshalJSON() ([]byte, error) { return encode([]any{r.Revision, r.Author}) }

// A Review is what somebody thinks of a revision.
type Review struct {
	ID        radicle.Oid  `json:"id"`
	Author    Author       `json:"author"`
	Verdict   Verdict      `json:"verdict"`
	Summary   List[Edit]   `json:"summary"` // at least one
	Comments  Thread       `json:"comments"`
	Labels    List[string] `json:"labels"`
	Reactions []Reaction   `json:"reactions,omitempty"` // sorted
	Time      Time         `json:"timestamp"`
}

// Verdict is accept, reject, or empty for none.
type Verdict string

// The verdicts there are.
const (
	VerdictAccept Verdict = "accept"
	VerdictReject Verdict = "reject"
)

// MarshalJSON writes the word, or null.
func (v Verdict) MarshalJSON() ([]byte, error) {
	if v == "" {
		return []byte("null"), nil
	}
	return encode(string(v))
}

// A Reaction is a sign that somebody made.
type Reaction struct {
	Author radicle.NID
	Emoji  string
}

// MarshalJSON writes the pair.
func (r Reaction) MarshalJSON() ([]byte, error) { return encode([]any{r.Author, r.Emoji}) }

// A Thread is a discussion.
type Thread struct {
	Comments Map[radicle.Oid, *Comment] `json:"comments"` // nil: redacted
	Timeline List[radicle.Oid]          `json:"timeline"`
}

// A Comment is a remark in a discussion.
type Comment struct {
	Author    radicle.NID
	ReplyTo   radicle.Oid // zero: to nothing
	Reactions []Reaction  // sorted by author, then sign
	Resolved  bool
	Edits     []Edit    // at least one
	Location  *Location // nil: none
}

var errNoEdit = errors.New("a comment without a text")

// MarshalJSON writes Radicle's form, which repeats the last text and its files outside the list.
func (c Comment) MarshalJSON() ([]byte, error) {
	if len(c.Edits) == 0 {
		return nil, errNoEdit
	}
	last := c.Edits[len(c.Edits)-1]
	form := struct {
		Author    radicle.NID    `json:"author"`
		ReplyTo   *radicle.Oid   `json:"replyTo,omitempty"`
		Reactions List[Reaction] `json:"reactions"`
		Resolved  bool           `json:"resolved"`
		Body      string         `json:"body"`
		Edits     []Edit         `json:"edits"`
		Location  *Location      `json:"location,omitempty"`
		Embeds    []Embed        `json:"embeds,omitempty"`
	}{
		Author: c.Author, Reactions: c.Reactions, Resolved: c.Resolved,
		Body: last.Body, Edits: c.Edits, Location: c.Location, Embeds: last.Embeds,
	}
	if !c.ReplyTo.IsZero() {
		form.ReplyTo = &c.ReplyTo
	}
	return encode(form)
}

// A Location is a place in the code.
type Location struct {
	Commit radicle.Oid `json:"commit"`
	Path   string      `json:"path"`
	Old    *Range      `json:"old"` // nil: the file is new
	New    *Range      `json:"new"` // nil: the file is deleted
}

// A Range is some lines, or some characters of one line.
type Range struct {
	Chars      bool
	Line       uint64 // when Chars
	Start, End uint64 // lines or characters; End is not in it
}

// MarshalJSON writes Radicle's form.
func (r Range) MarshalJSON() ([]byte, error) {
	span := map[string]uint64{"start": r.Start, "end": r.End}
	if r.Chars {
		return encode(map[string]any{"type": "chars", "line": r.Line, "range": span})
	}
	return encode(map[string]any{"type": "lines", "range": span})
}
