// Package objects makes a product of package swarm: it keeps the index of the objects of a home, stores and fetches them,
// and does what goes on without a client: placing the rest, coding again when friends come, telling holders what to delete.
//
// [Objects] has a method for each request of control's api_objects.go. What it needs of others it declares: [People] are
// those who can be reached, [Keys] the keyring, [Records] what collaborators stored, [State] the database.
//
// Words: an object is pending while it has shares to place; a job is one pass of work on it; whoever waits for an object is a
// client that has been promised a requirement.
//
// # Differs from the design
//
//   - A link to a file is kept for longer than a day where fewer than K shares are placed: it may be the last copy.
//   - The file is opened where it was found, as long as size and time are the same, also after the link is gone: verifying every byte
//     of an object needs it more than placing does.
//   - Safe is asked of an object by the friends of today. One that was coded for one friend is not safe with ten; where a client
//     requires that it is, it is coded again at once.
//   - An object that a collaborator stored as well is stored by the collaborator's key only where that saves something: in the
//     same coding, with K shares placed by its record, and public only where what is stored is public by the own word. Else it
//     is stored by the own key, which alone brings it back for certain.
//   - Of an object stored by a collaborator's key the key is in records only. Where none of them is here any more, the shares
//     cannot be used; our own record is written with the next push.
//
// Everything is safe for concurrent use.
package objects
