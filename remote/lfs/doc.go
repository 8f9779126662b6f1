// Package lfs is what a Git remote helper does for Git LFS, without running git-lfs: it configures the repository, finds the
// pointers that a push brings, and knows where their objects lie.
//
// A [Repo] is the repository in which git started the helper.
//
//   - [Repo.ReadConfig] and [Config.Configure] write the keys that make git-lfs hand the objects of a rad remote to our agent, and
//     leave all other remotes as they are; [Repo.Unconfigure] takes them back. Keys are defaults: what a person has set stays.
//
//   - [Repo.Scan] finds the pointers in what a push adds, whether LFS hooks are installed or not; [Repo.Paths] says where they lie
//     in one commit.
//
//   - [Config.Storage] finds the objects on this disk.
//
//     repo := lfs.Repo{Dir: os.Getenv("GIT_DIR")}
//     config, err := repo.ReadConfig(ctx)                  // once, at the first list; it answers other questions too
//     warnings, err := config.Configure(ctx, lfs.Remote{…}) // after a list, and again (newly read) once "option cloning true" came
//     storage, err := config.Storage()
//     for found, err := range repo.Scan(ctx, lfs.Range{New: pushed, Have: theirs}) {
//     if err == nil && !storage.Has(found.Pointer) { … }
//     }
//
// git (2.34 or newer) gives the configuration as the person who runs it has it. Objects are read without that configuration,
// without replacements and grafts, and without the network: what a partial clone lacks is counted, never fetched.
//
// Values of this package are safe for concurrent use, and so are helpers that run at the same time: the configuration is written in
// one go under git's own lock, or not at all.
//
// # Differs from the design
//
// DESIGN.md §3 has no such package; it keeps this out of the protocol of package remote. The filters of git-lfs (the optional keys of
// git-lfs.md §2.4) are written by a clone only: in a repository that is in use they would change what a checkout does.
package lfs
