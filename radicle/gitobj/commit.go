package gitobj

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"radswarm/radicle"
)

// MaxCommit bounds a commit, in bytes: parents, headers and message. Real ones have a few hundred.
const MaxCommit = 4 << 20

// Commit is a commit object. Encode and [ParseCommit] are exact inverses.
type Commit struct {
	Tree      radicle.Oid
	Parents   []radicle.Oid
	Author    Signature
	Committer Signature
	Headers   []Header // what follows the committer, in order: gpgsig (it may repeat), encoding, mergetag …
	Message   string   // as it stands, most often with a line feed at its end
}

// Header is a further line of a commit's head. Value has plain line feeds; the space that folds each
// continuation line is added by Encode and taken off by ParseCommit. A value that ends in a line feed is kept so.
type Header struct{ Key, Value string }

// Values returns the values of all headers with the key, in order.
func (c *Commit) Values(key string) []string {
	var values []string
	for _, h := range c.Headers {
		if h.Key == key {
			values = append(values, h.Value)
		}
	}
	return values
}

// Encode returns the bytes of the object. It refuses, with a [*ParseError], what ParseCommit would not give back.
func (c *Commit) Encode() ([]byte, error) {
	if reason := c.check(); reason != "" {
		return nil, &ParseError{Kind: KindCommit, Reason: reason}
	}
	b := appendOid(nil, "tree", c.Tree)
	for _, p := range c.Parents {
		b = appendOid(b, "parent", p)
	}
	b = append(c.Author.append(append(b, "author "...)), '\n')
	b = append(c.Committer.append(append(b, "committer "...)), '\n')
	for _, h := range c.Headers {
		b = append(b, h.Key...)
		b = append(b, ' ')
		b = append(b, strings.ReplaceAll(h.Value, "\n", "\n ")...)
		b = append(b, '\n')
	}
	b = append(b, '\n')
	b = append(b, c.Message...)
	if len(b) > MaxCommit {
		return nil, &TooLargeError{Size: int64(len(b)), Max: MaxCommit}
	}
	return b, nil
}

func appendOid(dst []byte, key string, id radicle.Oid) []byte {
	dst = append(dst, key...)
	dst = append(dst, ' ')
	dst = append(dst, id.String()...)
	return append(dst, '\n')
}

// check returns what is wrong with c, or "".
func (c *Commit) check() string {
	if c.Tree.IsZero() {
		return "no tree"
	}
	for _, p := range c.Parents {
		if p.Len() != c.Tree.Len() {
			return fmt.Sprintf("parent %v has another hash than tree %v", p, c.Tree)
		}
	}
	for _, s := range []Signature{c.Author, c.Committer} {
		if reason := s.check(); reason != "" {
			return reason
		}
	}
	for _, h := range c.Headers {
		if reason := h.check(); reason != "" {
			return reason
		}
	}
	return ""
}

// check refuses the keys of the fixed lines too: git ignores a parent line among the headers, heartwood counts it.
func (h Header) check() string {
	if h.Key == "" || strings.ContainsAny(h.Key, " \n\x00") || slices.Contains(fixedKeys(), h.Key) {
		return fmt.Sprintf("a header cannot be named %q", clip(h.Key))
	}
	if strings.IndexByte(h.Value, 0) >= 0 {
		return fmt.Sprintf("header %q has a NUL", h.Key)
	}
	return ""
}

func fixedKeys() []string { return []string{"tree", "parent", "author", "committer"} }

// ParseCommit parses the bytes of a commit object: tree, parents, author, committer, further headers, an empty
// line, the message, in this order. The length of the tree's id decides the hash that all ids must have.
// data is not retained.
func ParseCommit(data []byte) (Commit, error) {
	if len(data) > MaxCommit {
		return Commit{}, &TooLargeError{Size: int64(len(data)), Max: MaxCommit}
	}
	p := commitParser{rest: data, size: len(data)}
	var c Commit
	c.Tree = p.oid("tree")
	for bytes.HasPrefix(p.rest, []byte("parent ")) && p.err == nil {
		c.Parents = append(c.Parents, p.oid("parent"))
	}
	c.Author = p.signature("author")
	c.Committer = p.signature("committer")
	c.Headers = p.headers()
	c.Message = string(p.rest)
	if p.err != nil {
		return Commit{}, p.err
	}
	if reason := c.check(); reason != "" {
		return Commit{}, &ParseError{Kind: KindCommit, Reason: reason}
	}
	return c, nil
}

// commitParser takes lines off rest. After the first error it does nothing more.
type commitParser struct {
	rest []byte
	size int // of the whole object
	err  error
}

func (p *commitParser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = &ParseError{Kind: KindCommit, Offset: p.size - len(p.rest), Reason: fmt.Sprintf(format, args...)}
	}
}

// line returns the value of the next line, which must start with key and a space, and moves past it.
func (p *commitParser) line(key string) (string, bool) {
	line, rest, ok := bytes.Cut(p.rest, []byte("\n"))
	value, named := bytes.CutPrefix(line, []byte(key+" "))
	if p.err != nil || !ok || !named {
		p.fail("no %s line", key)
		return "", false
	}
	p.rest = rest
	return string(value), true
}

func (p *commitParser) oid(key string) radicle.Oid {
	before := p.rest
	value, ok := p.line(key)
	if !ok {
		return radicle.Oid{}
	}
	id, err := radicle.ParseOid(value)
	if err != nil || id.String() != value {
		p.rest = before
		p.fail("%s is not an object id: %q", key, clip(value))
	}
	return id
}

func (p *commitParser) signature(key string) Signature {
	before := p.rest
	value, ok := p.line(key)
	if !ok {
		return Signature{}
	}
	s, reason := parseSignature(value)
	if reason != "" {
		p.rest = before
		p.fail("%s: %s", key, reason)
	}
	return s
}

// headers takes the lines up to and including the empty one.
func (p *commitParser) headers() []Header {
	var headers []Header
	for p.err == nil {
		line, rest, ok := bytes.Cut(p.rest, []byte("\n"))
		if !ok {
			p.fail("no empty line before the message")
			return nil
		}
		if len(line) == 0 {
			p.rest = rest
			return headers
		}
		key, _, ok := strings.Cut(string(line), " ")
		if !ok || key == "" {
			p.fail("a header without a key and a value: %q", clip(string(line)))
			return nil
		}
		headers = append(headers, p.header(key))
	}
	return nil
}

// header takes one line and its continuation lines, which start with a space.
func (p *commitParser) header(key string) Header {
	end := 0
	for {
		n := bytes.IndexByte(p.rest[end:], '\n')
		if n < 0 {
			p.fail("header %q does not end", clip(key))
			return Header{}
		}
		end += n + 1
		if end == len(p.rest) || p.rest[end] != ' ' {
			break
		}
	}
	value := string(p.rest[len(key)+1 : end-1])
	p.rest = p.rest[end:]
	return Header{Key: key, Value: strings.ReplaceAll(value, "\n ", "\n")}
}
