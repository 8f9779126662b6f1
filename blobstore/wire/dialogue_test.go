package wire

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"

	"radswarm/blobstore"
	"radswarm/blobstore/blobtest"
	"radswarm/radicle"
)

// The dialogues are what both sides of a stream say, to the last byte. Ana asks; the holder keeps two shares of hers,
// and has room for two more.

// They depend on nothing but the formats: the shares are contents by the rule of testdata/vectors/README.md.

const oldSize, openSize, newSize, brokenSize = 3000, 70_000, 66_000, 5000

// contentShare is the share whose bytes are the content of a label, with names and a sealed manifest of one repeated
// byte.
func contentShare(label string, size int, b byte) blobtest.Share {
	var data []byte
	for i := uint64(0); len(data) < size; i++ {
		sum := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(label), i))
		data = append(data, sum[:]...)
	}
	data = data[:size]
	name := blobstore.ShareName{SID: fill32(b), Root: blobtest.Root(data)}
	return blobtest.Share{Data: data, Name: name, MID: fill32(b + 1), Sealed: fill(464, b+2)}
}

func oldShare() blobtest.Share  { return contentShare("old", oldSize, 0x10) }
func openShare() blobtest.Share { return contentShare("open", openSize, 0x20) }
func newShare() blobtest.Share  { return contentShare("new", newSize, 0x30) }

// person is a DID of one repeated byte.
func person(b byte) radicle.DID { return fill32(b) }

func dialogueStore(tb testing.TB) *blobtest.Memory {
	tb.Helper()
	old, open, more := oldShare(), openShare(), newShare()
	m, ana := &blobtest.Memory{Limit: old.Charge() + open.Charge() + more.Charge() + blobstore.Charge(brokenSize, 464)}, person(0xa0)
	offer := open.Offer(ana)
	offer.Open = true
	if outcomes, err := m.For(ana).Put(tb.Context(), []blobstore.Offer{old.Offer(ana), offer}); err != nil || outcomes[1].Err != nil {
		tb.Fatal(outcomes, err)
	}
	return m
}

// dialogue is one conversation: what the asker does with a stream.
type dialogue struct {
	name, about string
	ask         func(ctx context.Context, open func(context.Context) (Stream, error)) error
}

func dialogues() []dialogue {
	old, stranger := oldShare(), contentShare("absent", 10, 0x40)
	one := []blobstore.Range{{Off: 0, Len: 2048}, {Off: 2048, Len: 952}}
	nonce := blobstore.Nonce(fill32(0x0c))
	client := func(do func(context.Context, *Client) error) func(context.Context, func(context.Context) (Stream, error)) error {
		return func(ctx context.Context, open func(context.Context) (Stream, error)) error {
			return do(ctx, &Client{open})
		}
	}
	get := func(name blobstore.ShareName, ranges []blobstore.Range) func(context.Context, *Client) error {
		return func(ctx context.Context, c *Client) error {
			return c.Get(ctx, name, ranges, func(int, []byte) error { return nil })
		}
	}
	return append([]dialogue{
		{"get", "two ranges that are a share", client(get(old.Name, one))},
		{"get-absent", "of what is not there", client(get(stranger.Name, one))},
		{"get-outside", "a range that passes the end", client(get(old.Name, []blobstore.Range{{Off: 2999, Len: 2}}))},
		{"prove", "two nodes", client(func(ctx context.Context, c *Client) error { _, err := c.Prove(ctx, old.Name, one); return err })},
		{"audit", "five leaves of three", client(func(ctx context.Context, c *Client) error { _, err := c.Audit(ctx, old.Name, nonce, 5); return err })},
		{"have", "one share that is there and one that is not", client(func(ctx context.Context, c *Client) error {
			_, err := c.Have(ctx, []blobstore.ShareName{old.Name, stranger.Name}, nonce)
			return err
		})},
		{"manifest", "the sealed manifest beside a share", client(func(ctx context.Context, c *Client) error { _, err := c.Manifests(ctx, old.MID); return err })},
		{"manifest-absent", "under an unknown name", client(func(ctx context.Context, c *Client) error { _, err := c.Manifests(ctx, stranger.MID); return err })},
		{"hash", "of a whole share", client(func(ctx context.Context, c *Client) error { _, err := c.Hash(ctx, old.Name, nonce); return err })},
		{"delete", "a share that is there and one that is not", client(func(ctx context.Context, c *Client) error {
			return c.Delete(ctx, []blobstore.ShareName{old.Name, stranger.Name})
		})},
		{"put", "what is there, what breaks off, what is wanted, what there is no room for, and what is not Ana's", client(putDialogue)},
	}, knockDialogues()...)
}

