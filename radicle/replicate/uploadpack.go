package replicate

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"radswarm/radicle"
)

// maxComplaint bounds what is kept of git's complaints, in bytes.
const maxComplaint = 4 << 10

// pack answers WANT.
func (a *answer) pack(ctx context.Context, w want) error {
	if err := a.turn(ctx); err != nil {
		return err
	}
	defer func() { <-a.server.slots }()
	if err := a.uploadPack(ctx, w); err != nil {
		return err
	}
	return a.conn.write(kindEnd, appendEnd(nil, end{code: OK}))
}

// turn waits until a pack may be made.
func (a *answer) turn(ctx context.Context) error {
	timer := time.NewTimer(a.server.options.Queue)
	defer timer.Stop()
	select {
	case a.server.slots <- struct{}{}:
		return nil
	case <-timer.C:
		return &RemoteError{Code: Busy, RetryAfter: retryAfter}
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// uploadPack runs git's own server for one fetch, in an empty repository that sees the objects of the one in storage: what
// configuration, hooks and refs that has does not matter. The request is composed here, so that the asker chooses ids and
// nothing else; and it is whole before git starts.
func (a *answer) uploadPack(ctx context.Context, w want) (err error) {
	q, err := a.server.storage.Quarantine(ctx, a.repo.RID(), "radswarm", radicle.NID{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	if err := q.Attach(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := q.Repo().Git(ctx, "-c", "uploadpack.keepAlive=5", "-c", "uploadpack.allowFilter=false", "upload-pack", "--strict",
		"--stateless-rpc", ".")
	cmd.Env = append(cmd.Env, "GIT_PROTOCOL=version=2")
	cmd.Stdin = bytes.NewReader(fetchCommand(w, a.repo.RID().Oid().Len()))
	complaint := &firstBytes{max: maxComplaint}
	cmd.Stderr = complaint
	withChildren(cmd)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, func() { _ = stdout.Close() })() // whoever else may hold the other end
	err = a.relay(bufio.NewReaderSize(stdout, maxChunk))
	if err != nil {
		cancel() // nobody reads on
	}
	if waitErr := cmd.Wait(); err == nil && waitErr != nil {
		err = fmt.Errorf("git upload-pack: %w: %s", waitErr, complaint.text)
	}
	return err
}

// fetchCommand is a whole request of git's protocol version 2; see gitprotocol-v2(5).
func fetchCommand(w want, size int) []byte {
	format := "sha1"
	if size == radicle.SHA256Size {
		format = "sha256"
	}
	var b []byte
	b = appendPkt(b, "command=fetch\n")
	b = appendPkt(b, "object-format="+format+"\n")
	b = append(b, "0001"...)
	for _, word := range []string{"thin-pack", "ofs-delta", "no-progress"} {
		b = appendPkt(b, word+"\n")
	}
	for _, id := range w.wants {
		b = appendPkt(b, "want "+id.String()+"\n")
	}
	for _, id := range w.haves {
		b = appendPkt(b, "have "+id.String()+"\n")
	}
	b = appendPkt(b, "done\n")
	return append(b, "0000"...)
}

func appendPkt(b []byte, line string) []byte {
	return append(fmt.Appendf(b, "%04x", len(line)+4), line...)
}

// relay reads git's answer and passes on what is of the pack: nothing of what git says in words.
func (a *answer) relay(r *bufio.Reader) error {
	line, err := readPkt(r, nil)
	if err != nil {
		return err
	}
	if missing, ok := strings.CutPrefix(string(line), "ERR upload-pack: not our ref "); ok {
		id, err := radicle.ParseOid(strings.TrimSpace(missing))
		if err != nil {
			return fmt.Errorf("git upload-pack: %.200q", line)
		}
		return &RemoteError{Code: NotFound, Missing: id}
	}
	if strings.TrimSuffix(string(line), "\n") != "packfile" {
		return fmt.Errorf("git upload-pack: %.200q", line)
	}
	for {
		if line, err = readPkt(r, line); err != nil {
			return err
		}
		if line == nil {
			return nil
		}
		if err := a.band(line); err != nil {
			return err
		}
	}
}

// band passes on one packet of the side-band.
func (a *answer) band(line []byte) error {
	if len(line) == 0 || line[0] == 0 || line[0] > 2 {
		return fmt.Errorf("git upload-pack: %.200q", line)
	}
	data := line[1:]
	if line[0] == 2 || len(data) == 0 { // progress, or a sign of life
		return a.conn.write(kindWait, nil)
	}
	if a.left -= int64(len(data)); a.left < 0 {
		limit := a.server.options.MaxPack
		return &LimitError{What: "bytes of packs on a stream", Got: limit - a.left, Max: limit}
	}
	return a.conn.write(kindPack, data)
}

// readPkt reads one packet of git's, into buf if it fits; nil for the flush packet.
func readPkt(r io.Reader, buf []byte) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(r, length[:]); err != nil {
		return nil, fmt.Errorf("git upload-pack ends early: %w", err)
	}
	n, err := strconv.ParseUint(string(length[:]), 16, 16)
	switch {
	case err != nil || n > 0 && n < 4:
		return nil, fmt.Errorf("git upload-pack: length %.4q of a packet", length)
	case n == 0:
		return nil, nil
	}
	if cap(buf) < int(n) {
		buf = make([]byte, n)
	}
	buf = buf[:n-4]
	_, err = io.ReadFull(r, buf)
	return buf, err
}

// firstBytes keeps the first max bytes and swallows the rest.
type firstBytes struct {
	max  int
	text []byte
}

func (f *firstBytes) Write(p []byte) (int, error) {
	f.text = append(f.text, p[:min(len(p), f.max-len(f.text))]...)
	return len(p), nil
}
