package storage

import (
	"context"

	"radswarm/radicle/gitobj"
)

// OnWrite makes f run before each write to the repository.
func (r *Repo) OnWrite(f func(what string)) { r.onWrite = f }

// OnWrite makes f run before each write to a repository that is being made.
func (s *Storage) OnWrite(f func(what string)) { s.onWrite = f }

// RefsByGit reads all refs as git prints them.
func (r *Repo) RefsByGit(ctx context.Context) (*Snapshot, error) { return r.refsByGit(ctx, "refs") }

// CatPID is the process that reads objects, 0 if there is none.
func (r *Repo) CatPID() int {
	<-r.cat.turn
	defer func() { r.cat.turn <- struct{}{} }()
	if r.cat.proc == nil {
		return 0
	}
	return r.cat.proc.cmd.Process.Pid
}

var (
	NewEnough   = newEnough
	Environment = environment
	ConfigText  = configText
)

// ParsePacked and ParseLoose are for fuzzing.
func ParsePacked(text string) (names []string, err error) {
	refs, err := parsePacked(text, "refs/", make(map[string]string))
	for _, r := range refs {
		names = append(names, r.name)
	}
	return names, err
}

func ParseLoose(text string) error {
	_, err := parseLoose("refs/heads/x", text)
	return err
}

// ParseCatLine is for fuzzing.
var ParseCatLine = parseCatLine

// Store stores what f writes: as files of their own, or as a pack.
func (r *Repo) Store(ctx context.Context, pack bool, f func(gitobj.Writer)) error {
	b := newBuffer(r)
	f(b)
	if pack {
		return r.writePack(b.objects())
	}
	return r.writeLoose(b.objects())
}

// Abandon leaves a quarantine as a process that dies does.
func (q *Quarantine) Abandon() error {
	if q.repo != nil {
		q.repo.cat.close()
	}
	return q.marker.Close()
}
