// Package gitlfs is what commands ask git about a working copy with Git LFS files, and do to it: which files there are, which of
// them are here, hydrate and free them, settings of git-lfs, and what is wrong with all that.
//
// A [Copy] is a working copy, with [Copy.Modules] below it. [Copy.Files] are its LFS files; [Copy.CheckOut] puts content where a
// pointer is and [Copy.PutPointer] the reverse, and [Copy.Refresh] lets git see that nothing has changed. [SetUp] and [Check] are
// about settings and programs.
//
// What a repository carries is hostile: paths are followed no further than the working tree, and nothing is replaced but a file
// that is exactly the pointer, or exactly the content, that git has for it.
//
// # Differs from the design
//
// DESIGN.md §3 has this package import git-lfs's own. It does not: git and package remote/lfs answer all that is asked here, and the
// 100 packages of git-lfs, which has no stable API, would be linked for one rule (how a remote becomes an endpoint) that package
// lfsagent has already.
package gitlfs
