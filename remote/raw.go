package remote

import (
	"context"
	"fmt"

	"radswarm/radicle"
	"radswarm/remote/lfs"
)

// sayRaw warns of files that git-lfs should have, and that a push brings as they are: "git lfs track" without "git lfs install" commits
// them so without a word. It is advice: what goes wrong with it does not end a push.
func (s *session) sayRaw(ctx context.Context, commits lfs.Range, files []bigFile) {
	pointers := make(map[radicle.Oid]bool)
	for _, f := range files {
		for _, blob := range f.blobs {
			pointers[blob] = true
		}
	}
	repo, err := s.lfs(ctx)
	if err != nil {
		return
	}
	raw, err := repo.Raw(ctx, commits, pointers)
	if err != nil || len(raw) == 0 {
		return
	}
	text := fmt.Sprintf(textRaw, brief(raw[0]))
	if more := len(raw) - 1; more > 0 {
		text += fmt.Sprintf(textRawMore, more)
	}
	s.say.warn(text)
	s.say.hint(fmt.Sprintf(hintRaw, brief(raw[0])))
}
