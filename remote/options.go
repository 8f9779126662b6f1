package remote

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"radswarm/radicle"
	"radswarm/radicle/cob/patch"
	"radswarm/radicle/gitobj"
)

// options are what git and the person asked for in this run.
type options struct {
	noSync    bool
	hints     bool
	cloning   bool
	verbosity int // 1 unless git says otherwise

	draft   bool
	base    string // of a patch, as it was typed, until it is looked up
	baseID  radicle.Oid
	message *string // of a patch; nil for none
	target  patch.Target
	branch  string // local branch for a new patch
	mirror  bool   // the local branch is named after the patch

	leases map[string]string // object ids, as git spells them, by ref
}

// maxLeases bounds the refs that a push may have leases for.
const maxLeases = 1 << 16

// errUnknownOption is for a push option that nobody knows; git's protocol has no better answer than to give up.
var errUnknownOption = errors.New("unknown push option")

// set answers an option line: what git is told, or an error that ends the helper.
func (o *options) set(name, value string) (answer string, err error) {
	switch name {
	case "verbosity":
		return o.setVerbosity(value), nil
	case "push-option":
		if value == "" {
			return "error missing value for push-option", nil
		}
		value, err := unquote(value)
		if err != nil {
			return "", err
		}
		return "ok", o.setPush(value)
	case "cas":
		if value == "" {
			return "error missing value for cas", nil
		}
		return "ok", o.setLease(value)
	case "cloning":
		o.cloning = value == "true"
	}
	return "unsupported", nil
}

func (o *options) setVerbosity(value string) string {
	if value == "" {
		return "error missing value for verbosity"
	}
	n, err := strconv.ParseUint(strings.TrimPrefix(value, "+"), 10, 8)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return "error number too large to fit in target type"
	case err != nil:
		return "error invalid digit found in string"
	}
	o.verbosity = int(n)
	return "ok"
}

// setLease notes that a push of a ref is good only where git saw it: "<ref>:<object id>".
func (o *options) setLease(value string) error {
	value, err := unquote(value)
	if err != nil {
		return err
	}
	at := strings.LastIndexByte(value, ':')
	if at < 0 {
		return fmt.Errorf("invalid lease `%s`: expected `<ref>:<object id>`", brief(value))
	}
	if _, err := radicle.ParseOid(value[at+1:]); err != nil {
		return err
	}
	if len(o.leases) >= maxLeases {
		return fmt.Errorf("more than %d leases", maxLeases)
	}
	if o.leases == nil {
		o.leases = make(map[string]string)
	}
	o.leases[value[:at]] = value[at+1:]
	return nil
}

// setPush takes one push option.
func (o *options) setPush(text string) error {
	switch text {
	case "hints":
		o.hints = true
	case "sync":
		o.noSync = false
	case "sync.debug": // Radicle's helper takes it, and prints nothing more
	case "no-sync":
		o.noSync = true
	case "patch.draft":
		o.draft = true
	case "patch.branch":
		o.branch, o.mirror = "", true
	default:
		return o.setPair(text)
	}
	return nil
}

// setPair takes a push option with a value.
func (o *options) setPair(text string) error {
	key, value, ok := strings.Cut(text, "=")
	switch {
	case ok && key == "patch.message":
		return o.addMessage(value)
	case ok && key == "patch.base":
		if value == "" {
			return errors.New("failed to parse base revision: none is named")
		}
		o.base = value
	case ok && key == "patch.branch":
		if err := gitobj.CheckRefName(value); err != nil {
			return fmt.Errorf("invalid ref: %w", err)
		}
		o.branch, o.mirror = value, false
	case ok && key == "patch.target":
		target, err := patch.ParseTarget(value)
		if err != nil {
			return fmt.Errorf("%w %s", errUnknownOption, rustQuote(fmt.Sprintf("invalid patch.target '%s': %v", value, targetError(value, err))))
		}
		o.target = target
	default:
		return fmt.Errorf("%w %s", errUnknownOption, rustQuote(key))
	}
	return nil
}

// targetError says what is wrong with a target in Radicle's words, where it is the usual thing.
func targetError(name string, err error) error {
	if gitobj.CheckQualified(name) == nil {
		return fmt.Errorf("invalid merge target '%s': must be a branch", name)
	}
	return err
}

// addMessage adds a paragraph to the message of a patch.
func (o *options) addMessage(text string) error {
	if o.message != nil {
		text = *o.message + "\n\n" + text
	}
	if len(text) > maxMessage {
		return fmt.Errorf("a patch.message of more than %d bytes", maxMessage)
	}
	o.message = &text
	return nil
}

// rustQuote spells text as Radicle's messages do.
func rustQuote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(brief(s)) + `"`
}
