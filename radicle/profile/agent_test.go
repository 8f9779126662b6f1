package profile

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"radswarm/radicle"
)

// peerAgent listens where ssh-agent would, and gives every request to answer, which returns the bytes to send: well-formed or not.
// Without an answer the connection stays open and silent.
func peerAgent(t *testing.T, answer func(request []byte) []byte) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "ag") // t.TempDir is too long for a socket on macOS
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go serveAgent(conn, answer)
		}
	}()
	return socket
}

func serveAgent(conn net.Conn, answer func([]byte) []byte) {
	defer conn.Close()
	var head [4]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return
	}
	request := make([]byte, binary.BigEndian.Uint32(head[:]))
	if _, err := io.ReadFull(conn, request); err != nil {
		return
	}
	if reply := answer(request); reply != nil {
		_, _ = conn.Write(reply)
		return
	}
	_, _ = io.Copy(io.Discard, conn) // until the other side goes
}

// listOf is the frame of a list of keys.
func listOf(blobs ...[]byte) []byte {
	message := binary.BigEndian.AppendUint32([]byte{agentKeys}, uint32(len(blobs)))
	for _, blob := range blobs {
		message = append(message, ssh.Marshal(struct {
			Blob    []byte
			Comment string
		}{blob, "comment"})...)
	}
	return frame(message)
}

// signatureOf is the frame of a signature.
func signatureOf(kind string, sig []byte) []byte {
	return frame(ssh.Marshal(signAnswer{Blob: ssh.Marshal(struct {
		Type string
		Sig  []byte
	}{kind, sig})}))
}

// agentWith answers as an honest agent that holds a key, but signs with sign.
func agentWith(nid radicle.NID, sign func(msg []byte) []byte) func([]byte) []byte {
	return func(request []byte) []byte {
		if request[0] == agentListKeys {
			return listOf([]byte("garbage"), ssh.Marshal(struct{ Type string }{"ssh-rsa"}), keyBlob(bo), keyBlob(nid))
		}
		var r signRequest
		if ssh.Unmarshal(request, &r) != nil || string(r.Key) != string(keyBlob(nid)) || r.Flags != 0 {
			return frame([]byte{agentFailure})
		}
		return sign(r.Data)
	}
}

func anaSigns(msg []byte) []byte {
	sig, _ := radicle.NewMemorySigner(anaSeed).Sign(context.Background(), msg)
	return signatureOf(ssh.KeyAlgoED25519, sig[:])
}

func TestAgentSigns(t *testing.T) {
	signer, err := OpenAgent(t.Context(), peerAgent(t, agentWith(ana, anaSigns)), ana)
	if err != nil {
		t.Fatal(err)
	}
	for _, msg := range []string{"", "x", strings.Repeat("long", 10_000)} {
		sig, err := signer.Sign(t.Context(), []byte(msg))
		if err != nil || !ana.Verify([]byte(msg), sig) || signer.NID() != ana {
			t.Errorf("%d bytes: %v", len(msg), err)
		}
	}
}

func TestAgentWithoutTheKey(t *testing.T) {
	_, err := OpenAgent(t.Context(), peerAgent(t, agentWith(bo, nil)), ana)
	if e, ok := errors.AsType[*NotInAgentError](err); !ok || e.NID != ana || !errors.Is(err, ErrLocked) {
		t.Errorf("%v", err)
	}
	if want := `ssh-agent does not hold the key ` + ana.String() + `: run "rad auth"`; err.Error() != want {
		t.Errorf("%q", err)
	}
}

func TestAgentNotThere(t *testing.T) {
	for _, socket := range []string{"", filepath.Join(t.TempDir(), "no")} {
		_, err := OpenAgent(t.Context(), socket, ana)
		if e, ok := errors.AsType[*AgentError](err); !ok || e.Socket != socket || !errors.Is(err, ErrLocked) {
			t.Errorf("%q: %v", socket, err)
		}
	}
}

