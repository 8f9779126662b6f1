// Package lab is many homes on one machine: complete Radicle homes in one folder, each with a daemon process of its own on
// 127.0.0.1, all friends of one home called you. It is for trying things out, for demonstrations and for tests: homes can be
// killed, frozen and started again, looked through and measured.
//
// A lab is a folder with the marker file radswarm-lab.json, which lists the homes. Beside it there are only
//
//	NAME/      the Radicle home of each
//	work/      room for working copies and films
//	lab.lock   locked by the one command that changes the lab
//	.making/   a home that is not complete yet
//
// Nothing is ever deleted in a folder that has no marker, that holds anything else at its top, that is a symbolic link or
// belongs to somebody else, or that is, contains or lies in a real home ([RealHomeError]). A lab that was left half made can
// be brought up again, or down: homes appear by rename, the marker comes first and goes last.
//
// Which process is the daemon of a home is asked of the system, by the socket that it listens on: an answer that a process
// need not give, so frozen ones are found too, and no number of a process is ever kept in a file and believed later.
//
// A Lab is safe for concurrent use, by several processes as well.
package lab
