// Package control is how programs talk to the daemon of a home: where it listens, how it is started when it is not there,
// and how it is asked. It links nothing that is slow to start.
//
// The daemon speaks HTTP/1.1 with JSON over a socket in the swarm folder, which only its owner may enter. A request is one
// method and path under /v1/ with a JSON object; an answer is a JSON object, or an [Error]. What takes long answers with
// lines of JSON instead ([Line]), the last of which holds the answer or the error.
//
// All of it is safe for concurrent use.
package control

// Version is the version of the interface that this package speaks: the first element of every path.
const Version = 1

// MaxBody bounds a request and an answer, and MaxLine one line of an answer in lines, in bytes.
const (
	MaxBody = 8 << 20
	MaxLine = 1 << 20
)
