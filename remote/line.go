package remote

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxLine is the length of the longest line that is read from git, in bytes. A push option is the longest; what the
// system lets git have on its own command line is far shorter.
const MaxLine = 1 << 20

// shown is how much of a line is repeated in an error, in bytes.
const shown = 400

// shownLines is how many lines of what a git command said are.
const shownLines = 3

// verb is what a line asks for.
type verb int

const (
	blank verb = iota
	capabilities
	list
	listForPush
	fetch
	push
	option
)

// command is a line from git.
type command struct {
	verb  verb
	name  string // of an option
	value string // of an option; the refspec of a push; the object id of a fetch
	text  string // the line, for errors
}

// lineReader reads what git writes. It has a goroutine, because git may have nothing to say for hours, and a read cannot be broken
// off. It ends with the input, or after the line that comes next once close was called.
type lineReader struct {
	r      *bufio.Reader
	lines  chan line
	closed chan struct{}
}

// line is what was read: a command or an error.
type line struct {
	command command
	err     error
}

func newLineReader(r io.Reader) *lineReader {
	l := &lineReader{r: bufio.NewReaderSize(r, 4<<10), lines: make(chan line), closed: make(chan struct{})}
	go l.run()
	return l
}

// close says that nobody will ask for lines any more.
func (l *lineReader) close() { close(l.closed) }

// run reads until there is nothing more to read.
func (l *lineReader) run() {
	defer close(l.lines)
	for {
		c, err := l.read()
		select {
		case l.lines <- line{c, err}:
		case <-l.closed:
			return
		}
		if err != nil {
			return
		}
	}
}

// next returns a line. The end of the input is io.EOF; other errors are the context's, or wrap [ErrLineTooLong] or [ErrCommand].
func (l *lineReader) next(ctx context.Context) (command, error) {
	select {
	case got, ok := <-l.lines:
		if !ok {
			return command{}, io.EOF
		}
		return got.command, got.err
	case <-ctx.Done():
		return command{}, ctx.Err()
	}
}

// read reads a line.
func (l *lineReader) read() (command, error) {
	var line []byte
	for {
		part, err := l.r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > MaxLine {
			return command{}, fmt.Errorf("%w: more than %d bytes", ErrLineTooLong, MaxLine)
		}
		switch {
		case err == nil:
			return parseLine(string(line))
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(line) == 0:
			return command{}, io.EOF
		case err == io.EOF:
			return command{}, fmt.Errorf("%w: %s", io.ErrUnexpectedEOF, brief(string(line)))
		default:
			return command{}, err
		}
	}
}

// parseLine reads a line as Radicle's helper does, which trims it.
func parseLine(line string) (command, error) {
	line = strings.TrimSpace(line)
	if line == "" {
		return command{}, nil
	}
	word, rest, _ := strings.Cut(line, " ")
	c := command{value: strings.TrimSpace(rest), text: line}
	switch {
	case word == "capabilities":
		c.verb = capabilities
	case word == "list" && c.value == "":
		c.verb = list
	case word == "list" && c.value == "for-push":
		c.verb = listForPush
	case word == "fetch" && len(strings.Fields(c.value)) >= 2: // the name of the ref does not matter
		c.verb, c.value = fetch, strings.Fields(c.value)[0]
	case word == "push":
		c.verb = push
	case word == "option":
		c.verb = option
		c.name, c.value, _ = strings.Cut(c.value, " ")
	default:
		return command{}, fmt.Errorf("%w `%s`", ErrCommand, brief(line))
	}
	return c, nil
}

// oneLine is what several lines say, in one that is not too long.
func oneLine(s string) string {
	lines := strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' })
	for i, l := range lines {
		lines[i] = brief(strings.TrimSpace(l))
	}
	if len(lines) > shownLines {
		lines = append(lines[:shownLines], "…")
	}
	return strings.Join(lines, "; ")
}

// brief is a line that may be shown: not too long, and nothing that a terminal obeys.
func brief(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if len(s) > shown {
		return strings.ToValidUTF8(s[:shown], "") + "…"
	}
	return s
}
