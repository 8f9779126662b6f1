package storage

import "context"

// Collect lets git pack and prune the repository if it thinks that there is enough to do, as a Radicle node lets it after
// each fetch: a home without a node has nobody else for it, and every larger update adds a pack. Objects that no ref
// reaches are kept for an hour, which is long enough for everybody who is about to refer to them.
func (r *Repo) Collect(ctx context.Context) error {
	cmd := r.Git(ctx, "-c", "gc.auto=6700", "-c", "gc.autoPackLimit=50", "-c", "gc.autoDetach=false", "gc", "--auto",
		"--quiet", "--prune=1.hour.ago")
	return r.storage.git.run(ctx, cmd)
}
