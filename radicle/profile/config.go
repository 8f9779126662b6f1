package profile

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"radswarm/radicle"
)

// MaxConfig is the size of the largest config.json that is read, in bytes.
const MaxConfig = 1 << 20

// A Config is the text of a config.json and the settings in it that we act on. It never changes: [Config.With] and
// [Config.Without] return another one.
type Config struct {
	text []byte

	// Alias is node.alias, the one setting that Radicle requires.
	Alias radicle.Alias
	// PublicExplorer is the template of links: publicExplorer, with $host, $rid and $path. May be empty.
	PublicExplorer string
	// PreferredSeeds are the nodes that a push waits for: preferredSeeds.
	PreferredSeeds []PeerAddr
	// Hints is cli.hints: whether people want hints.
	Hints bool
	// Network is node.network: "main" or "test".
	Network string
	// ExternalAddresses are what the node announces: node.externalAddresses, each host:port.
	ExternalAddresses []string
	// Connect are the peers that the node keeps connected: node.connect.
	Connect []PeerAddr
	// Seeding is node.seedingPolicy, for repositories without a policy of their own.
	Seeding SeedingPolicy
	// Secret is node.secret, the key file of the node where it is not keys/radicle. Usually empty.
	Secret string
}

// A PeerAddr is a node and where to dial it, written z6Mk…@host:port.
type PeerAddr struct {
	NID  radicle.NID
	Addr string // host:port
}

// A SeedingPolicy says what the node does with a repository that it has no policy for.
type SeedingPolicy struct {
	Default string `json:"default"` // "allow" or "block"
	Scope   string `json:"scope"`   // "all" or "followed"; empty: Radicle's default
}

// ParsePeerAddr reads z6Mk…@host:port.
func ParsePeerAddr(s string) (PeerAddr, error) {
	id, addr, ok := strings.Cut(s, "@")
	if !ok {
		return PeerAddr{}, fmt.Errorf("%.100q is not NID@host:port", s)
	}
	nid, err := radicle.ParseNID(id)
	if err != nil {
		return PeerAddr{}, err
	}
	if host, port := cutLast(addr, ':'); host == "" || port == "" {
		return PeerAddr{}, fmt.Errorf("%.100q has no host:port", s)
	}
	return PeerAddr{NID: nid, Addr: addr}, nil
}

// String is z6Mk…@host:port.
func (a PeerAddr) String() string { return a.NID.String() + "@" + a.Addr }

// UnmarshalText is [ParsePeerAddr].
func (a *PeerAddr) UnmarshalText(text []byte) (err error) {
	*a, err = ParsePeerAddr(string(text))
	return err
}

func cutLast(s string, sep byte) (before, after string) {
	i := strings.LastIndexByte(s, sep)
	if i < 0 {
		return s, ""
	}
	return s[:i], s[i+1:]
}

// ReadConfig reads and parses a config.json of at most [MaxConfig] bytes. All errors are [*ConfigError]; a missing file is also
// fs.ErrNotExist.
func ReadConfig(path string) (*Config, error) {
	text, err := readBounded(path, MaxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf(`%w: run "rad config init --alias NAME"`, fs.ErrNotExist)
	}
	if err != nil {
		return nil, &ConfigError{Path: path, Err: err}
	}
	c, err := ParseConfig(text)
	if e, ok := errors.AsType[*ConfigError](err); ok {
		e.Path = path
	}
	return c, err
}

// ParseConfig parses the text of a config.json and keeps it as it is. Keys that we do not know may hold anything. All errors are
// [*ConfigError].
func ParseConfig(text []byte) (*Config, error) {
	switch {
	case len(text) > MaxConfig:
		return nil, &ConfigError{Err: fmt.Errorf("%d bytes, at most %d", len(text), MaxConfig)}
	case !utf8.Valid(text):
		return nil, &ConfigError{Err: errors.New("not UTF-8")}
	}
	c := &Config{text: text, Hints: true, Network: "main", Seeding: SeedingPolicy{Default: "block"}}
	if err := c.parse(); err != nil {
		return nil, err
	}
	return c, nil
}

func (c *Config) parse() error {
	top, err := section(c.text, "", map[string]any{
		"publicExplorer": &c.PublicExplorer,
		"preferredSeeds": &c.PreferredSeeds,
	})
	if err != nil {
		return err
	}
	if cli, ok := top["cli"]; ok {
		c.Hints = false // as in Radicle: no cli is yes, an empty one no
		if _, err := section(cli, "cli", map[string]any{"hints": &c.Hints}); err != nil {
			return err
		}
	}
	node, ok := top["node"]
	if !ok {
		return &ConfigError{Key: "node", Err: errMissing}
	}
	_, err = section(node, "node", map[string]any{
		"alias":             &c.Alias,
		"network":           &c.Network,
		"externalAddresses": &c.ExternalAddresses,
		"connect":           &c.Connect,
		"seedingPolicy":     &c.Seeding,
		"secret":            &c.Secret,
	})
	if err == nil && c.Alias == "" {
		err = &ConfigError{Key: "node.alias", Err: errMissing}
	}
	return err
}

var errMissing = errors.New("missing")

// section decodes the named keys of a JSON object, and returns the text of all of them.
func section(text []byte, name string, known map[string]any) (map[string]json.RawMessage, error) {
	members, err := object(text)
	if err != nil {
		return nil, &ConfigError{Key: name, Err: err}
	}
	values := make(map[string]json.RawMessage, len(members))
	for _, m := range members {
		value := json.RawMessage(text[m.from:m.to])
		values[m.key] = value
		into, ok := known[m.key]
		if !ok {
			continue
		}
		if err := json.Unmarshal(value, into); err != nil {
			return nil, &ConfigError{Key: strings.TrimPrefix(name+"."+m.key, "."), Err: err}
		}
	}
	return values, nil
}

// Text returns a copy of the whole file.
func (c *Config) Text() []byte { return append([]byte(nil), c.text...) }

// Get returns the JSON text at a path of keys, and whether there is one.
func (c *Config) Get(path ...string) (json.RawMessage, bool) {
	text := c.text
	for _, key := range path {
		members, err := object(text)
		if err != nil {
			return nil, false
		}
		m, ok := find(members, key)
		if !ok {
			return nil, false
		}
		text = text[m.from:m.to]
	}
	return json.RawMessage(append([]byte(nil), text...)), true
}

// With returns the configuration with value, as JSON, at a path of keys. Everything else keeps its bytes and order; objects that
// are missing on the way are made. A value that Radicle could not read any more in a setting we know is a [*ConfigError].
func (c *Config) With(value any, path ...string) (*Config, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	encoded, err := marshal(value)
	if err != nil {
		return nil, &ConfigError{Key: strings.Join(path, "."), Err: err}
	}
	text, err := setValue(c.text, encoded, path)
	if err != nil {
		return nil, &ConfigError{Key: strings.Join(path, "."), Err: err}
	}
	return ParseConfig(text)
}

// Without returns the configuration without the key at path, or itself where there is none.
func (c *Config) Without(path ...string) (*Config, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	text, err := unsetValue(c.text, path)
	if err != nil {
		return nil, &ConfigError{Key: strings.Join(path, "."), Err: err}
	}
	return ParseConfig(text)
}

// checkPath refuses a path that names no key, and keys that JSON cannot hold.
func checkPath(path []string) error {
	if len(path) == 0 {
		return &ConfigError{Err: errors.New("no key named")}
	}
	for _, key := range path {
		if !utf8.ValidString(key) {
			return &ConfigError{Err: fmt.Errorf("key %q is not UTF-8", key)}
		}
	}
	return nil
}
