// Package node talks to a running Radicle node over its control socket: what it seeds, whom it is connected to, fetch this,
// announce that, tell me what happens. It knows the commands of Radicle 1.2 to 1.10 (crates radicle-node control.rs, radicle
// node/command.rs, node/events.rs).
//
// A [Client] is a socket path. It keeps no connection: the node answers one command per connection, one line of JSON each way. A
// [Subscription] is the exception, a connection on which the node writes an [Event] a line.
//
// That no node runs is an ordinary answer: [Client.Running] says false, everything else returns [ErrNotRunning]. What the node
// itself refuses is a [*CommandError] with its words.
//
// The node is trusted as little as any other program: lines are bounded ([MaxLine]), everything has a time-out, and what does not
// have the shape it should is an error that names it. Newer nodes may say more: fields that we do not know are kept in Unknown,
// events that we do not know are an [OtherEvent]. Where new and old nodes name a command differently, the new name is tried first.
//
// What the node says is a hint and not a proof. It goes on to list a peer that went away for a minute and longer.
//
// A Client is safe for concurrent use; a Subscription serves one goroutine at a time.
package node
