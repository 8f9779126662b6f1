package profile

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"golang.org/x/crypto/ssh"

	"radswarm/radicle"
)

const (
	// maxAgentReply bounds an answer of ssh-agent, in bytes; OpenSSH's own limit for messages both ways.
	maxAgentReply = 256 << 10
	// maxAgentMessage is how much OpenSSH's agent signs, in bytes: the limit without what goes with it.
	maxAgentMessage = maxAgentReply - 128
	// agentListTime is how long ssh-agent may take to list its keys.
	agentListTime = 5 * time.Second
	// agentSignTime is how long a signature may take: an agent may ask a person, or a token for a touch.
	agentSignTime = 60 * time.Second
)

// Messages of the agent protocol (draft-ietf-sshm-ssh-agent).
const (
	agentFailure  = 5
	agentListKeys = 11
	agentKeys     = 12
	// 13 and 14 stand in the tags of signRequest and signAnswer
)

// maxAgentKeys bounds the keys in a list; OpenSSH's own limit.
const maxAgentKeys = 2048

// An AgentSigner signs by asking ssh-agent, one connection for each signature. Signatures are verified before they are returned,
// so an agent that lies or randomises cannot put a bad one into a repository.
type AgentSigner struct {
	socket string
	nid    radicle.NID
}

var _ radicle.Signer = (*AgentSigner)(nil)

// OpenAgent asks the ssh-agent at a socket whether it holds a key. The error is an [*AgentError] or a [*NotInAgentError]; where
// ctx ended, it is the context's.
func OpenAgent(ctx context.Context, socket string, nid radicle.NID) (*AgentSigner, error) {
	if socket == "" {
		return nil, &AgentError{Err: errors.New("SSH_AUTH_SOCK is not set")}
	}
	reply, err := askAgent(ctx, socket, agentListTime, []byte{agentListKeys})
	if err != nil {
		return nil, err
	}
	keys, err := parseAgentKeys(reply)
	if err != nil {
		return nil, &AgentError{Socket: socket, Err: err}
	}
	if slices.Contains(keys, nid) {
		return &AgentSigner{socket: socket, nid: nid}, nil
	}
	return nil, &NotInAgentError{NID: nid}
}

// NID names the key.
func (s *AgentSigner) NID() radicle.NID { return s.nid }

// Sign returns ssh-agent's signature over msg. It waits a minute at most. Errors are as in [OpenAgent], or an [*AgentSizeError].
func (s *AgentSigner) Sign(ctx context.Context, msg []byte) (sig [radicle.SignatureSize]byte, err error) {
	reply, err := askAgent(ctx, s.socket, agentSignTime, ssh.Marshal(signRequest{Key: keyBlob(s.nid), Data: msg}))
	if _, ok := errors.AsType[*AgentError](err); ok && len(msg) > maxAgentMessage {
		return sig, &AgentSizeError{Size: len(msg)}
	}
	if err != nil {
		return sig, err
	}
	sig, err = parseAgentSignature(reply)
	switch {
	case errors.Is(err, errAgentRefused):
		return sig, &NotInAgentError{NID: s.nid, Refused: true}
	case err != nil:
		return sig, &AgentError{Socket: s.socket, Err: err}
	case !s.nid.Verify(msg, sig):
		return [radicle.SignatureSize]byte{}, &AgentError{Socket: s.socket, Err: fmt.Errorf("its signature does not verify for %v", s.nid)}
	}
	return sig, nil
}

type signRequest struct {
	Key   []byte `sshtype:"13"`
	Data  []byte
	Flags uint32
}

type signAnswer struct {
	Blob []byte `sshtype:"14"`
}

// keyBlob is a public key in SSH's encoding.
func keyBlob(nid radicle.NID) []byte {
	return ssh.Marshal(struct {
		Type string
		Key  []byte
	}{ssh.KeyAlgoED25519, nid[:]})
}

// askAgent sends one request and returns the one reply, which may take as long as patience. Errors are [*AgentError]; where ctx
// ended, it is the context's.
func askAgent(ctx context.Context, socket string, patience time.Duration, request []byte) ([]byte, error) {
	limited, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	reply, err := exchange(limited, socket, request)
	switch {
	case err == nil:
		return reply, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	}
	return nil, &AgentError{Socket: socket, Err: err}
}

func exchange(ctx context.Context, socket string, request []byte) ([]byte, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	if _, err := conn.Write(frame(request)); err != nil {
		return nil, err
	}
	return readFrame(conn)
}

func frame(message []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(message))), message...)
}

// readFrame reads a message of at most maxAgentReply bytes, growing as it arrives.
func readFrame(r io.Reader) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size == 0 || size > maxAgentReply {
		return nil, fmt.Errorf("answer of %d bytes, at most %d", size, maxAgentReply)
	}
	var message bytes.Buffer
	if _, err := io.CopyN(&message, r, int64(size)); err != nil {
		return nil, err
	}
	return message.Bytes(), nil
}

var (
	errAgentRefused = errors.New("refused")
	errAgentReply   = errors.New("answer is not understood")
)

// parseAgentKeys returns the Ed25519 keys in an answer to agentListKeys; keys of other kinds are passed over.
func parseAgentKeys(reply []byte) ([]radicle.NID, error) {
	if len(reply) < 5 || reply[0] != agentKeys {
		return nil, errAgentReply
	}
	count, rest := binary.BigEndian.Uint32(reply[1:5]), reply[5:]
	if count > maxAgentKeys {
		return nil, fmt.Errorf("%d keys, at most %d", count, maxAgentKeys)
	}
	var keys []radicle.NID
	for range count {
		var entry struct {
			Blob    []byte
			Comment string
			Rest    []byte `ssh:"rest"`
		}
		if err := ssh.Unmarshal(rest, &entry); err != nil {
			return nil, errAgentReply
		}
		if nid, ok := parseKeyBlob(entry.Blob); ok {
			keys = append(keys, nid)
		}
		rest = entry.Rest
	}
	return keys, nil
}

func parseKeyBlob(blob []byte) (nid radicle.NID, ok bool) {
	var key struct {
		Type string
		Key  []byte
	}
	if ssh.Unmarshal(blob, &key) != nil || key.Type != ssh.KeyAlgoED25519 || len(key.Key) != ed25519.PublicKeySize {
		return nid, false
	}
	return radicle.NID(key.Key), true
}

// parseAgentSignature returns the signature in an answer to agentSign, or errAgentRefused.
func parseAgentSignature(reply []byte) (sig [radicle.SignatureSize]byte, err error) {
	if len(reply) == 1 && reply[0] == agentFailure {
		return sig, errAgentRefused
	}
	var answer signAnswer
	var inner struct {
		Type string
		Sig  []byte
	}
	if ssh.Unmarshal(reply, &answer) != nil || ssh.Unmarshal(answer.Blob, &inner) != nil {
		return sig, errAgentReply
	}
	if inner.Type != ssh.KeyAlgoED25519 || len(inner.Sig) != len(sig) {
		return sig, fmt.Errorf("%.32q signature of %d bytes", inner.Type, len(inner.Sig))
	}
	return [radicle.SignatureSize]byte(inner.Sig), nil
}
