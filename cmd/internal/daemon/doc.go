// Package daemon is what listens on the control socket of a home: one process for each home, held by a lock, that answers
// the requests of package control. What the requests do is joined to it by whoever runs it.
package daemon
