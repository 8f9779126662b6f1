package friend_test

import (
	"strings"
	"testing"
	"time"

	"radswarm/blobstore/friend"
	"radswarm/radicle"
)

func TestLinesAreOneWord(t *testing.T) {
	h := newHome(t, fixed)
	secret, i, err := h.Invite(t.Context(), 50<<30, "bo", 0)
	check(t, err)
	invitation := must[string](t)(friend.InvitationLine{
		DID: ana().did(), Device: ana().key.Device(), Secret: secret, NotAfter: i.Ends, Give: i.Give,
		Name: "ana", Addresses: []string{"192.0.2.1:8777", "[2001:db8::1]:8777"},
	}.Encode())
	member := must[string](t)(friend.MemberLine{
		Introduction: ana().introduces(t, bo(), now), Name: "ana", Addresses: []string{"192.0.2.1:8777"},
	}.Encode())
	t.Logf("%d and %d characters\n%s\n%s", len(invitation), len(member), invitation, member)
	for _, line := range []string{invitation, member} {
		if strings.Trim(line, "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q is no word", line)
		}
	}
	_, err = friend.ParseInvitationLine(member)
	wantClass(t, err, "line")
	_, err = friend.ParseMemberLine(invitation)
	wantClass(t, err, "line")
}

// Every change of one letter, and every exchange of two neighbours, is noticed.
func TestTyposAreNoticed(t *testing.T) {
	line := lineOf("swarminvite1", goodInvite().encode())
	for i := len("swarminvite1"); i < len(line); i++ {
		for _, typo := range []string{
			line[:i] + "x" + line[i+1:], line[:i] + line[i+1:], line[:i] + "x" + line[i:],
			line[:i-1] + line[i:i+1] + line[i-1:i] + line[i+1:],
		} {
			if typo == line {
				continue
			}
			if _, err := friend.ParseInvitationLine(typo); err == nil {
				t.Errorf("typo at %d", i)
			}
		}
	}
}

func TestLinesThatAreNotMade(t *testing.T) {
	secret, _, err := newHome(t, fixed).Invite(t.Context(), 1, "", 0)
	check(t, err)
	good := friend.InvitationLine{DID: ana().did(), Device: ana().key.Device(), Secret: secret, NotAfter: now.Add(day)}
	for name, c := range map[string]struct {
		want   string
		change func(*friend.InvitationLine)
	}{
		"good":      {"ok", func(*friend.InvitationLine) {}},
		"no secret": {"encoding", func(l *friend.InvitationLine) { l.Secret = friend.Secret{} }},
		"no did":    {"key", func(l *friend.InvitationLine) { l.DID = radicle.DID{} }},
		"negative":  {"encoding", func(l *friend.InvitationLine) { l.Give = -1 }},
		"name":      {"encoding", func(l *friend.InvitationLine) { l.Name = "a\nb" }},
		"long name": {"encoding", func(l *friend.InvitationLine) { l.Name = strings.Repeat("a", 1<<17) }},
		"address":   {"encoding", func(l *friend.InvitationLine) { l.Addresses = []string{"here"} }},
		"addresses": {"bounds", func(l *friend.InvitationLine) { l.Addresses = make([]string, 17) }},
		"year":      {"encoding", func(l *friend.InvitationLine) { l.NotAfter = time.Unix(253402300800, 0) }},
	} {
		l := good
		c.change(&l)
		_, err := l.Encode()
		if wantClass(t, err, c.want); class(err) != c.want {
			t.Log(name)
		}
	}
	_, err = friend.MemberLine{}.Encode()
	wantClass(t, err, "encoding")
	request := friend.IntroductionRequest{Guest: bo().did(), Now: now}
	i := must[*friend.Introduction](t)(friend.NewIntroduction(ana().key, ana().certificate(t, now), request))
	_, err = friend.MemberLine{Introduction: i}.Encode()
	wantClass(t, err, "encoding")
}
