package cjson

import (
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The bounds of a parsed value.
const (
	MaxDepth  = 127     // arrays and objects inside each other; serde_json's limit
	MaxValues = 1 << 18 // of all kinds, keys included; some 20 MB of memory
)

// SyntaxError says where and why a text is not JSON, or exceeds a bound.
type SyntaxError struct {
	Offset int // in bytes
	Reason string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("json, byte %d: %s", e.Offset, e.Reason) }

// Parse reads one value, which may have white space around it. Errors are [*SyntaxError]. The value does not keep data.
func Parse(data []byte) (Value, error) {
	p := &parser{data: data}
	v := p.value(0)
	if p.space(); p.at < len(data) {
		p.fail("text after the value")
	}
	if p.err != nil {
		return nil, p.err
	}
	return v, nil
}

// parser reads a value by recursive descent. After the first error it stands at the end of data and finds nothing more.
type parser struct {
	data   []byte
	at     int
	values int
	err    error
}

func (p *parser) fail(reason string) {
	if p.err == nil {
		p.err = &SyntaxError{p.at, reason}
	}
	p.at = len(p.data)
}

// peek returns the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.at < len(p.data) {
		return p.data[p.at]
	}
	return 0
}

// take moves past b if that is the next byte.
func (p *parser) take(b byte) bool {
	if p.at < len(p.data) && p.data[p.at] == b {
		p.at++
		return true
	}
	return false
}

func (p *parser) expect(b byte) {
	if !p.take(b) {
		p.fail("want " + strconv.QuoteRune(rune(b)))
	}
}

func (p *parser) space() {
	for p.at < len(p.data) && (p.data[p.at] == ' ' || p.data[p.at] == '\n' || p.data[p.at] == '\t' || p.data[p.at] == '\r') {
		p.at++
	}
}

func (p *parser) value(depth int) Value {
	p.space()
	if p.values++; p.values > MaxValues {
		p.fail(fmt.Sprintf("more than %d values", MaxValues))
	}
	if c := p.peek(); depth == MaxDepth && (c == '[' || c == '{') {
		p.fail(fmt.Sprintf("more than %d levels", MaxDepth))
	}
	switch c := p.peek(); c {
	case '{':
		return p.object(depth + 1)
	case '[':
		return p.array(depth + 1)
	case '"':
		return p.text()
	case 't':
		return p.word("true", true)
	case 'f':
		return p.word("false", false)
	case 'n':
		return p.word("null", nil)
	}
	return p.number()
}

func (p *parser) word(word string, v Value) Value {
	for i := range len(word) {
		if !p.take(word[i]) {
			p.fail("no JSON value")
		}
	}
	return v
}

func (p *parser) array(depth int) Array {
	p.expect('[')
	list := Array{}
	if p.space(); p.take(']') {
		return list
	}
	for p.err == nil {
		list = append(list, p.value(depth))
		if p.space(); p.take(']') {
			return list
		}
		p.expect(',')
	}
	return nil
}

func (p *parser) object(depth int) Object {
	p.expect('{')
	list := Object{}
	if p.space(); p.take('}') {
		return list
	}
	for p.err == nil {
		p.space()
		key := p.text()
		p.values++
		p.space()
		p.expect(':')
		list = append(list, Member{key, p.value(depth)})
		if p.space(); p.take('}') {
			return list
		}
		p.expect(',')
	}
	return nil
}

func (p *parser) digits() {
	start := p.at
	for '0' <= p.peek() && p.peek() <= '9' {
		p.at++
	}
	if p.at == start {
		p.fail("no JSON value")
	}
}

func (p *parser) number() Number {
	start := p.at
	p.take('-')
	if !p.take('0') {
		p.digits()
	}
	if p.take('.') {
		p.digits()
	}
	if p.take('e') || p.take('E') {
		if !p.take('+') {
			p.take('-')
		}
		p.digits()
	}
	if p.err != nil {
		return ""
	}
	n := Number(p.data[start:p.at])
	if _, err := strconv.ParseFloat(string(n), 64); err != nil {
		p.at = start
		p.fail("number out of range")
	}
	return n
}

func (p *parser) text() string {
	p.expect('"')
	start := p.at
	var b []byte // what has been unescaped; the plain bytes since start follow it
	for p.err == nil {
		switch c := p.peek(); {
		case p.at == len(p.data):
			p.fail("a string does not end")
		case c == '"':
			b = append(b, p.data[start:p.at]...)
			if !utf8.Valid(b) {
				p.fail("a string is not UTF-8")
				return ""
			}
			p.at++
			return string(b)
		case c == '\\':
			b = append(b, p.data[start:p.at]...)
			b = p.escape(b)
			start = p.at
		case c < ' ':
			p.fail("a control character in a string")
		default:
			p.at++
		}
	}
	return ""
}

func (p *parser) escape(b []byte) []byte {
	p.expect('\\')
	c := p.peek()
	if c == 'u' {
		return utf8.AppendRune(b, p.unicode())
	}
	const letters, meanings = `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	for i := range len(letters) {
		if c == letters[i] {
			p.at++
			return append(b, meanings[i])
		}
	}
	p.fail("an escape that JSON does not have")
	return b
}

// unicode reads u and four digits, and a second such escape if the first is half of a pair.
func (p *parser) unicode() rune {
	r := p.hex()
	if !utf16.IsSurrogate(r) {
		return r
	}
	p.expect('\\')
	if r = utf16.DecodeRune(r, p.hex()); r == utf8.RuneError {
		p.fail("half of a surrogate pair")
	}
	return r
}

func (p *parser) hex() rune {
	p.expect('u')
	if len(p.data)-p.at < 4 {
		p.fail("an escape ends early")
		return 0
	}
	n, err := strconv.ParseUint(string(p.data[p.at:p.at+4]), 16, 16)
	if err != nil {
		p.fail("an escape is not hexadecimal")
		return 0
	}
	p.at += 4
	return rune(n)
}
