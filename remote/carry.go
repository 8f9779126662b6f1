package remote

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"time"

	"radswarm/radicle/node"
	"radswarm/radicle/storage"
)

// refreshTime is how long a fetch waits for what members have newer; then git gets what storage has.
const refreshTime = 2 * time.Second

// openRepository opens the repository in storage. One that is not there is fetched first, where somebody carries it.
func (s *session) openRepository(ctx context.Context, store *storage.Storage) error {
	var err error
	if s.repo, err = store.Repository(s.url.RID); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	carrier, ok := s.BigFiles.(Carrier)
	if !ok || carrier.Clone(ctx, s.url.RID, s.Err) != nil {
		return err
	}
	s.repo, err = store.Repository(s.url.RID)
	return err
}

// refresh fetches what members have newer, where no Radicle node does that. Whatever goes wrong, there is what storage has.
func (s *session) refresh(ctx context.Context) {
	carrier, ok := s.BigFiles.(Carrier)
	if !ok || s.nodeRuns(ctx) {
		return
	}
	waiting, cancel := context.WithTimeout(ctx, refreshTime)
	defer cancel()
	if carrier.Refresh(waiting, s.url.RID) == nil {
		s.forget(ctx)
	}
}

func (s *session) nodeRuns(ctx context.Context) bool {
	runs, err := node.New(node.SocketPath(s.profile.Home.Dir(), s.Env)).Running(ctx)
	return err != nil || runs
}

// wrote says that our refs have moved. After a push with big files, people read who has the commits: without these, what is stored
// helps nobody.
func (s *session) wrote(ctx context.Context, files []bigFile) {
	carrier, ok := s.BigFiles.(Carrier)
	if !ok || s.options.noSync {
		return
	}
	who := carrier.Wrote(ctx, s.url.RID, len(files) > 0)
	if len(files) > 0 && len(who) > 0 {
		s.say.line(textCommits, brief(strings.Join(who, ", ")))
	}
}
