package lfsagent

import (
	"bufio"
	"errors"
	"io"
)

const (
	// maxLine bounds a line from git-lfs, in bytes: a path of 4 KiB, each byte as \u0000, and an action nobody reads.
	maxLine = 128 << 10
	// maxWaiting bounds the requests that wait for the one before. git-lfs sends the next one only after an answer.
	maxWaiting = 64
)

var (
	errEnd   = errors.New("git-lfs has ended")
	errFlood = errors.New("git-lfs does not wait for answers")
)

// receive hands on the messages that mean something until git-lfs ends, and says how that was: errEnd for terminate and for the end
// of the input. It never waits for whoever takes the messages, so that it sees the end in time.
func receive(in io.Reader, inbox chan<- message) error {
	for lines := bufio.NewReaderSize(in, maxLine); ; {
		m, err := readMessage(lines)
		switch {
		case errors.Is(err, io.EOF):
			return errEnd
		case err != nil:
			return err
		case m.Event == eventTerminate:
			return errEnd
		case !m.known():
			continue
		}
		select {
		case inbox <- m:
		default:
			return errFlood
		}
	}
}

// readMessage reads a line. One that is too long is read to its end and is no message. What the input's end cuts off is no line.
func readMessage(lines *bufio.Reader) (message, error) {
	line, err := lines.ReadSlice('\n')
	if err == nil {
		return parseMessage(line), nil
	}
	for errors.Is(err, bufio.ErrBufferFull) {
		if _, err = lines.ReadSlice('\n'); err == nil {
			return message{Event: eventBad, bad: true}, nil
		}
	}
	return message{}, err
}
