package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"

	"radswarm/blobstore/disk"
	"radswarm/blobstore/friend"
	"radswarm/blobstore/holder"
	"radswarm/cmd/internal/control"
)

// ConfigFile is the name of the settings in the swarm folder.
const ConfigFile = "config.json"

// maxConfig bounds the file, in bytes; with every list at its longest it has about 10,000.
const maxConfig = 64 << 10

// maxList bounds listen and advertise.
const maxList = friend.MaxAddresses

// Size is a number of bytes. In the file it is a number, or a text such as "50GB" (of 1,000) or "2GiB" (of 1,024).
type Size int64

// UnmarshalJSON reads either form.
func (s *Size) UnmarshalJSON(b []byte) error {
	if len(b) == 0 || b[0] != '"' {
		return json.Unmarshal(b, (*int64)(s))
	}
	var text string
	if err := json.Unmarshal(b, &text); err != nil {
		return err
	}
	n, err := humanize.ParseBytes(strings.TrimSuffix(text, "/s"))
	if err != nil || n > friend.MaxPledge {
		return fmt.Errorf("%.40q is not a size: write 50GB or 2GiB", text)
	}
	*s = Size(n)
	return nil
}

// Config is what a person sets for a home: swarm/config.json. What the file does not say is as in [DefaultConfig]; what it
// says and nobody understands is refused.
type Config struct {
	// Listen are the addresses to listen on, host:port with an IP address as host or none for all of this machine, all with
	// one port. Port 0 is a free one. None: port 8777 of all addresses.
	Listen []string `json:"listen"`
	// Advertise are addresses that friends are told before those that this machine knows of itself, host:port: of a port that
	// a router forwards, or a name. Default: none.
	Advertise []string `json:"advertise"`
	// Shares is the folder for what is kept for others. It may be moved to another disk with all that is in it. Relative to
	// the swarm folder; default "shares".
	Shares string `json:"shares"`
	// Limit is how much is kept for everybody together, in bytes. Default 0: what the pledges come to.
	Limit Size `json:"limit"`
	// Floor is how much of the disk stays free, in bytes. Default 0: 5 % of the disk, and at least 2 GiB. Negative: nothing.
	Floor Size `json:"floor"`
	// Up and Down bound what all peers together get and send, in bytes a second. Default 0: no bound.
	Up   Size `json:"up"`
	Down Size `json:"down"`
	// GuestUp bounds what the guests of one friend get, and OpenUp what all strangers who read open shares get, in bytes a
	// second. Default 0: no bound but Up.
	GuestUp Size `json:"guest_up"`
	OpenUp  Size `json:"open_up"`
	// AcceptPublic says whether open shares are kept: "yes", "no", or "named", which also lets strangers be told that this
	// machine has them. Default "yes".
	AcceptPublic string `json:"accept_public"`
	// Transports are "tcp" and "quic", or one of them. Default: both.
	Transports []string `json:"transports"`
	// UPnP asks routers of home networks to forward the port. Default true.
	UPnP bool `json:"upnp"`
	// MDNS looks for friends in the local network. Default false: this version does not.
	MDNS bool `json:"mdns"`
	// Guess tries friends whose address is not known where their Radicle node was last seen, at port 8777. Default true.
	Guess bool `json:"guess"`
}

// DefaultConfig is the configuration of a home without a config.json.
func DefaultConfig() Config {
	return Config{
		Listen: []string{}, Advertise: []string{}, Shares: "shares", AcceptPublic: holder.PublicYes.String(),
		Transports: []string{"tcp", "quic"}, UPnP: true, Guess: true,
	}
}

// ConfigError is a setting that cannot be used.
type ConfigError struct {
	Path  string // of the file; empty where it came from elsewhere
	Field string // as it stands in the file; empty for the text as a whole
	Err   error
}

func (e *ConfigError) Error() string {
	text := e.Path
	if text == "" {
		text = ConfigFile
	}
	if e.Field != "" {
		text += ": " + e.Field
	}
	return fmt.Sprintf("%s: %v", text, e.Err)
}

// Unwrap returns the cause.
func (e *ConfigError) Unwrap() error { return e.Err }

