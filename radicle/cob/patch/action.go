package patch

import (
	"fmt"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
	"radswarm/radicle/cob"
)

// Kind names an action.
type Kind string

// The actions. [Action] says which of its fields each has.
const (
	KindEdit      Kind = "edit"      // Title, Target
	KindLabel     Kind = "label"     // Labels
	KindLifecycle Kind = "lifecycle" // Status: open, draft or archived
	KindAssign    Kind = "assign"    // Assignees
	KindMerge     Kind = "merge"     // Revision, Commit

	KindRevision       Kind = "revision"        // Description, Base, Head, Resolves
	KindRevisionEdit   Kind = "revision.edit"   // Revision, Description, Embeds
	KindRevisionRedact Kind = "revision.redact" // Revision
	KindRevisionReact  Kind = "revision.react"  // Revision, Location, Emoji, Active

	KindComment       Kind = "revision.comment"        // Revision, Location, Body, ReplyTo, Embeds
	KindCommentEdit   Kind = "revision.comment.edit"   // Revision, Comment, Body, Embeds
	KindCommentRedact Kind = "revision.comment.redact" // Revision, Comment
	KindCommentReact  Kind = "revision.comment.react"  // Revision, Comment, Emoji, Active

	KindReview       Kind = "review"         // Revision, Summary, Verdict, Labels
	KindReviewEditV1 Kind = "review.edit"    // Review, Summary, Verdict, Labels; old tools write it
	KindReviewEdit   Kind = "review.edit.v2" // Review, Summary, Verdict, Labels, Embeds
	KindReviewRedact Kind = "review.redact"  // Review
	KindReviewReact  Kind = "review.react"   // Review, Emoji, Active

	KindReviewComment          Kind = "review.comment"           // Review, Body, Location, ReplyTo, Embeds
	KindReviewCommentEdit      Kind = "review.comment.edit"      // Review, Comment, Body, Embeds
	KindReviewCommentRedact    Kind = "review.comment.redact"    // Review, Comment
	KindReviewCommentReact     Kind = "review.comment.react"     // Review, Comment, Emoji, Active
	KindReviewCommentResolve   Kind = "review.comment.resolve"   // Review, Comment
	KindReviewCommentUnresolve Kind = "review.comment.unresolve" // Review, Comment
)

// An Action is one change of a patch: the fields that its kind has, the others zero.
type Action struct {
	Kind Kind

	Revision, Review, Comment radicle.Oid // what it is about: ids of the operations that made them

	Title       string
	Target      Target
	Status      Status
	Labels      []string
	Assignees   []radicle.DID
	Description string
	Base, Head  radicle.Oid // commits: the revision is Head without Base
	Commit      radicle.Oid // that a revision was merged in
	Resolves    []Resolved
	Summary     *string // nil and empty are different in KindReview and KindReviewEditV1
	Verdict     Verdict
	Body        string
	ReplyTo     radicle.Oid // zero: to nothing
	Location    *Location
	Embeds      []Embed
	Emoji       string // one character
	Active      bool   // whether the reaction is added or taken back
}

// Encode returns the action in canonical JSON.
func (a Action) Encode() ([]byte, error) {
	fields := fieldsOf(a.Kind)
	if fields == nil {
		return nil, fmt.Errorf("%w: %q", ErrAction, a.Kind)
	}
	o := cjson.Object{{Key: "type", Value: string(a.Kind)}}
	for _, f := range fields {
		if v, ok := f.value(&a); ok {
			o = append(o, cjson.Member{Key: f.key, Value: v})
		}
	}
	return cjson.Encode(o)
}

// ParseAction reads an action as Radicle does: fields that its kind does not have are ignored. Errors wrap [ErrAction].
func ParseAction(data []byte) (Action, error) {
	v, err := cjson.Parse(data)
	if err != nil {
		return Action{}, fmt.Errorf("%w: %w", ErrAction, err)
	}
	head := cjson.ReadFields(v, "type")
	a := Action{Kind: Kind(head.Text("type"))}
	fields := fieldsOf(a.Kind)
	if fields == nil {
		head.Fail("type", fmt.Sprintf("%.40q is no action on a patch", a.Kind))
	}
	if err := head.Err(); err != nil {
		return Action{}, fmt.Errorf("%w: %w", ErrAction, err)
	}
	keys := make([]string, len(fields))
	for i, f := range fields {
		keys[i] = f.key
	}
	f := cjson.ReadFields(v, keys...)
	for _, field := range fields {
		field.read(f, field.key, &a)
	}
	if err := f.Err(); err != nil {
		return Action{}, fmt.Errorf("%w: %s: %w", ErrAction, a.Kind, err)
	}
	return a, nil
}

// parents are the commits that an operation with the action must name, so that they travel with it.
func (a Action) parents() []radicle.Oid {
	switch a.Kind {
	case KindRevision:
		return []radicle.Oid{a.Base, a.Head}
	case KindMerge:
		return []radicle.Oid{a.Commit}
	}
	return nil
}

// parseActions reads all actions of an operation; one that cannot be read spoils the operation.
func parseActions(e *cob.Entry) ([]Action, error) {
	list := make([]Action, len(e.Actions))
	for i, data := range e.Actions {
		var err error
		if list[i], err = ParseAction(data); err != nil {
			return nil, fmt.Errorf("action %d: %w", i, err)
		}
	}
	return list, nil
}
