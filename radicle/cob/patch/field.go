package patch

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"radswarm/radicle"
	"radswarm/radicle/cjson"
)

// A field of an action, in JSON: how it is read, and what is written, if anything is.
type field struct {
	key   string
	read  func(f *cjson.Fields, key string, a *Action)
	value func(a *Action) (cjson.Value, bool)
}

// fieldsOf returns the fields of a kind of action, nil if there is no such kind.
func fieldsOf(k Kind) []field {
	revision := idField("revision", func(a *Action) *radicle.Oid { return &a.Revision })
	review := idField("review", func(a *Action) *radicle.Oid { return &a.Review })
	comment := idField("comment", func(a *Action) *radicle.Oid { return &a.Comment })
	base := idField("base", func(a *Action) *radicle.Oid { return &a.Base })
	head := idField("oid", func(a *Action) *radicle.Oid { return &a.Head })
	commit := idField("commit", func(a *Action) *radicle.Oid { return &a.Commit })
	title := textField("title", func(a *Action) *string { return &a.Title })
	description := textField("description", func(a *Action) *string { return &a.Description })
	body := textField("body", func(a *Action) *string { return &a.Body })
	switch k {
	case KindEdit:
		return []field{title, targetField()}
	case KindLabel:
		return []field{labelsField(true)}
	case KindLifecycle:
		return []field{statusField()}
	case KindAssign:
		return []field{assigneesField()}
	case KindMerge:
		return []field{revision, commit}
	case KindRevision:
		return []field{description, base, head, resolvesField()}
	case KindRevisionEdit:
		return []field{revision, description, embedsField(false)}
	case KindRevisionRedact:
		return []field{revision}
	case KindRevisionReact:
		return []field{revision, locationField(), emojiField(), activeField()}
	case KindComment:
		return []field{revision, locationField(), body, replyToField("replyTo"), embedsField(false)}
	case KindCommentEdit:
		return []field{revision, comment, body, embedsField(true)}
	case KindCommentRedact:
		return []field{revision, comment}
	case KindCommentReact:
		return []field{revision, comment, emojiField(), activeField()}
	case KindReview:
		return []field{revision, summaryField(), verdictField(), labelsField(false)}
	case KindReviewEditV1:
		return []field{review, summaryField(), verdictField(), labelsField(false)}
	case KindReviewEdit:
		return []field{review, summaryTextField(), verdictField(), labelsField(false), embedsField(false)}
	case KindReviewRedact:
		return []field{review}
	case KindReviewReact:
		return []field{review, emojiField(), activeField()}
	case KindReviewComment:
		return []field{review, body, locationField(), replyToField("reply_to"), embedsField(false)} // sic
	case KindReviewCommentEdit:
		return []field{review, comment, body, embedsField(true)}
	case KindReviewCommentRedact, KindReviewCommentResolve, KindReviewCommentUnresolve:
		return []field{review, comment}
	case KindReviewCommentReact:
		return []field{review, comment, emojiField(), activeField()}
	}
	return nil
}

func idField(key string, of func(*Action) *radicle.Oid) field {
	return field{
		key, func(f *cjson.Fields, key string, a *Action) { *of(a) = cjson.Read(f, key, radicle.ParseOid) },
		func(a *Action) (cjson.Value, bool) { return of(a).String(), true },
	}
}

func textField(key string, of func(*Action) *string) field {
	return field{
		key, func(f *cjson.Fields, key string, a *Action) { *of(a) = f.Text(key) },
		func(a *Action) (cjson.Value, bool) { return *of(a), true },
	}
}

func targetField() field {
	return field{
		"target", func(f *cjson.Fields, key string, a *Action) { a.Target = readTarget(f, key) },
		func(a *Action) (cjson.Value, bool) { return a.Target.value(), true },
	}
}

func statusField() field {
	read := func(f *cjson.Fields, key string, a *Action) {
		state := cjson.ReadFields(f.Get(key), "status")
		switch a.Status = Status(state.Text("status")); a.Status {
		case Open, Draft, Archived:
		default:
			state.Fail("status", "is neither open, draft nor archived")
		}
		fail(f, key, state.Err())
	}
	return field{"state", read, func(a *Action) (cjson.Value, bool) {
		return cjson.Object{{Key: "status", Value: string(a.Status)}}, true
	}}
}