// An agent that lies never makes a signature and never makes us wait or grow without bound.
func TestHostileAgent(t *testing.T) {
	huge := binary.BigEndian.AppendUint32(nil, maxAgentReply+1)
	for name, answer := range map[string]func([]byte) []byte{
		"empty":          func([]byte) []byte { return []byte{} },
		"zero frame":     func([]byte) []byte { return []byte{0, 0, 0, 0} },
		"cut":            func([]byte) []byte { return []byte{0, 0, 1, 0, agentKeys} },
		"too long":       func([]byte) []byte { return huge },
		"too many keys":  func([]byte) []byte { return frame([]byte{agentKeys, 0, 0, 8, 1}) },
		"fewer than say": func([]byte) []byte { return frame([]byte{agentKeys, 0, 0, 0, 1}) },
		"other message":  func([]byte) []byte { return frame([]byte{99, 0, 0, 0, 0}) },
		"failure":        func([]byte) []byte { return frame([]byte{agentFailure}) },
	} {
		_, err := OpenAgent(t.Context(), peerAgent(t, answer), ana)
		if _, ok := errors.AsType[*AgentError](err); !ok {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAgentBounds(t *testing.T) {
	for size, ok := range map[int]bool{maxAgentReply: true, maxAgentReply + 1: false} {
		message, err := readFrame(bytes.NewReader(frame(make([]byte, size))))
		if (err == nil) != ok || (ok && len(message) != size) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	for count, ok := range map[int]bool{maxAgentKeys: true, maxAgentKeys + 1: false} {
		keys, err := parseAgentKeys(listOf(slices.Repeat([][]byte{keyBlob(ana)}, count)...)[4:])
		if (err == nil) != ok || (ok && len(keys) != count) {
			t.Errorf("%d keys: %v", count, err)
		}
	}
}

func TestHostileAgentSignature(t *testing.T) {
	good := radicle.NewMemorySigner(anaSeed)
	for name, sign := range map[string]func([]byte) []byte{
		"of something else": func([]byte) []byte { return anaSigns([]byte("something else")) },
		"too short":         func([]byte) []byte { return signatureOf(ssh.KeyAlgoED25519, make([]byte, 63)) },
		"too long":          func([]byte) []byte { return signatureOf(ssh.KeyAlgoED25519, make([]byte, 65)) },
		"other kind": func(msg []byte) []byte {
			sig, _ := good.Sign(context.Background(), msg)
			return signatureOf("ssh-rsa", sig[:])
		},
		"no signature": func([]byte) []byte { return frame([]byte{14}) },
	} {
		signer, err := OpenAgent(t.Context(), peerAgent(t, agentWith(ana, sign)), ana)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := signer.Sign(t.Context(), []byte("x"))
		if _, ok := errors.AsType[*AgentError](err); !ok || sig != [radicle.SignatureSize]byte{} {
			t.Errorf("%s: %v, %x", name, err, sig)
		}
	}
	refuse := func([]byte) []byte { return frame([]byte{agentFailure}) }
	signer, err := OpenAgent(t.Context(), peerAgent(t, agentWith(ana, refuse)), ana)
	if err != nil {
		t.Fatal(err)
	}
	_, err = signer.Sign(t.Context(), []byte("x"))
	if e, ok := errors.AsType[*NotInAgentError](err); !ok || !e.Refused {
		t.Errorf("refused: %v", err)
	}
}

// OpenSSH's agent hangs up on a message that it finds too long; another one may take it.
func TestAgentAndLongMessages(t *testing.T) {
	long := make([]byte, maxAgentMessage+1)
	for name, c := range map[string]struct {
		sign func([]byte) []byte
		ok   bool
	}{"hangs up": {func([]byte) []byte { return []byte{} }, false}, "takes it": {anaSigns, true}} {
		signer, err := OpenAgent(t.Context(), peerAgent(t, agentWith(ana, c.sign)), ana)
		if err != nil {
			t.Fatal(err)
		}
		_, err = signer.Sign(t.Context(), long)
		if e, tooLong := errors.AsType[*AgentSizeError](err); tooLong == c.ok || (tooLong && (e.Size != len(long) || errors.Is(err, ErrLocked))) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := signer.Sign(t.Context(), long[1:]); c.ok != (err == nil) {
			t.Errorf("%s: one byte less: %v", name, err)
		} else if _, tooLong := errors.AsType[*AgentSizeError](err); tooLong {
			t.Errorf("%s: one byte less: %v", name, err)
		}
	}
}

func TestSilentAgent(t *testing.T) {
	socket := peerAgent(t, func([]byte) []byte { return nil })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := OpenAgent(ctx, socket, ana); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrLocked) {
		t.Errorf("our deadline: %v", err)
	}
	_, err := askAgent(t.Context(), socket, 20*time.Millisecond, []byte{agentListKeys})
	if _, ok := errors.AsType[*AgentError](err); !ok {
		t.Errorf("its deadline: %v", err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenAgent(canceled, socket, ana); !errors.Is(err, context.Canceled) || errors.Is(err, ErrLocked) {
		t.Errorf("canceled: %v", err)
	}
}

func FuzzAgentKeys(f *testing.F) {
	f.Add(listOf(keyBlob(ana), []byte("x"), keyBlob(bo))[4:])
	f.Add([]byte{agentKeys, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, reply []byte) {
		keys, err := parseAgentKeys(reply)
		if err == nil && len(keys) > maxAgentKeys {
			t.Fatal(len(keys))
		}
	})
}

func FuzzAgentSignature(f *testing.F) {
	f.Add(anaSigns([]byte("x"))[4:])
	f.Add([]byte{agentFailure})
	f.Fuzz(func(t *testing.T, reply []byte) {
		sig, err := parseAgentSignature(reply)
		if err != nil && sig != [radicle.SignatureSize]byte{} {
			t.Fatal("a signature and an error")
		}
	})
}
