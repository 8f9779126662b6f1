package control

// What is asked about the home itself, beside status and unlock.
//
//	GET    /v1/config                 Config
//	PATCH  /v1/config                 SetConfig → Config
//	POST   /v1/config/reload          nothing → Config: read config.json again

// Config is what can be changed while the daemon runs. The file has more.
type Config struct {
	Path         string `json:"path"` // of config.json
	Shares       string `json:"shares"`
	Limit        int64  `json:"limit"` // bytes kept for everybody; 0: what the pledges come to
	Floor        int64  `json:"floor"` // bytes of the disk that stay free; 0: 5 % and at least 2 GiB; negative: none
	Up           int64  `json:"up"`    // bytes a second of all peers; 0: no bound
	Down         int64  `json:"down"`
	GuestUp      int64  `json:"guest_up"`
	OpenUp       int64  `json:"open_up"`
	AcceptPublic string `json:"accept_public"` // yes, no or named
	// Restart says that the file has changed in what only a new daemon takes up.
	Restart bool `json:"restart"`
}

// SetConfig changes what is not nil, now and in the file.
type SetConfig struct {
	Limit        *int64  `json:"limit,omitempty"`
	Floor        *int64  `json:"floor,omitempty"`
	Up           *int64  `json:"up,omitempty"`
	Down         *int64  `json:"down,omitempty"`
	GuestUp      *int64  `json:"guest_up,omitempty"`
	OpenUp       *int64  `json:"open_up,omitempty"`
	AcceptPublic *string `json:"accept_public,omitempty"`
}
