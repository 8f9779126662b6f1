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
// All of it is safe for concurrent use. Goroutines end with Close.
package peers
