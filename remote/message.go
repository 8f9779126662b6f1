package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

const (
	// maxCommits bounds the commits whose messages become that of a patch.
	maxCommits = 1000
	// maxMessage bounds such a message, in bytes. An action of a patch is at most 1 MiB.
	maxMessage = 512 << 10
)

var (
	errEmptyTitle   = errors.New("i/o error: invalid patch title: empty title")
	errInvalidTitle = errors.New("i/o error: invalid patch title: invalid characters in title")
)

// opening is title and description of a new patch.
func (a *attempt) opening(ctx context.Context, base, head radicle.Oid) (title, description string, err error) {
	text, err := a.text(ctx, base, head)
	if err != nil {
		return "", "", err
	}
	title, description, _ = strings.Cut(text, "\n")
	title, description = strings.TrimSpace(title), strings.TrimSpace(description)
	switch {
	case strings.ContainsRune(title, '\r'):
		return "", "", errInvalidTitle
	case title == "":
		return "", "", errEmptyTitle
	}
	return title, description, nil
}

// text is the message that was given or, without one, that of the commits after base.
func (a *attempt) text(ctx context.Context, base, head radicle.Oid) (string, error) {
	if a.options.message != nil {
		return strings.TrimSpace(stripComments(*a.options.message)), nil
	}
	messages, err := a.messages(ctx, base, head)
	return strings.TrimSpace(stripComments(joinMessages(messages))), err
}

// messages are those of the commits after base up to head, the oldest first.
func (a *attempt) messages(ctx context.Context, base, head radicle.Oid) ([]string, error) {
	ids, err := a.between(ctx, base, head)
	if err != nil {
		return nil, err
	}
	var all []string
	size := 0
	for i := len(ids) - 1; i >= 0 && len(all) < maxCommits && size < maxMessage; i-- {
		c, err := gitobj.ReadCommit(ctx, a.tx, ids[i])
		if err != nil {
			return nil, err
		}
		text := strings.ToValidUTF8(strings.TrimLeft(c.Message, "\n"), "\uFFFD")
		size += len(text)
		all = append(all, text)
	}
	return all, nil
}

// maxBetween bounds what git prints about the commits of a push, in bytes.
const maxBetween = 256 << 20

// between returns the commits that head reaches and base does not, the youngest first.
func (a *attempt) between(ctx context.Context, base, head radicle.Oid) ([]radicle.Oid, error) {
	cmd := a.repo.Git(ctx, "rev-list", "--stdin")
	cmd.Stdin = strings.NewReader(head.String() + "\n^" + base.String() + "\n")
	out, err := output(ctx, cmd, maxBetween)
	if err != nil {
		return nil, err
	}
	var ids []radicle.Oid
	for line := range strings.FieldsSeq(out) {
		id, err := radicle.ParseOid(line)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// joinMessages makes one text of several commits, as Radicle's tools show it to people; the comments in it go.
func joinMessages(messages []string) string {
	if len(messages) == 0 {
		return ""
	}
	if len(messages) == 1 {
		return messages[0]
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", strings.TrimRight(messages[0], " \t\r\n"))
	for _, m := range messages[1:] {
		fmt.Fprintf(&b, "\n%s\n\n", strings.TrimRight(m, " \t\r\n"))
	}
	return b.String()
}

// stripComments takes out HTML comments that begin with a line and end with one, as Radicle does.
func stripComments(s string) string {
	var b strings.Builder
	within := false
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(strings.TrimSuffix(line, "\n"), "\r")
		switch {
		case within:
			within = !strings.HasSuffix(line, "-->")
		case strings.HasPrefix(line, "<!--"):
			within = true
		default:
			b.WriteString(line + "\n")
		}
	}
	if strings.HasSuffix(s, "\n") {
		return b.String()
	}
	return strings.TrimSuffix(b.String(), "\n")
}
