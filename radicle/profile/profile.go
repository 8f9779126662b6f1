package profile

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"radswarm/radicle"
)

// A Profile is a home that was read.
type Profile struct {
	Home   Home
	NID    radicle.NID // from keys/radicle.pub
	Config *Config
}

// Load reads who a home is and its configuration. The secret key is not touched. A home without keys/radicle.pub is a
// [*NotFoundError]; other errors are [*KeyFileError] and [*ConfigError].
func Load(h Home) (*Profile, error) {
	nid, err := readPublicKey(h.PublicKey())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{Dir: h.Dir()}
	}
	if err != nil {
		return nil, err
	}
	config, err := ReadConfig(h.Config())
	if err != nil {
		return nil, err
	}
	return &Profile{Home: h, NID: nid, Config: config}, nil
}

// DID is the person that the home's key names.
func (p *Profile) DID() radicle.DID { return p.NID.DID() }

// readBounded reads a whole file of at most limit bytes; a longer one is errTooLong.
func readBounded(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, errTooLong
	}
	return text, nil
}

var errTooLong = errors.New("longer than any that Radicle writes")