// fail passes on the error about a value inside a field.
func fail(f *cjson.Fields, key string, err error) {
	if err != nil {
		f.Fail(key, err.Error())
	}
}

// text is a parser that takes every string.
func text(s string) (string, error) { return s, nil }

// labelsField: as the only field, labels are a set and must be there; of a review they are a list and need not.
func labelsField(alone bool) field {
	read := func(f *cjson.Fields, key string, a *Action) {
		if a.Labels = nil; alone || f.Has(key) {
			a.Labels = cjson.ReadList(f, key, text)
		}
		if alone {
			a.Labels = sortedTexts(a.Labels)
		}
	}
	return field{"labels", read, func(a *Action) (cjson.Value, bool) {
		labels := a.Labels
		if alone {
			labels = sortedTexts(labels)
		}
		return textArray(labels), alone || len(labels) > 0
	}}
}

func sortedTexts(list []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(list)))
}

func textArray(list []string) cjson.Array {
	array := make(cjson.Array, len(list))
	for i, s := range list {
		array[i] = s
	}
	return array
}

func assigneesField() field {
	read := func(f *cjson.Fields, key string, a *Action) {
		a.Assignees = sortedDIDs(cjson.ReadList(f, key, radicle.ParseDID))
	}
	return field{"assignees", read, func(a *Action) (cjson.Value, bool) {
		var list []string
		for _, did := range sortedDIDs(a.Assignees) {
			list = append(list, did.String())
		}
		return textArray(list), true
	}}
}

func sortedDIDs(list []radicle.DID) []radicle.DID {
	return slices.Compact(slices.SortedFunc(slices.Values(list), radicle.DID.Compare))
}

func summaryField() field {
	read := func(f *cjson.Fields, key string, a *Action) { a.Summary = cjson.ReadOptional(f, key, text) }
	return field{"summary", read, func(a *Action) (cjson.Value, bool) {
		if a.Summary == nil {
			return nil, false
		}
		return *a.Summary, true
	}}
}

// summaryTextField is the summary where it is always a text: absent and empty are the same.
func summaryTextField() field {
	read := func(f *cjson.Fields, key string, a *Action) {
		summary := ""
		if f.Has(key) {
			summary = f.Text(key)
		}
		a.Summary = &summary
	}
	return field{"summary", read, func(a *Action) (cjson.Value, bool) {
		if a.Summary == nil || *a.Summary == "" {
			return nil, false
		}
		return *a.Summary, true
	}}
}

func verdictField() field {
	parse := func(s string) (Verdict, error) {
		if v := Verdict(s); v == Accept || v == Reject {
			return v, nil
		}
		return "", errors.New("neither accept nor reject")
	}
	read := func(f *cjson.Fields, key string, a *Action) {
		if v := cjson.ReadOptional(f, key, parse); v != nil {
			a.Verdict = *v
		}
	}
	return field{"verdict", read, func(a *Action) (cjson.Value, bool) { return string(a.Verdict), a.Verdict != "" }}
}

func replyToField(key string) field {
	read := func(f *cjson.Fields, key string, a *Action) {
		if id := cjson.ReadOptional(f, key, radicle.ParseOid); id != nil {
			a.ReplyTo = *id
		}
	}
	return field{key, read, func(a *Action) (cjson.Value, bool) { return a.ReplyTo.String(), !a.ReplyTo.IsZero() }}
}

func activeField() field {
	return field{
		"active", func(f *cjson.Fields, key string, a *Action) { a.Active = f.Bool(key) },
		func(a *Action) (cjson.Value, bool) { return a.Active, true },
	}
}

func emojiField() field {
	return field{
		"reaction", func(f *cjson.Fields, key string, a *Action) { a.Emoji = cjson.Read(f, key, parseEmoji) },
		func(a *Action) (cjson.Value, bool) { return a.Emoji, true },
	}
}