// LoadConfig reads the configuration of a place; where there is none it is [DefaultConfig]. Other errors than those of the
// disk are a *ConfigError.
func LoadConfig(p control.Place) (Config, error) {
	path := filepath.Join(p.Dir, ConfigFile)
	dir, err := os.OpenRoot(p.Dir)
	if errors.Is(err, fs.ErrNotExist) {
		return DefaultConfig(), nil
	}
	if err != nil {
		return Config{}, err
	}
	defer dir.Close()
	b, err := readFile(dir, ConfigFile, maxConfig)
	if errors.Is(err, fs.ErrNotExist) {
		return DefaultConfig(), nil
	}
	if err != nil {
		return Config{}, &ConfigError{Path: path, Err: err}
	}
	c, err := ParseConfig(b)
	if e, ok := errors.AsType[*ConfigError](err); ok {
		e.Path = path
	}
	return c, err
}

// ParseConfig reads the text of a config.json. Errors are a *ConfigError.
func ParseConfig(text []byte) (Config, error) {
	c := DefaultConfig()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, parseError(text, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Config{}, &ConfigError{Err: errors.New("text after its end")}
	}
	return c, c.Validate()
}

// parseError says in one line what is wrong with a text, and where.
func parseError(text []byte, err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return &ConfigError{Field: e.Field, Err: fmt.Errorf("%s is not of its type", e.Value)}
	}
	if e, ok := errors.AsType[*json.SyntaxError](err); ok {
		line := 1 + bytes.Count(text[:min(int(e.Offset), len(text))], []byte("\n"))
		return &ConfigError{Err: fmt.Errorf("line %d: %w", line, err)}
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok { // it has no type
		return &ConfigError{Field: strings.Trim(name, `"`), Err: errUnknownSetting}
	}
	return &ConfigError{Err: err}
}

var errUnknownSetting = errors.New("this version knows no such setting")

// Save replaces the configuration of a place. Errors are those of Validate, and what the disk said.
func (c Config) Save(p control.Place) error {
	if err := c.Validate(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	if err := p.Make(); err != nil {
		return err
	}
	dir, err := os.OpenRoot(p.Dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return writeFile(dir, ConfigFile, append(text, '\n'))
}

// Validate refuses settings that mean nothing: *ConfigError.
func (c Config) Validate() error {
	if _, err := listenOn(c.Listen); err != nil {
		return &ConfigError{Field: "listen", Err: err}
	}
	if len(c.Advertise) > maxList {
		return &ConfigError{Field: "advertise", Err: fmt.Errorf("%d addresses, at most %d", len(c.Advertise), maxList)}
	}
	for _, a := range c.Advertise {
		if !friend.ValidAddress(a) {
			return &ConfigError{Field: "advertise", Err: fmt.Errorf("%.80q is not host:port", a)}
		}
	}
	if c.Shares == "" || strings.ContainsRune(c.Shares, 0) {
		return &ConfigError{Field: "shares", Err: errors.New("not a folder")}
	}
	if c.MDNS {
		return &ConfigError{Field: "mdns", Err: errors.New("this version cannot do that")}
	}
	if _, err := transports(c.Transports); err != nil {
		return &ConfigError{Field: "transports", Err: err}
	}
	if _, err := holder.ParsePublic(c.AcceptPublic); err != nil {
		return &ConfigError{Field: "accept_public", Err: errors.New("is yes, no or named")}
	}
	return c.validateSizes()
}

func (c Config) validateSizes() error {
	for _, s := range []struct {
		field string
		size  Size
	}{{"limit", c.Limit}, {"up", c.Up}, {"down", c.Down}, {"guest_up", c.GuestUp}, {"open_up", c.OpenUp}} {
		if s.size < 0 || s.size > friend.MaxPledge {
			return &ConfigError{Field: s.field, Err: fmt.Errorf("%d bytes is out of bounds", s.size)}
		}
	}
	return nil
}

// dir returns the folder of the shares.
func (c Config) dir(p control.Place) string {
	if filepath.IsAbs(c.Shares) {
		return filepath.Clean(c.Shares)
	}
	return filepath.Join(p.Dir, c.Shares)
}

func (c Config) diskLimits() disk.Limits {
	return disk.Limits{Total: int64(c.Limit), Floor: int64(c.Floor)}
}

func (c Config) limits() holder.Limits {
	return holder.Limits{Up: int64(c.Up), Down: int64(c.Down), GuestUp: int64(c.GuestUp), OpenUp: int64(c.OpenUp)}
}

func (c Config) public() holder.Public {
	p, _ := holder.ParsePublic(c.AcceptPublic) // it was validated
	return p
}
