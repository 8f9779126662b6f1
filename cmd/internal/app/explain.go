package app

import "radswarm/cmd/internal/control"

// Explain says what clients are told of an error: one line, and a command that helps. Nil: it has no meaning of its own.
func Explain(err error) *control.Error {
	return nil
}
