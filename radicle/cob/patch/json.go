package patch

import (
	"bytes"
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strings"

	"radswarm/radicle"
)

// MarshalJSON writes the patch as Radicle does in its cache of objects (cobs/cache.db). It is not canonical JSON.
func (p *Patch) MarshalJSON() ([]byte, error) {
	assignees := make([]radicle.NID, len(p.Assignees))
	for i, did := range p.Assignees {
		assignees[i] = did.NID()
	}
	merges := make(map[radicle.NID]jsonMerge, len(p.Merges))
	for nid, m := range p.Merges {
		merges[nid] = jsonMerge{m.Revision, m.Commit, millis(m.Seconds)}
	}
	revisions := make(map[radicle.Oid]*jsonRevision, len(p.Revisions))
	for id, r := range p.Revisions {
		revisions[id] = r.form()
	}
	reviews := make(map[radicle.Oid][]any, len(p.Reviews))
	for id, ref := range p.Reviews {
		if reviews[id] = nil; ref != nil {
			reviews[id] = []any{ref.Revision, ref.Author}
		}
	}
	return encode(struct {
		Title     string                        `json:"title"`
		Author    jsonAuthor                    `json:"author"`
		State     any                           `json:"state"`
		Target    any                           `json:"target"`
		Labels    []string                      `json:"labels"`
		Merges    map[radicle.NID]jsonMerge     `json:"merges"`
		Revisions map[radicle.Oid]*jsonRevision `json:"revisions"`
		Assignees []radicle.NID                 `json:"assignees"`
		Timeline  []radicle.Oid                 `json:"timeline"`
		Reviews   map[radicle.Oid][]any         `json:"reviews"`
	}{
		p.Title,
		jsonAuthor{p.Author},
		p.State.form(), p.Target.form(), list(p.Labels), merges, revisions, assignees,
		list(p.Timeline), reviews,
	})
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

// list is written as [] where it is nil.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

// millis is a time in Unix milliseconds. Times beyond what fits are cut; Radicle cannot write them at all.
func millis(seconds uint64) uint64 { return min(seconds, math.MaxUint64/1000) * 1000 }

type (
	jsonAuthor struct {
		ID radicle.DID `json:"id"`
	}
	jsonMerge struct {
		Revision radicle.Oid `json:"revision"`
		Commit   radicle.Oid `json:"commit"`
		Time     uint64      `json:"timestamp"`
	}
	jsonMerged struct {
		Status   Status      `json:"status"`
		Revision radicle.Oid `json:"revision"`
		Commit   radicle.Oid `json:"commit"`
	}
	jsonOpen struct {
		Status    Status          `json:"status"`
		Conflicts [][]radicle.Oid `json:"conflicts,omitempty"`
	}
	jsonEmbed struct {
		Name    string `json:"name"`
		Content string `json:"content"`
	}
	jsonEdit struct {
		Author radicle.NID `json:"author"`
		Time   uint64      `json:"timestamp"`
		Body   string      `json:"body"`
		Embeds []jsonEmbed `json:"embeds"`
	}
	jsonRange struct {
		Type string   `json:"type"`
		Line *uint64  `json:"line,omitempty"`
		Span jsonSpan `json:"range"`
	}
	jsonSpan struct {
		Start uint64 `json:"start"`
		End   uint64 `json:"end"`
	}
	jsonLocation struct {
		Commit radicle.Oid `json:"commit"`
		Path   string      `json:"path"`
		Old    *jsonRange  `json:"old"`
		New    *jsonRange  `json:"new"`
	}
	jsonComment struct {
		Author    radicle.NID   `json:"author"`
		ReplyTo   *radicle.Oid  `json:"replyTo,omitempty"`
		Reactions [][]any       `json:"reactions"`
		Resolved  bool          `json:"resolved"`
		Body      string        `json:"body"`
		Edits     []jsonEdit    `json:"edits"`
		Location  *jsonLocation `json:"location,omitempty"`
		Embeds    []jsonEmbed   `json:"embeds,omitempty"`
	}
	jsonThread struct {
		Comments map[radicle.Oid]*jsonComment `json:"comments"`
		Timeline []radicle.Oid                `json:"timeline"`
	}
	jsonReview struct {
		ID        radicle.Oid `json:"id"`
		Author    jsonAuthor  `json:"author"`
		Verdict   *Verdict    `json:"verdict"`
		Summary   []jsonEdit  `json:"summary"`
		Comments  jsonThread  `json:"comments"`
		Labels    []string    `json:"labels"`
		Reactions [][]any     `json:"reactions,omitempty"`
		Time      uint64      `json:"timestamp"`
	}
	jsonPlaced struct {
		Location *jsonLocation `json:"location"`
		Emoji    string        `json:"emoji"`
		Authors  []radicle.NID `json:"authors"`
	}
	jsonRevision struct {
		ID          radicle.Oid                 `json:"id"`
		Author      jsonAuthor                  `json:"author"`
		Description []jsonEdit                  `json:"description"`
		Base        radicle.Oid                 `json:"base"`
		Head        radicle.Oid                 `json:"oid"`
		Discussion  jsonThread                  `json:"discussion"`
		Reviews     map[radicle.NID]*jsonReview `json:"reviews"`
		Time        uint64                      `json:"timestamp"`
		Resolves    [][]radicle.Oid             `json:"resolves"`
		Reactions   []jsonPlaced                `json:"reactions"`
	}
)

func (s State) form() any {
	switch {
	case s.Status == Merged:
		return jsonMerged{s.Status, s.Revision, s.Commit}
	case len(s.Conflicts) > 0:
		open := jsonOpen{Status: s.Status}
		for _, c := range s.Conflicts {
			open.Conflicts = append(open.Conflicts, []radicle.Oid{c.Revision, c.Commit})
		}
		return open
	}
	return jsonOpen{Status: s.Status}
}

func (t Target) form() any {
	if t.Branch == "" {
		return "delegates"
	}
	return map[string]string{"branch": t.Branch}
}

// form is nil for a redacted revision.
func (r *Revision) form() *jsonRevision {
	if r == nil {
		return nil
	}
	reviews := make(map[radicle.NID]*jsonReview, len(r.Reviews))
	for nid, review := range r.Reviews {
		reviews[nid] = review.form()
	}
	resolves := make([][]radicle.Oid, len(r.Resolves))
	for i, c := range r.Resolves {
		resolves[i] = []radicle.Oid{c.Entry, c.Comment}
	}
	return &jsonRevision{
		ID: r.ID, Author: jsonAuthor{r.Author}, Description: editForms(r.Description), Base: r.Base, Head: r.Head,
		Discussion: r.Discussion.form(), Reviews: reviews, Time: millis(r.Seconds), Resolves: resolves, Reactions: placedForms(r.Reactions),
	}
}

// placedForms groups reactions by place and emoji.
func placedForms(reactions []PlacedReaction) []jsonPlaced {
	sorted := slices.SortedStableFunc(slices.Values(reactions), compareGroups)
	forms := []jsonPlaced{}
	for i, r := range sorted {
		if i > 0 && compareGroups(sorted[i-1], r) == 0 {
			last := &forms[len(forms)-1]
			last.Authors = append(last.Authors, r.Author)
			continue
		}
		forms = append(forms, jsonPlaced{r.Location.form(), r.Emoji, []radicle.NID{r.Author}})
	}
	return forms
}

func compareGroups(a, b PlacedReaction) int {
	return cmp.Or(a.Location.compare(b.Location), strings.Compare(a.Emoji, b.Emoji))
}

func (l *Location) form() *jsonLocation {
	if l == nil {
		return nil
	}
	return &jsonLocation{l.Commit, l.Path, l.Old.form(), l.New.form()}
}

func (r *Range) form() *jsonRange {
	if r == nil {
		return nil
	}
	form := &jsonRange{Type: "lines", Span: jsonSpan{r.Start, r.End}}
	if r.Chars {
		form.Type, form.Line = "chars", &r.Line
	}
	return form
}

func editForms(edits []Edit) []jsonEdit {
	forms := make([]jsonEdit, len(edits))
	for i, e := range edits {
		forms[i] = jsonEdit{e.Author, millis(e.Seconds), e.Body, embedForms(e.Embeds)}
	}
	return forms
}

func embedForms(embeds []Embed) []jsonEmbed {
	forms := make([]jsonEmbed, len(embeds))
	for i, e := range embeds {
		forms[i] = jsonEmbed(e)
	}
	return forms
}

func reactionForms(reactions []Reaction) [][]any {
	forms := make([][]any, len(reactions))
	for i, r := range reactions {
		forms[i] = []any{r.Author, r.Emoji}
	}
	return forms
}

func (t *Thread) form() jsonThread {
	comments := make(map[radicle.Oid]*jsonComment, len(t.Comments))
	for id, c := range t.Comments {
		comments[id] = c.form()
	}
	return jsonThread{comments, list(t.Timeline)}
}

// form is nil for a redacted comment. It repeats the last text and its files outside the list.
func (c *Comment) form() *jsonComment {
	if c == nil {
		return nil
	}
	form := &jsonComment{
		Author: c.Author, Reactions: reactionForms(c.Reactions), Resolved: c.Resolved, Body: last(c.Edits),
		Edits: editForms(c.Edits), Location: c.Location.form(), Embeds: embedForms(c.Edits[len(c.Edits)-1].Embeds),
	}
	if !c.ReplyTo.IsZero() {
		form.ReplyTo = &c.ReplyTo
	}
	return form
}

func (r *Review) form() *jsonReview {
	form := &jsonReview{
		ID: r.ID, Author: jsonAuthor{r.Author}, Summary: editForms(r.Summary), Comments: r.Comments.form(),
		Labels: list(r.Labels), Reactions: reactionForms(r.Reactions), Time: millis(r.Seconds),
	}
	if r.Verdict != "" {
		form.Verdict = &r.Verdict
	}
	return form
}
