// Package holder is what a machine that keeps shares does for others: who is let in, what each may do, and how much of it. It
// implements HOLDER.md beside it, and DESIGN.md §7 (Admission) and §8, over the parts below: connections come from package net,
// frames are package wire's, friends and introductions package friend's, shares package disk's.
//
//	s := holder.New(holder.Options{…})
//	defer s.Close()
//	n, err := p2p.Listen(p2p.Config{Key: key, Handler: s})   // or another network
//	s.Attach(n)
//	conn, err := n.Connect(ctx, device, addrs)
//	session, err := s.Meet(ctx, conn)   // HELLO: from now on the peer is there, and blk/1 streams are answered
//
// Words: a peer is somebody who was let in; a stranger is not. An access is what a peer is: friend, member, guest. A session is a
// control stream on which HELLO was accepted. A visit is a stream that is served. A meter is what somebody has used up of bytes
// and of the disk; a slot is one of the things that somebody may do at once.
//
// [Service.For] gives the store as one peer sees it: a [blobstore.Holder], which is what [wire.Serve] answers from. Repositories,
// git and what is said on ctl/1 after HELLO are the matter of [Members], [Where], [Git] and [Control], which whoever builds the
// house brings.
//
// All of it is safe for concurrent use. A goroutine ends with the stream, or with the connection, that it is for.
package holder
