package sshsig_test

import (
	"encoding/base64"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
	"radswarm/radicle/radtest"
	"radswarm/radicle/sshsig"
)

// sign signs a commit as git does, without git.
func sign(tb testing.TB, p radtest.Person, c gitobj.Commit, namespace, hash string) sshsig.Signature {
	tb.Helper()
	payload, err := sshsig.Payload(c)
	if err != nil {
		tb.Fatal(err)
	}
	signed, err := sshsig.Signed(namespace, hash, payload)
	if err != nil {
		tb.Fatal(err)
	}
	sig, err := p.Signer().Sign(tb.Context(), signed)
	if err != nil {
		tb.Fatal(err)
	}
	return sshsig.Signature{Key: p.NID(), Namespace: namespace, Hash: hash, Sig: sig}
}

// commit is a commit without a signature; size is that of ids.
func commit(tb testing.TB, size int) gitobj.Commit {
	tb.Helper()
	tree, err := radicle.ParseOid(strings.Repeat("ab", size))
	if err != nil {
		tb.Fatal(err)
	}
	who := gitobj.Signature{Name: "Ana", Email: "ana@example.org", Seconds: 1671125284, Zone: gitobj.UTC}
	return gitobj.Commit{Tree: tree, Parents: []radicle.Oid{tree}, Author: who, Committer: who, Message: "Add the film\n"}
}

func with(c gitobj.Commit, headers ...gitobj.Header) gitobj.Commit {
	c.Headers = append(c.Headers[:len(c.Headers):len(c.Headers)], headers...)
	return c
}

func TestCommitSigner(t *testing.T) {
	for _, test := range []struct {
		size         int
		header, hash string
	}{{20, "gpgsig", "sha512"}, {20, "gpgsig", "sha256"}, {32, "gpgsig-sha256", "sha512"}} {
		c := with(commit(t, test.size), gitobj.Header{Key: "encoding", Value: "UTF-8"})
		signed := with(c, gitobj.Header{Key: test.header, Value: sign(t, radtest.Ana, c, "git", test.hash).Armor()})
		got, err := sshsig.CommitSigner(signed)
		if err != nil || got != radtest.Ana.NID() {
			t.Errorf("%+v: %v, %v", test, got, err)
		}
	}
}

// What somebody might pass off as a signature, and what is wrong with it.
func TestForgedCommit(t *testing.T) {
	c := commit(t, 20)
	good := sign(t, radtest.Ana, c, "git", "sha512")
	armored := func(change func(*sshsig.Signature)) string {
		s := good
		change(&s)
		return s.Armor()
	}
	value := func(text string) gitobj.Commit { return with(c, gitobj.Header{Key: "gpgsig", Value: text}) }
	altered := func(change func(*gitobj.Commit)) gitobj.Commit {
		d := value(good.Armor())
		change(&d)
		return d
	}
	other, err := radicle.ParseOid(strings.Repeat("cd", 20))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		commit gitobj.Commit
		want   error
	}{
		"none":           {c, sshsig.ErrUnsigned},
		"two":            {with(value(good.Armor()), gitobj.Header{Key: "gpgsig", Value: good.Armor()}), sshsig.ErrUnsigned},
		"two of hashes":  {with(value(good.Armor()), gitobj.Header{Key: "gpgsig-sha256", Value: good.Armor()}), sshsig.ErrUnsigned},
		"other header":   {with(c, gitobj.Header{Key: "gpgsig-sha256", Value: good.Armor()}), sshsig.ErrUnsigned},
		"another's key":  {value(armored(func(s *sshsig.Signature) { s.Key = radtest.Bo.NID() })), sshsig.ErrSignature},
		"another's sig":  {value(armored(func(s *sshsig.Signature) { s.Sig[0] ^= 1 })), sshsig.ErrSignature},
		"another hash":   {value(armored(func(s *sshsig.Signature) { s.Hash = "sha256" })), sshsig.ErrSignature},
		"no hash":        {value(armored(func(s *sshsig.Signature) { s.Hash = "md5" })), sshsig.ErrFormat},
		"of a file":      {value(sign(t, radtest.Ana, c, "file", "sha512").Armor()), sshsig.ErrPurpose},
		"relabelled":     {value(armored(func(s *sshsig.Signature) { s.Namespace = "radicle" })), sshsig.ErrPurpose},
		"weak key":       {value(armored(func(s *sshsig.Signature) { s.Key, s.Sig = radicle.NID{1}, radicle.Signature{1} })), sshsig.ErrKey},
		"tree":           {altered(func(c *gitobj.Commit) { c.Tree = other }), sshsig.ErrSignature},
		"parents":        {altered(func(c *gitobj.Commit) { c.Parents = nil }), sshsig.ErrSignature},
		"message":        {altered(func(c *gitobj.Commit) { c.Message += "x" }), sshsig.ErrSignature},
		"time":           {altered(func(c *gitobj.Commit) { c.Committer.Seconds++ }), sshsig.ErrSignature},
		"further header": {altered(func(c *gitobj.Commit) { *c = with(*c, gitobj.Header{Key: "x", Value: "y"}) }), sshsig.ErrSignature},
		"openpgp":        {value("-----BEGIN PGP SIGNATURE-----\n\niQ\n-----END PGP SIGNATURE-----"), sshsig.ErrFormat},
		"no base64":      {value("-----BEGIN SSH SIGNATURE-----\n!\n-----END SSH SIGNATURE-----"), sshsig.ErrFormat},
		"long":           {value(good.Armor() + strings.Repeat("\n-----END SSH SIGNATURE-----", 200)), sshsig.ErrFormat},
	} {
		got, err := sshsig.CommitSigner(test.commit)
		if !errors.Is(err, test.want) || !got.IsZero() {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// A container that is cut anywhere, or has a byte more, is refused.
func TestCutContainer(t *testing.T) {
	text := sign(t, radtest.Ana, commit(t, 20), "git", "sha512").Armor()
	begin, end := "-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----"
	data, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(strings.TrimPrefix(text, begin), end))
	if err != nil {
		t.Fatal(err)
	}
	parse := func(data []byte) error {
		_, err := sshsig.Parse(begin + base64.StdEncoding.EncodeToString(data) + end)
		return err
	}
	if err := parse(data); err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if err := parse(data[:n]); !errors.Is(err, sshsig.ErrFormat) && !errors.Is(err, sshsig.ErrKey) {
			t.Errorf("%d bytes of %d: %v", n, len(data), err)
		}
	}
	if err := parse(append(data, 0)); !errors.Is(err, sshsig.ErrFormat) {
		t.Errorf("a byte more: %v", err)
	}
}

