package sshsig

import (
	"errors"
	"slices"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/gitobj"
)

// ErrUnsigned is a commit without a signature, or with more than one: nobody says which counts.
var ErrUnsigned = errors.New("commit has not one signature")

// namespace is what git signs for.
const namespace = "git"

// CommitSigner returns who signed a commit, by an SSH signature that verifies: "git commit -S" with gpg.format=ssh. Whether the
// key is that of somebody who matters is the caller's to say. The errors are [ErrUnsigned], and those of [Parse] and
// [Signature.Verify].
func CommitSigner(c gitobj.Commit) (radicle.NID, error) {
	text, err := signatureOf(c)
	if err != nil {
		return radicle.NID{}, err
	}
	s, err := Parse(text)
	if err != nil {
		return radicle.NID{}, err
	}
	message, err := Payload(c)
	if err == nil {
		err = s.Verify(namespace, message)
	}
	if err != nil {
		return radicle.NID{}, err
	}
	return s.Key, nil
}

// header is where git keeps the signature of a commit, by the hash of its repository.
func header(c gitobj.Commit) string {
	if c.Tree.Len() == radicle.SHA256Size {
		return "gpgsig-sha256"
	}
	return "gpgsig"
}

// isSignature is true for what git takes out of a commit before it verifies.
func isSignature(h gitobj.Header) bool { return strings.HasPrefix(h.Key, "gpgsig") }

// signatureOf returns the one signature of a commit.
func signatureOf(c gitobj.Commit) (string, error) {
	var found []gitobj.Header
	for _, h := range c.Headers {
		if isSignature(h) {
			found = append(found, h)
		}
	}
	if len(found) != 1 || found[0].Key != header(c) {
		return "", ErrUnsigned
	}
	return found[0].Value, nil
}

// Payload returns the bytes of a commit that git signs: all but the signature.
func Payload(c gitobj.Commit) ([]byte, error) {
	c.Headers = slices.DeleteFunc(slices.Clone(c.Headers), isSignature)
	return c.Encode()
}
