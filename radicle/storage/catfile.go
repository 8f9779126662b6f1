package storage

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os/exec"
	"strconv"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// maxDrain is how much of an object that is too large is read and thrown away, in bytes, rather than starting the
// process anew.
const maxDrain = 1 << 20

// errProcess is the error for a process that ended or said something that cannot be.
var errProcess = errors.New("git cat-file stopped")

// catFile reads objects through one long-lived "git cat-file --batch", which is started when it is first needed and
// again when it has died. One object at a time; safe for concurrent use.
type catFile struct {
	start func() *exec.Cmd
	turn  chan struct{} // holds a token while nobody reads
	proc  *catProcess   // guarded by turn; nil if there is none
}

func newCatFile(start func() *exec.Cmd) *catFile {
	c := &catFile{start: start, turn: make(chan struct{}, 1)}
	c.turn <- struct{}{}
	return c
}

// read implements the contract of [gitobj.Reader].
func (c *catFile) read(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if id.IsZero() {
		return 0, nil, fmt.Errorf("null object: %w", fs.ErrNotExist)
	}
	select {
	case <-c.turn:
	case <-ctx.Done():
		return 0, nil, ctx.Err()
	}
	defer func() { c.turn <- struct{}{} }()
	for {
		fresh := c.proc == nil
		kind, data, err := c.attempt(ctx, id, max)
		if !errors.Is(err, errProcess) || fresh {
			return kind, data, err
		}
	}
}

// attempt reads with the process there is, or a new one, and forgets it if it is of no further use.
func (c *catFile) attempt(ctx context.Context, id radicle.Oid, max int64) (gitobj.Kind, []byte, error) {
	if err := ctx.Err(); err != nil {
		return 0, nil, err
	}
	if c.proc == nil {
		proc, err := startCat(c.start())
		if err != nil {
			return 0, nil, err
		}
		c.proc = proc
	}
	stop := context.AfterFunc(ctx, c.proc.kill)
	kind, data, alive, err := c.proc.read(id, max)
	killed := !stop()
	if killed || !alive {
		complaint := c.proc.end()
		c.proc = nil
		if errors.Is(err, errProcess) {
			err = &GitError{Command: "cat-file", Stderr: complaint, Err: err}
		}
	}
	if killed {
		return 0, nil, ctx.Err()
	}
	return kind, data, err
}

// close ends the process; the next read starts another.
func (c *catFile) close() {
	<-c.turn
	defer func() { c.turn <- struct{}{} }()
	if c.proc != nil {
		c.proc.end()
		c.proc = nil
	}
}

// catProcess is one running process. After an error it is of no further use.
type catProcess struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Reader
	stderr *limitedBuffer
}

func startCat(cmd *exec.Cmd) (*catProcess, error) {
	p := &catProcess{cmd: cmd, stderr: &limitedBuffer{max: maxStderr}}
	cmd.Stderr = p.stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.stdin, p.stdout = stdin, bufio.NewReaderSize(stdout, 64<<10)
	if err := cmd.Start(); err != nil {
		return nil, &GitError{Command: verb(cmd), Err: err}
	}
	return p, nil
}

// kill makes every pending read and write of the process return. Safe to call twice, and from anywhere.
func (p *catProcess) kill() { _ = p.cmd.Process.Kill() }

// end kills the process, waits for it and returns what it complained about.
func (p *catProcess) end() string {
	p.kill()
	_ = p.cmd.Wait() // it only reads: how it ends does not matter
	return p.stderr.buf.String()
}

// read asks for one object. alive reports whether the process can be asked again.
func (p *catProcess) read(id radicle.Oid, max int64) (kind gitobj.Kind, data []byte, alive bool, err error) {
	if _, err := io.WriteString(p.stdin, id.String()+"\n"); err != nil {
		return 0, nil, false, fmt.Errorf("%w: %v", errProcess, err)
	}
	line, err := p.stdout.ReadSlice('\n')
	if err != nil {
		return 0, nil, false, fmt.Errorf("%w: %v", errProcess, err)
	}
	kind, size, err := parseCatLine(string(line), id)
	if err != nil {
		return 0, nil, errors.Is(err, fs.ErrNotExist), err
	}
	if size > max {
		return 0, nil, p.skip(size), &gitobj.TooLargeError{ID: id, Size: size, Max: max}
	}
	data = make([]byte, size+1)
	if _, err := io.ReadFull(p.stdout, data); err != nil || data[size] != '\n' {
		return 0, nil, false, fmt.Errorf("%w within object %v: %v", errProcess, id, err)
	}
	return kind, data[:size:size], true, nil
}

// parseCatLine reads "<id> <kind> <size>" or "<id> missing".
func parseCatLine(line string, id radicle.Oid) (gitobj.Kind, int64, error) {
	name, rest, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	if name == id.String() && rest == "missing" {
		return 0, 0, fmt.Errorf("object %v: %w", id, fs.ErrNotExist)
	}
	word, length, _ := strings.Cut(rest, " ")
	kind, known := gitobj.ParseKind(word)
	size, err := strconv.ParseInt(length, 10, 63)
	if name != id.String() || !known || err != nil || size < 0 {
		return 0, 0, fmt.Errorf("%w: answers %.100q about %v", errProcess, line, id)
	}
	return kind, size, nil
}

// skip reads past an object of that size, if it is not too much, and reports whether it did.
func (p *catProcess) skip(size int64) bool {
	if size > maxDrain {
		return false
	}
	_, err := p.stdout.Discard(int(size) + 1)
	return err == nil
}