// parseEmoji takes one character of the blocks that Radicle knows as signs.
func parseEmoji(s string) (string, error) {
	r, size := utf8.DecodeRuneInString(s)
	if size != len(s) || !isEmoji(r) {
		return "", errors.New("not one emoji")
	}
	return s, nil
}

func isEmoji(r rune) bool {
	for _, block := range [][2]rune{
		{0x2700, 0x27bf},   // dingbats
		{0x1f300, 0x1f5ff}, // symbols and pictographs
		{0x1f600, 0x1f64f}, // faces
		{0x1f680, 0x1f6ff}, // transport
		{0x1f900, 0x1f9ff}, // supplemental symbols
		{0x1fa75, 0x1fa77}, // hearts
		{0x1fac0, 0x1fac6}, // people
		{0x1fae0, 0x1faf8}, // later faces and hands
	} {
		if block[0] <= r && r <= block[1] {
			return true
		}
	}
	return false
}

func resolvesField() field {
	read := func(f *cjson.Fields, key string, a *Action) {
		if f.Has(key) {
			a.Resolves = readResolves(f, key)
		}
	}
	return field{"resolves", read, func(a *Action) (cjson.Value, bool) {
		array := cjson.Array{}
		for _, r := range sortedResolves(a.Resolves) {
			array = append(array, cjson.Array{r.Entry.String(), r.Comment.String()})
		}
		return array, len(array) > 0
	}}
}

func readResolves(f *cjson.Fields, key string) []Resolved {
	var list []Resolved
	for _, v := range f.Array(key) {
		pair, ok := v.(cjson.Array)
		if !ok || len(pair) != 2 {
			f.Fail(key, "want pairs of ids")
			return nil
		}
		ids := cjson.ReadFields(cjson.Object{{Key: "0", Value: pair[0]}, {Key: "1", Value: pair[1]}}, "0", "1")
		list = append(list, Resolved{cjson.Read(ids, "0", radicle.ParseOid), cjson.Read(ids, "1", radicle.ParseOid)})
		fail(f, key, ids.Err())
	}
	return sortedResolves(list)
}

func sortedResolves(list []Resolved) []Resolved {
	return slices.Compact(slices.SortedFunc(slices.Values(list), compareResolved))
}

func compareResolved(a, b Resolved) int {
	return cmp.Or(a.Entry.Compare(b.Entry), a.Comment.Compare(b.Comment))
}

// embedsField: some kinds must have a list, an empty one too.
func embedsField(required bool) field {
	read := func(f *cjson.Fields, key string, a *Action) {
		if !required && !f.Has(key) {
			return
		}
		for _, v := range f.Array(key) {
			embed := cjson.ReadFields(v, "name", "content")
			a.Embeds = append(a.Embeds, Embed{embed.Text("name"), embed.Text("content")})
			fail(f, key, embed.Err())
		}
	}
	return field{"embeds", read, func(a *Action) (cjson.Value, bool) {
		array := cjson.Array{}
		for _, e := range a.Embeds {
			array = append(array, cjson.Object{{Key: "name", Value: e.Name}, {Key: "content", Value: e.Content}})
		}
		return array, required || len(array) > 0
	}}
}

func readTarget(f *cjson.Fields, key string) Target {
	v := f.Get(key)
	if v == "delegates" {
		return Target{}
	}
	branch := cjson.ReadFields(v, "branch")
	name := branch.Text("branch")
	if len(branch.Rest) > 0 {
		branch.Fail("", "want a branch and nothing else")
	}
	if err := branch.Err(); err != nil {
		fail(f, key, err)
		return Target{}
	}
	t, err := ParseTarget(name)
	fail(f, key, err)
	return t
}

// value returns the target in JSON.
func (t Target) value() cjson.Value {
	if t.Branch == "" {
		return "delegates"
	}
	return cjson.Object{{Key: "branch", Value: t.Branch}}
}

// isBranch reports whether a full ref name is that of a branch.
func isBranch(name string) bool { return strings.HasPrefix(name, "refs/heads/") }
