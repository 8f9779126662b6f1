// Package patch is the type of collaborative objects by which people propose changes to code: xyz.radicle.patch (radicle 0.25,
// cob/patch.rs).
//
// A [Patch] has revisions, each a range of commits, a title, a target branch, and a [State]; people comment on revisions, review
// and merge them. Operations on it carry one or more [Action]. [Read] folds them into a patch as Radicle does: who may do what
// depends on the identity document that the operation names, and whether a patch is merged on what the delegates' branches are
// now, so the result is to be read again when branches move. [Open] makes a patch, [Patch.Do] and the methods around it change one.
//
// All that Radicle keeps of a patch is kept here, discussions and reviews too, since whoever writes its row in Radicle's cache
// writes it whole: [Patch.MarshalJSON].
//
// An operation with an action of a kind that is not known here does not count, with all that come after it, as in Radicle; it is
// still there for tools that know it, and for those that only pass it on.
//
// Actions are safe for concurrent use, a Patch is not.
//
// # Differs from the design
//
// DESIGN.md §3 has this type in package cob. It needs package identity, which needs cob.
//
// # Differs from Radicle
//
// Radicle trusts any commit with an identity document that an operation names, also one that the delegates never accepted; so does
// this package, since both must come to the same result. Nothing that is about rights or data may depend on the state of a patch.
//
// Where several revisions were merged by enough delegates, Radicle lists them in no order; here they are sorted.
package patch
