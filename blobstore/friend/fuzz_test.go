package friend_test

import (
	"bytes"
	"crypto/ed25519"
	"testing"

	"radswarm/blobstore/friend"
)

func knownClass(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	for _, c := range classes() {
		if class(err) == c.name {
			return
		}
	}
	t.Errorf("of no class: %v", err)
}

// addFields seeds a target with the fields of words, which the target puts into a word of Bo's that is signed: with whole words
// nothing but the signature would ever be refused.
func addFields(f *testing.F, kind, label string) {
	f.Helper()
	for _, v := range set.Load(f, kind) {
		if len(v.Body) > len(label)+183+64 {
			f.Add(v.Body[len(label)+183:len(v.Body)-64], false)
		}
		f.Add(v.Body, true)
	}
}

// wordOf is a whole word as it is given, or fields in a word of Bo's.
func wordOf(b []byte, label string, whole bool) []byte {
	if whole {
		return b
	}
	return bos().says(label, b)
}

// holdsWord wants the same bytes again.
func holdsWord(t *testing.T, b []byte, w saying, err error) bool {
	t.Helper()
	knownClass(t, err)
	if err != nil {
		return false
	}
	if !bytes.Equal(w.Bytes(), b) {
		t.Errorf("%x is encoded as %x", b, w.Bytes())
	}
	if len(b) > friend.MaxWord {
		t.Errorf("%d bytes", len(b))
	}
	if msg := b[:len(b)-ed25519.SignatureSize]; !ed25519.Verify(bytes.Clone(w.Certificate().Bytes()[63:95]), msg, b[len(msg):]) {
		t.Error("not signed by its device")
	}
	knownClass(t, w.Check(now))
	return true
}

func FuzzParseAddressRecord(f *testing.F) {
	addFields(f, "address", addressLabel)
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		b = wordOf(b, addressLabel, whole)
		r, err := friend.ParseAddressRecord(b)
		if !holdsWord(t, b, r, err) {
			return
		}
		if life := r.NotAfter().Unix() - int64(r.Seq()/1000); life < 1 || life > int64(friend.MaxRecordLife.Seconds()) {
			t.Errorf("a life of %d s", life)
		}
		for _, s := range r.Addresses() {
			if !friend.ValidAddress(s) {
				t.Errorf("%q", s)
			}
		}
	})
}

func FuzzParseIntroduction(f *testing.F) {
	addFields(f, "introduction", introductionLabel)
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		b = wordOf(b, introductionLabel, whole)
		i, err := friend.ParseIntroduction(b)
		if !holdsWord(t, b, i, err) {
			return
		}
		if life := i.NotAfter().Sub(i.NotBefore()); life < 1 || life > friend.MaxIntroductionLife || i.RenewAt().After(i.NotAfter()) {
			t.Errorf("a life of %v", life)
		}
		if i.Guest().Validate() != nil || i.Guest() == i.DID() || !i.NotBefore().Before(i.Certificate().NotAfter()) {
			t.Errorf("%v by %v", i.Guest(), i.DID())
		}
	})
}

func FuzzParseRevocation(f *testing.F) {
	addFields(f, "revocation", revocationLabel)
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		b = wordOf(b, revocationLabel, whole)
		r, err := friend.ParseRevocation(b)
		if !holdsWord(t, b, r, err) {
			return
		}
		_, one := r.One()
		if guest, before, all := r.Guest(); one == all || all && (guest.Validate() != nil || !before.Before(r.Until())) {
			t.Errorf("%v, %v", guest, before)
		}
	})
}

// FuzzParseLine gives whole lines, and payloads that get the checksum of a line.
func FuzzParseLine(f *testing.F) {
	for _, v := range set.Load(f, "line") {
		f.Add(v.Body, true)
	}
	f.Add(goodInvite().encode(), false)
	f.Add(append(u16(357), bos().says(introductionLabel, goodIntroduction().encode(9))...), false)
	f.Fuzz(func(t *testing.T, b []byte, whole bool) {
		invite, member := string(b), string(b)
		if !whole {
			if len(b) > 4096 { // slow in base58, and too long anyway
				return
			}
			invite, member = lineOf("swarminvite1", b), lineOf("swarmmember1", b)
		}
		l, err := friend.ParseInvitationLine(invite)
		if knownClass(t, err); err == nil {
			sameLine(t, l.Encode, func(s string) error { _, err := friend.ParseInvitationLine(s); return err })
		}
		m, err := friend.ParseMemberLine(member)
		if knownClass(t, err); err == nil {
			sameLine(t, m.Encode, func(s string) error { _, err := friend.ParseMemberLine(s); return err })
		}
	})
}

// sameLine wants what was read to be written and read again.
func sameLine(t *testing.T, encode func() (string, error), parse func(string) error) {
	t.Helper()
	s, err := encode()
	if err == nil {
		err = parse(s)
	}
	if err != nil {
		t.Error(err)
	}
}

func FuzzValidAddress(f *testing.F) {
	for _, s := range []string{"192.0.2.1:8777", "[2001:db8::1]:1", "a.example:65535", "a-b:1", "0x1:1", "1.2.3:4", ":1", "a:01"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !friend.ValidAddress(s) {
			return
		}
		if plain, why := plainAddress(s); !plain {
			t.Errorf("%q: %s", s, why)
		}
	})
}
