package friend_test

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/blobstore/keyring"
	"radswarm/radicle"
)

// What the package makes of the vectors, folder by folder.

// saying is what all words have.
type saying interface {
	DID() radicle.DID
	Certificate() *keyring.Certificate
	Bytes() []byte
	Check(time.Time) error
}

// wantWord compares what all words have, and returns the error of its check.
func (v vector) wantWord(t *testing.T, w saying) error {
	t.Helper()
	if !bytes.Equal(w.Bytes(), v.body) {
		t.Error("other bytes again")
	}
	v.wantField(t, "did", w.DID())
	v.wantField(t, "device", w.Certificate().Device())
	return w.Check(v.time(t))
}

func TestAddressVectors(t *testing.T) {
	each(t, "address", func(t *testing.T, v vector) {
		r, err := friend.ParseAddressRecord(v.body)
		if err == nil {
			err = v.wantWord(t, r)
			v.wantField(t, "number", r.Seq())
			v.wantField(t, "not-after", r.NotAfter().Unix())
			v.wantField(t, "flags", map[bool]int{false: 0, true: 1}[r.Named()])
			v.wantField(t, "addresses", strings.Join(r.Addresses(), " "))
			if r.Device() != r.Certificate().Device() {
				t.Error("another device")
			}
		}
		v.want(t, class(err), err)
	})
}

func TestIntroductionVectors(t *testing.T) {
	each(t, "introduction", func(t *testing.T, v vector) {
		i, err := friend.ParseIntroduction(v.body)
		if err == nil {
			err = v.wantWord(t, i)
			v.wantField(t, "id", i.ID())
			v.wantField(t, "guest", i.Guest())
			v.wantField(t, "not-before", i.NotBefore().Unix())
			v.wantField(t, "not-after", i.NotAfter().Unix())
			v.wantField(t, "rid", i.RID().Oid())
		}
		v.want(t, class(err), err)
	})
}

func TestRevocationVectors(t *testing.T) {
	each(t, "revocation", func(t *testing.T, v vector) {
		r, err := friend.ParseRevocation(v.body)
		if err == nil {
			err = v.wantWord(t, r)
			id, one := r.One()
			guest, before, all := r.Guest()
			if one == all {
				t.Error("of both kinds, or none")
			}
			if one {
				v.wantField(t, "id", id)
			} else {
				v.wantField(t, "guest", guest)
				v.wantField(t, "before", before.Unix())
			}
			v.wantField(t, "until", r.Until().Unix())
		}
		v.want(t, class(err), err)
	})
}

func TestArriveVectors(t *testing.T) {
	each(t, "arrive", func(t *testing.T, v vector) {
		clock := newClock()
		h := newHome(t, clock.now)
		for s := range strings.FieldsSeq(v.header["friends"]) {
			check(t, h.AddFriend(t.Context(), friend.Friend{DID: must[radicle.DID](t)(radicle.ParseDID(s))}))
		}
		var got []string
		rest, times := v.body, strings.Fields(v.header["now"])
		for i, s := range strings.Fields(v.header["lengths"]) {
			n := must[int](t)(strconv.Atoi(s))
			clock.at.Store(must[int64](t)(strconv.ParseInt(times[i], 10, 64)) * int64(time.Second))
			got = append(got, h.arrive(t, rest[:n], v.header["guest"]))
			rest = rest[n:]
			h.again(t) // it makes no difference
		}
		v.want(t, strings.Join(got, " "), nil)
	})
}

// arrive takes a word or certificate and says what became of it. Guest is who presents introductions, if not who is named.
func (h *home) arrive(t *testing.T, b []byte, guest string) string {
	t.Helper()
	label, _, _ := strings.Cut(string(b), "\x00")
	switch label + "\x00" {
	case addressLabel:
		return class(h.AddAddress(t.Context(), must[*friend.AddressRecord](t)(friend.ParseAddressRecord(b)), cy().did()))
	case introductionLabel:
		i := must[*friend.Introduction](t)(friend.ParseIntroduction(b))
		by := i.Guest()
		if guest != "" {
			by = must[radicle.DID](t)(radicle.ParseDID(guest))
		}
		return class(h.CheckIntroduction(t.Context(), i, by))
	case revocationLabel:
		return class(h.AddRevocation(t.Context(), must[*friend.Revocation](t)(friend.ParseRevocation(b))))
	}
	standing, err := h.AddCertificate(t.Context(), must[*keyring.Certificate](t)(keyring.ParseCertificate(b)))
	if err != nil {
		return class(err)
	}
	return standing.String()
}

func TestInvitationVectors(t *testing.T) {
	each(t, "invitation", func(t *testing.T, v vector) {
		if len(v.body) > 0 {
			v.want(t, knocks(t, v.body), nil)
			return
		}
		inviter := must[radicle.DID](t)(radicle.ParseDID(v.header["did"]))
		secret := must[friend.Secret](t)(friend.ParseSecret(v.hex(t, "secret")))
		v.wantField(t, "id", secret.ID(inviter))
	})
}

// knocks accepts secrets, each with a certificate after it.
func knocks(t *testing.T, b []byte) string {
	h := newHome(t, fixed)
	first := must[friend.Secret](t)(friend.ParseSecret(b[:friend.SecretLen]))
	id := first.ID(ana().did())
	check(t, h.Run(fmt.Sprintf("INSERT INTO invitation VALUES (x'%x', 1, '', %d, %d, x'', 0)", id[:], now.Unix(), now.Unix()+60)))
	var got []string
	for len(b) > 0 {
		secret := must[friend.Secret](t)(friend.ParseSecret(b[:friend.SecretLen]))
		b = b[friend.SecretLen:]
		cert := must[*keyring.Certificate](t)(keyring.ParseCertificate(b[:keyring.CertificateLen]))
		b = b[keyring.CertificateLen:]
		_, err := h.Accept(t.Context(), secret, cert, 1)
		got = append(got, class(err))
	}
	return strings.Join(got, " ")
}

func TestLineVectors(t *testing.T) {
	each(t, "line", func(t *testing.T, v vector) {
		if v.header["kind"] == "member" {
			v.memberLine(t)
			return
		}
		l, err := friend.ParseInvitationLine(string(v.body))
		if err == nil {
			v.wantField(t, "did", l.DID)
			v.wantField(t, "device", l.Device)
			v.wantField(t, "secret", hexOf(l.Secret.Bytes()))
			v.wantField(t, "not-after", l.NotAfter.Unix())
			v.wantField(t, "give", l.Give)
			v.wantField(t, "name", l.Name)
			v.wantField(t, "addresses", strings.Join(l.Addresses, " "))
			if _, plain := v.header["did"]; plain && must[string](t)(l.Encode()) != string(v.body) {
				t.Error("another line again")
			}
		}
		v.want(t, class(err), err)
	})
}

func (v vector) memberLine(t *testing.T) {
	l, err := friend.ParseMemberLine(string(v.body))
	if err == nil {
		v.wantField(t, "did", l.Introduction.DID())
		v.wantField(t, "device", l.Introduction.Certificate().Device())
		v.wantField(t, "guest", l.Introduction.Guest())
		v.wantField(t, "rid", l.Introduction.RID().Oid())
		if must[string](t)(l.Encode()) != string(v.body) {
			t.Error("another line again")
		}
	}
	v.want(t, class(err), err)
}
