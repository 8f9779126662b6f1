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
func wantWord(t *testing.T, v vector, w saying) error {
	t.Helper()
	if !bytes.Equal(w.Bytes(), v.Body) {
		t.Error("other bytes again")
	}
	v.WantField(t, "did", w.DID())
	v.WantField(t, "device", w.Certificate().Device())
	return w.Check(nowOf(t, v))
}

func TestAddressVectors(t *testing.T) {
	set.Each(t, "address", func(t *testing.T, v vector) {
		r, err := friend.ParseAddressRecord(v.Body)
		if err == nil {
			err = wantWord(t, v, r)
			v.WantField(t, "number", r.Seq())
			v.WantField(t, "not-after", r.NotAfter().Unix())
			v.WantField(t, "flags", map[bool]int{false: 0, true: 1}[r.Named()])
			v.WantField(t, "addresses", strings.Join(r.Addresses(), " "))
			if r.Device() != r.Certificate().Device() {
				t.Error("another device")
			}
		}
		v.Want(t, class(err), err)
	})
}

func TestIntroductionVectors(t *testing.T) {
	set.Each(t, "introduction", func(t *testing.T, v vector) {
		i, err := friend.ParseIntroduction(v.Body)
		if err == nil {
			err = wantWord(t, v, i)
			v.WantField(t, "id", i.ID())
			v.WantField(t, "guest", i.Guest())
			v.WantField(t, "not-before", i.NotBefore().Unix())
			v.WantField(t, "not-after", i.NotAfter().Unix())
			v.WantField(t, "rid", i.RID().Oid())
		}
		v.Want(t, class(err), err)
	})
}

func TestRevocationVectors(t *testing.T) {
	set.Each(t, "revocation", func(t *testing.T, v vector) {
		r, err := friend.ParseRevocation(v.Body)
		if err == nil {
			err = wantWord(t, v, r)
			id, one := r.One()
			guest, before, all := r.Guest()
			if one == all {
				t.Error("of both kinds, or none")
			}
			if one {
				v.WantField(t, "id", id)
			} else {
				v.WantField(t, "guest", guest)
				v.WantField(t, "before", before.Unix())
			}
			v.WantField(t, "until", r.Until().Unix())
		}
		v.Want(t, class(err), err)
	})
}

func TestArriveVectors(t *testing.T) {
	set.Each(t, "arrive", func(t *testing.T, v vector) {
		clock := newClock()
		h := newHome(t, clock.now)
		for s := range strings.FieldsSeq(v.Header["friends"]) {
			check(t, h.AddFriend(t.Context(), friend.Friend{DID: must[radicle.DID](t)(radicle.ParseDID(s))}))
		}
		var got []string
		times := strings.Fields(v.Header["now"])
		for i, part := range v.Parts(t) {
			clock.at.Store(must[int64](t)(strconv.ParseInt(times[i], 10, 64)) * int64(time.Second))
			got = append(got, h.arrive(t, part, v.Header["guest"]))
			h.again(t) // it makes no difference
		}
		v.Want(t, strings.Join(got, " "), nil)
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
	set.Each(t, "invitation", func(t *testing.T, v vector) {
		if len(v.Body) > 0 {
			v.Want(t, knocks(t, v.Body), nil)
			return
		}
		inviter := must[radicle.DID](t)(radicle.ParseDID(v.Header["did"]))
		secret := must[friend.Secret](t)(friend.ParseSecret(v.Hex(t, "secret")))
		v.WantField(t, "id", secret.ID(inviter))
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
	set.Each(t, "line", func(t *testing.T, v vector) {
		if v.Header["kind"] == "member" {
			memberLine(t, v)
			return
		}
		l, err := friend.ParseInvitationLine(string(v.Body))
		if err == nil {
			v.WantField(t, "did", l.DID)
			v.WantField(t, "device", l.Device)
			v.WantField(t, "secret", hexOf(l.Secret.Bytes()))
			v.WantField(t, "not-after", l.NotAfter.Unix())
			v.WantField(t, "give", l.Give)
			v.WantField(t, "name", l.Name)
			v.WantField(t, "addresses", strings.Join(l.Addresses, " "))
			if _, plain := v.Header["did"]; plain && must[string](t)(l.Encode()) != string(v.Body) {
				t.Error("another line again")
			}
		}
		v.Want(t, class(err), err)
	})
}

func memberLine(t *testing.T, v vector) {
	l, err := friend.ParseMemberLine(string(v.Body))
	if err == nil {
		v.WantField(t, "did", l.Introduction.DID())
		v.WantField(t, "device", l.Introduction.Certificate().Device())
		v.WantField(t, "guest", l.Introduction.Guest())
		v.WantField(t, "rid", l.Introduction.RID().Oid())
		if must[string](t)(l.Encode()) != string(v.Body) {
			t.Error("another line again")
		}
	}
	v.Want(t, class(err), err)
}
