// Package lfsagent serves git-lfs: it is the custom transfer agent (git-lfs docs/custom-transfers.md) that stands between git-lfs
// and the daemon, one worker process for each of lfs.concurrenttransfers.
//
// [Serve] reads requests, one JSON object a line, and answers each exactly once. It carries nothing itself: a [Daemon], which the
// program hands in, stores and fetches. What Serve adds is what git-lfs does not do, because it has no retries, no deadlines, and
// shows people nothing but the error of a completion:
//
//   - init is answered at once, whatever is offline. Git is asked and a session begun only with the first request.
//   - One byte of progress leaves as soon as a request is read: it lets git-lfs start its other workers. After that there is a line
//     when bytes moved, every 100 ms at most and every second at least. Bytes are plaintext and add up to the size.
//   - A [Failure] becomes one line for people with a hint to paste. A panic or a missing return in a Daemon does too, and so does
//     one that is silent for two minutes.
//   - The end of the input counts as terminate, also in the middle of a transfer, which is then cancelled.
//   - Downloads land in a folder of our own in the LFS storage, from where git-lfs moves them: radswarm/incoming, since git-lfs
//     empties lfs/tmp. What it does not take is removed.
//
// [Settings] finds the repository that an object belongs to by git's configuration, as git-lfs does ([Settings.Resolve]), and
// decides whether the person agreed to it. It also says what of the repository is read: the namespace of a remote, or the patch that
// the branch follows. A worker is one process that serves one operation; landing is that folder.
//
// Everything that git-lfs sends and that a repository carries is taken as hostile. Nothing but answers is written to Out. Values of
// this package are not safe for concurrent use but for [Settings], which nothing writes.
//
// A program over Serve must ignore SIGPIPE, or a write to a git-lfs that is gone kills it before it has cleaned up. No package can
// turn a panic in a goroutine that somebody else started into an error: a Daemon must not let its own goroutines panic.
//
// # Differs from the design
//
// git-lfs takes origin for the URL in FETCH_HEAD where a repository has no remotes; here that is a remote without a URL, and an
// error that says so. Which remote and which branch is read is what git-lfs and git say when the agent starts: while "git switch" fills
// in the files of a branch, that is still the one before. "git lfs pull" after it reads the right one.
package lfsagent
