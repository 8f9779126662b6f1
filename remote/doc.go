// Package remote is git's remote helper for rad:// URLs (gitremote-helpers(7)): a drop-in for Radicle's own
// (radicle-remote-helper 0.18) that says, writes and returns the same, and keeps its promises when it is killed or raced.
//
// [Main] serves one git command. git writes lines to standard input: capabilities, option, list, list for-push, and then
// a batch of fetch or push lines; standard output belongs to git, people read standard error. Nothing is ever asked.
//
// A fetch copies objects from Radicle's storage into the working copy. A push has four steps. The plan: what each line
// wants, and whether it may. The objects: those that storage lacks go there, in one pack. The update: all refs, operations
// on patches and the signature over the namespace move in one transaction ([storage.Repo.Update]); if somebody
// else moved a ref meanwhile, the plan is checked again on what is there then. The rest can be done again by anybody:
// canonical refs, the cache of patches, the branch in the working copy, telling the node. The results are
// printed last. No lock is held between list and push, nor while the node spreads the word.
//
// # Differs from Radicle's helper
//
// What works prints the same. What fails prints, after Radicle's line where that has one, a hint. Beyond that:
//
//   - Refs and signature move together or not at all. Radicle's helper moves each ref when its turn comes and signs at the
//     end: when it fails in between, branches have moved that nobody else will ever fetch.
//   - A ref that cannot move (not a fast-forward, moved meanwhile, a lease that is stale) is rejected alone, in git's own
//     words. There, one rejected ref ends the whole push with the output of a git command that nobody ran.
//   - Push options are unquoted as git quotes them (C style, octal), and runs of spaces survive.
//   - An input that ends within a batch of pushes pushes nothing: git is gone. There, what had arrived is pushed.
//   - Lines are bounded (MaxLine), and a line that is no command says so without repeating megabytes of it.
//   - Nothing opens an editor: a patch without a message gets that of its commits, as there without a terminal.
//   - No wait for seeds that are not connected: there a push takes nine seconds when all seeds are offline.
//   - The cache of patches (cobs/cache.db) is a cache: where it is missing, broken or of another version, patches are read
//     from the repository. There, neither a patch nor a branch can be pushed.
//   - GIT_COMMITTER_DATE may be any date; what is no number of seconds is ignored. There it is a panic, after the branch moved.
//   - A fetch works with protocol.version=0 in the user's configuration, and for submodules as soon as rad:// is allowed there.
//   - A git command that fails is one line, not all that it printed.
//   - NO_COLOR is honoured.
//   - What libgit2 says about an error is said in our words.
package remote
