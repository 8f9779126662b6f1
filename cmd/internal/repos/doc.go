// Package repos is what the daemon knows of repositories: who may read, where the records of objects are, and how both come from
// one home to another.
//
//   - [Repos] is all of it. It reads Radicle's storage, and writes our own namespace there: records, envelopes, key card.
//   - A repository is read when it is asked for, and again when a signed ref of it has moved. Which commit the records of a
//     writer are at is taken from the verified text of their signed refs, never from the ref.
//   - What is stored and not recorded yet is pending. The index of objects is where that is durable; the queue here is in
//     memory.
//   - A round (package zone) brings our branch of a repository up to its readers. It is done by the push that brings the
//     pointers, or else by the daemon.
//   - Whose record may be read from the middle (RECORD.md §8) is asked anew for every object. Who introduced it is read from the
//     history that the delegates accepted: in the background, once for each state of their refs.
//   - Repositories travel between members over git/1 (package replicate), where no Radicle node carries them.
//
// # Differs from the design
//
// The daemon looks at repositories of which a member is there every few seconds, because a push without big files starts none
// and tells it nothing. A push says who has the commits by what members say themselves after they have fetched. Who introduced
// objects is kept in memory: after a restart the first who looks for an object that only a stranger recorded waits for the history,
// five seconds at most, and is then answered as if nobody had introduced it.
//
// Everything is safe for concurrent use.
package repos
