// Package objects makes a product of package swarm: it keeps the index of the objects of a home, stores and fetches them,
// and does what goes on without a client: placing the rest, coding again when friends come, telling holders what to delete.
//
// [Objects] has a method for each request of control's api_objects.go. What it needs of others it declares: [People] are
// those who can be reached, [Keys] the keyring, [Records] what collaborators stored, [State] the database.
//
// Words: an object is pending while it has shares to place; a job is one pass of work on it; whoever waits for an object is a
// client that has been promised a requirement.
//
// Everything is safe for concurrent use.
package objects
