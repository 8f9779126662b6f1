// Package peers is the people of a home and the connections with them: who is a friend, how each is reached, what is told at
// contact. It implements DESIGN.md §7 over package friend, which keeps what is known, package holder, which says who may come
// in, and package net, which connects.
//
//	p := peers.New(peers.Options{…})
//	service := holder.New(holder.Options{…, Control: p})
//	network, err := p2p.Listen(p2p.Config{Key: key, Handler: service})
//	service.Attach(network)
//	p.Start(network, service)
//	defer p.Close() // then the network, then the service
//	h := p.Holder(did) // dials when it is used
//
// Words: a contact is what is known in memory of somebody with whom there are connections, or are to be; a line is one
// connection on which a HELLO was accepted; a keeper is the goroutine that keeps a line with a friend. A guest is who reads
// what somebody else owns, with an introduction by that owner.
//
// # Who is told what
//
// Friends hear what they may use here (PLEDGE), at contact and as it changes; which introductions were revoked; and where this
// machine is. Whom we introduced hears the introductions, where this machine is, and where those friends are who keep shares of
// ours. Who presents an introduction by a friend hears where that friend is. Nobody else hears where anybody is.
//
// # Who is dialled
//
// All friends, always: at once when a line is lost, then after a quarter of a second, twice as long each time, up to 15 minutes;
// and at once when somebody asks, when a newer address of theirs is heard, or when they are changed. Others are dialled when
// somebody asks, and left after two minutes without a stream. The device is that of the newest certificate; tried are the
// addresses that it signed, what a person or an invitation said, and those that it signed and that ran out. A device that has
// met us is greeted; another, or one that cuts us, hears a knock first.
//
// # Differs from the design
//
//   - Pledges are not signed (FRIEND.md §11). Where DESIGN.md §7 lets those have an address who present a pledge by its person,
//     here that person itself tells its friends, and nobody else is shown a pledge.
//   - A PLEDGE of 0 bytes is how a friend learns that the friendship is being wound up.
//
// All of it is safe for concurrent use. Goroutines end with Close.
package peers
