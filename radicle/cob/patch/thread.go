package patch

import (
	"cmp"
	"fmt"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cob"
)

// comment adds a comment to the thread. What it replies to must have been there; it may be redacted.
func (t *Thread) comment(e *cob.Entry, a Action) error {
	if a.Body == "" {
		return fmt.Errorf("%w: comment %v", ErrEmpty, e.ID)
	}
	if _, ok := t.Comments[a.ReplyTo]; !ok && !a.ReplyTo.IsZero() {
		return missing(a.ReplyTo)
	}
	t.Timeline = append(t.Timeline, e.ID)
	if t.Comments == nil {
		t.Comments = make(map[radicle.Oid]*Comment)
	}
	t.Comments[e.ID] = &Comment{
		Author: e.Author, Edits: []Edit{editOf(e, a.Body, a.Embeds)}, ReplyTo: a.ReplyTo, Location: a.Location,
	}
	return nil
}

func editOf(e *cob.Entry, body string, embeds []Embed) Edit {
	return Edit{Author: e.Author, Seconds: e.Seconds, Body: body, Embeds: embeds}
}

func missing(id radicle.Oid) error { return fmt.Errorf("%v: %w", id, ErrMissing) }

// edit adds a version to a comment. The operation counts as one on the thread even where the comment is missing.
func (t *Thread) edit(e *cob.Entry, a Action) error {
	t.Timeline = append(t.Timeline, e.ID)
	c, ok := t.Comments[a.Comment]
	if !ok {
		return missing(a.Comment)
	}
	if c != nil {
		c.Edits = append(c.Edits, editOf(e, a.Body, a.Embeds))
	}
	return nil
}

func (t *Thread) redact(e *cob.Entry, a Action) error {
	if _, ok := t.Comments[a.Comment]; !ok {
		return missing(a.Comment)
	}
	t.Timeline = append(t.Timeline, e.ID)
	t.Comments[a.Comment] = nil
	return nil
}

// change changes a comment that is not redacted.
func (t *Thread) change(e *cob.Entry, a Action, change func(*Comment)) error {
	c, ok := t.Comments[a.Comment]
	if !ok {
		return missing(a.Comment)
	}
	if c != nil {
		t.Timeline = append(t.Timeline, e.ID)
		change(c)
	}
	return nil
}

func (t *Thread) react(e *cob.Entry, a Action) error {
	return t.change(e, a, func(c *Comment) { c.Reactions = react(c.Reactions, e, a) })
}

func (t *Thread) resolve(e *cob.Entry, a Action, resolved bool) error {
	return t.change(e, a, func(c *Comment) { c.Resolved = resolved })
}

// react adds a reaction to a list, or takes it back.
func react(list []Reaction, e *cob.Entry, a Action) []Reaction {
	r := Reaction{e.Author, a.Emoji}
	if a.Active {
		return insert(list, r, compareReactions)
	}
	return remove(list, r, compareReactions)
}

func compareReactions(a, b Reaction) int {
	return cmp.Or(a.Author.Compare(b.Author), strings.Compare(a.Emoji, b.Emoji))
}

func comparePlaced(a, b PlacedReaction) int {
	return cmp.Or(a.Location.compare(b.Location), compareReactions(a.Reaction, b.Reaction))
}
