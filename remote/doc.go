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
// Order.
//
//   - Refs and signature move together or not at all. Radicle's helper moves each ref when its turn comes and signs at the
//     end: when it fails in between, branches have moved that nobody else will ever fetch.
//   - A ref that cannot move (not a fast-forward, moved meanwhile, a stale lease, no commit or tag, a name that is a folder of others
//     or that signing itself writes) is rejected alone, in git's own words. There, one rejected ref ends the whole push with the output of a git command
//     that nobody ran, and a namespace whose refs/rad was pushed to is beyond repair.
//   - A failure after the signature (canonical refs, cache, branch of a patch) is said and fails nothing: the push is done.
//   - An input that ends within a batch does nothing: git is gone. There, what had arrived is pushed.
//   - No wait for seeds that are not connected: there a push takes nine seconds when all seeds are offline. If none is connected
//     it says so, with ! in place of ✓.
//
// What is believed.
//
//   - The delegates and their rules are those of refs/rad/id, which every fetch and every change of the identity brings up to
//     date; there some of it is folded anew for each push.
//   - The cache of patches (cobs/cache.db) is a cache: where it is missing, broken or of another version, patches are read
//     from the repository, and an update of a patch always reads that. There, neither a patch nor a branch can be pushed.
//   - Whether a patch was merged is looked up in storage: the working copy may lack what others have pushed.
//   - A missing node/policies.db is an empty one; there the push fails, after everything was signed.
//   - GIT_COMMITTER_DATE may be any date; what is no number of seconds is ignored. There it is a panic, after the branch moved.
//   - Where there is no key file, ssh-agent is asked.
//   - A HEAD in storage that is broken hides no branches from a fetch.
//
// Words.
//
//   - Push options are unquoted as git quotes them (C style, octal), and runs of spaces survive.
//   - Lines are bounded (MaxLine), and a line that is no command says so without repeating megabytes of it.
//   - An annotated tag can be proposed as a patch: its commit is.
//   - Nothing opens an editor: a patch without a message gets that of its commits, as there without a terminal.
//   - A git command that fails is one line, not all that it printed; what libgit2 and Rust say about an error is said in our words.
//   - NO_COLOR is honoured; RAD_DEBUG prints lines as git wrote them.
//
// git.
//
//   - No hooks and no configuration of the person's run in storage.
//   - A fetch works with protocol.version=0 in the user's configuration, and for submodules as soon as rad:// is allowed there.
//
// # Big files
//
// [BigFiles] is how a program joins this package with whoever keeps what Git LFS pointers stand for. Without it nothing is looked
// for, configured or printed. With it, a push that brings pointers stores what is not stored yet before any ref moves, and is
// refused for what is neither stored nor here; see package lfs below this one for what is configured. A [Recorder] hears where the
// pushed commits have each object and what their attributes say of who may read it, and writes into the same signature.
//
// Commits that came into our namespace without a push of ours (rad init brings the first ones) are looked at with the next push,
// even if that has nothing to push, until there is a record of an object. What of them is neither stored nor here is told, and
// keeps nobody from pushing.
//
// # Differs from the design
//
// DESIGN.md §11 has every helper configure Git LFS. Nothing is configured while nobody keeps big files: git-lfs would hand
// objects to an agent that is not there, and pushes that work today would not.
package remote