func putDialogue(ctx context.Context, c *Client) error {
	ana, bo := person(0xa0), person(0xb0)
	broken := contentShare("broken", brokenSize, 0x60).Offer(ana)
	broken.Share = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(make([]byte, 100))), nil }
	offers := []blobstore.Offer{
		oldShare().Offer(ana), broken, newShare().Offer(ana), contentShare("big", 100_000, 0x50).Offer(ana), oldShare().Offer(bo),
	}
	outcomes, err := c.Put(ctx, offers)
	if err != nil {
		return err
	}
	for i, want := range []error{nil, blobstore.ErrTruncated, nil, blobstore.ErrFull, blobstore.ErrDenied} {
		if o := outcomes[i]; !errors.Is(o.Err, want) || o.Had != (i == 0) {
			return fmt.Errorf("offer %d: %+v, want %v", i, o, want)
		}
	}
	return nil
}

func knockDialogues() []dialogue {
	open := openShare()
	knock := func(do func(context.Context, Stream) error) func(context.Context, func(context.Context) (Stream, error)) error {
		return func(ctx context.Context, open func(context.Context) (Stream, error)) error {
			s, err := open(ctx)
			if err != nil {
				return err
			}
			return do(ctx, s)
		}
	}
	last := []blobstore.Range{{Off: 65536, Len: openSize - 65536}}
	return []dialogue{
		{"knock-member", "a certificate, and a welcome", knock(func(ctx context.Context, s Stream) error {
			_, err := Knock(ctx, s, &KnockMember{fill(183, 0xce)})
			return err
		})},
		{"knock-where", "who holds an open object", knock(func(ctx context.Context, s Stream) error {
			_, err := KnockForHolders(ctx, s, &KnockWhere{sampleRID(20), fill32(0x0d)})
			return err
		})},
		{"knock-read", "the last block of an open share", knock(func(ctx context.Context, s Stream) error {
			return KnockForBlocks(ctx, s, &KnockRead{open.Name, last, false}, func(int, []byte) error { return nil })
		})},
		{"knock-prove", "its proof", knock(func(ctx context.Context, s Stream) error {
			_, err := KnockForProofs(ctx, s, &KnockRead{open.Name, last, true})
			return err
		})},
	}
}

// answerDialogue is the holder of the dialogues.
func answerDialogue(ctx context.Context, s Stream, m *blobtest.Memory) error {
	first, err := ReadFirst(ctx, s)
	if err != nil {
		return err
	}
	switch first := first.(type) {
	case *Open:
		return Serve(ctx, s, m.For(person(0xa0)))
	case *KnockRead:
		return ServeRead(ctx, s, first, m.For(person(0xc0)))
	case *KnockWhere:
		return AnswerKnock(ctx, s, &Found{[][]byte{fill(150, 0xad)}})
	}
	return AnswerKnock(ctx, s, &Welcome{AccessMember})
}

// tapped is a stream whose bytes are kept.
type tapped struct {
	Stream
	written *bytes.Buffer
}

func (s tapped) Write(p []byte) (int, error) {
	n, err := s.Stream.Write(p)
	s.written.Write(p[:n])
	return n, err
}

func dialogueVectors(t *testing.T) []vector {
	t.Helper()
	var all []vector
	for _, d := range dialogues() {
		synctest.Test(t, func(t *testing.T) {
			var asked, answered bytes.Buffer
			m := dialogueStore(t)
			var answering sync.WaitGroup
			err := d.ask(t.Context(), func(context.Context) (Stream, error) {
				a, b := net.Pipe()
				answering.Go(func() {
					if err := answerDialogue(t.Context(), tapped{b, &answered}, m); err != nil {
						t.Errorf("%s: %v", d.name, err)
					}
				})
				return tapped{a, &asked}, nil
			})
			answering.Wait()
			all = append(all, vector{
				name: "dialogue/" + d.name,
				header: [][2]string{
					{"about", d.about},
					{"expect", codeOrOK(err).String()},
					{"asker", strconv.Itoa(asked.Len())},
					{"holder", strconv.Itoa(answered.Len())},
				},
				body: append(asked.Bytes(), answered.Bytes()...),
			})
		})
	}
	return all
}

func codeOrOK(err error) Code {
	if err == nil {
		return CodeOK
	}
	return refusalCode(err)
}

// An asker that says what is in the vectors is answered with what is in the vectors.
func TestDialogueVectors(t *testing.T) {
	for _, v := range loadVectors(t, "dialogue") {
		asked, err := strconv.Atoi(v.get("asker"))
		if err != nil || asked > len(v.body) {
			t.Fatalf("%s: %q", v.name, v.get("asker"))
		}
		synctest.Test(t, func(t *testing.T) {
			m := dialogueStore(t)
			a, b := net.Pipe()
			var answers bytes.Buffer
			var asking sync.WaitGroup
			asking.Go(func() { a.Write(v.body[:asked]) })
			asking.Go(func() { io.Copy(&answers, a) })
			if err := answerDialogue(t.Context(), b, m); err != nil {
				t.Errorf("%s: %v", v.name, err)
			}
			asking.Wait()
			a.Close()
			if !bytes.Equal(answers.Bytes(), v.body[asked:]) {
				t.Errorf("%s: %d bytes of answer, want %d, or others", v.name, answers.Len(), len(v.body)-asked)
			}
		})
	}
}