// signed makes a commit with git itself, signed with a key.
func signed(tb testing.TB, h *radtest.Home, key string) gitobj.Commit {
	tb.Helper()
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		radtest.Missing(tb, "ssh-keygen", "needs ssh-keygen")
	}
	dir := h.Commit(tb, "film", "README", "hello")
	h.Git(tb, dir, "-c", "gpg.format=ssh", "-c", "user.signingKey="+key, "commit", "-q", "-S", "--allow-empty", "-m", "Signed")
	data := h.Run(tb, dir, "git", "cat-file", "commit", "HEAD")
	c, err := gitobj.ParseCommit([]byte(data + "\n")) // which Run has taken off
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Real git signs with the key of a Radicle home, and we know whose it is.
func TestGitSigns(t *testing.T) {
	h := radtest.NewHome(t, radtest.Ana)
	c := signed(t, h, filepath.Join(h.Keys(), "radicle"))
	got, err := sshsig.CommitSigner(c)
	if err != nil || got != radtest.Ana.NID() {
		t.Fatalf("%v, %v: %q", got, err, c.Headers)
	}
	c.Message += "x"
	if _, err := sshsig.CommitSigner(c); !errors.Is(err, sshsig.ErrSignature) {
		t.Errorf("altered: %v", err)
	}
}

// A key of another kind names nobody.
func TestGitSignsWithECDSA(t *testing.T) {
	h := radtest.NewHome(t, radtest.Ana)
	if _, err := exec.LookPath("ssh-keygen"); err != nil {
		radtest.Missing(t, "ssh-keygen", "needs ssh-keygen")
	}
	key := filepath.Join(h.Work, "ecdsa")
	h.Run(t, h.Work, "ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", key)
	if _, err := sshsig.CommitSigner(signed(t, h, key)); !errors.Is(err, sshsig.ErrKey) {
		t.Error(err)
	}
}

// Whatever is accepted is written again with the same meaning.
func FuzzParse(f *testing.F) {
	c := commit(f, 20)
	f.Add(sign(f, radtest.Ana, c, "git", "sha512").Armor())
	f.Add(sign(f, radtest.Bo, c, "radicle", "sha256").Armor() + "\n")
	f.Add("-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := sshsig.Parse(text)
		if err != nil {
			return
		}
		again, err := sshsig.Parse(s.Armor())
		if err != nil || again != s {
			t.Errorf("%+v became %+v: %v", s, again, err)
		}
	})
}
