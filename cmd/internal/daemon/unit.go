package daemon

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"path/filepath"
	"strings"
)

// Service is a daemon that the system runs for a person from login on, or, where lingering is allowed, from the start of the
// machine.
type Service struct {
	Program string // the absolute path of rad-swarm
	Home    string // RAD_HOME, an absolute path
	User    string // HOME, an absolute path
	Path    string // PATH of the daemon, by which it finds git
	Config  string // where systemd looks for units of this person; empty: .config in User
	OS      string // "linux" or "darwin"; empty: of this machine
}

// name names the service. The home that a person has without saying so has the plain name.
func (s Service) name() string {
	if s.Home == filepath.Join(s.User, ".radicle") {
		return "radswarm"
	}
	sum := sha256.Sum256([]byte(s.Home))
	return "radswarm-" + hex.EncodeToString(sum[:4])
}

func (s Service) label() string { return "xyz." + s.name() }

// UnitPath is where systemd finds the unit.
func (s Service) UnitPath() string {
	config := s.Config
	if config == "" {
		config = filepath.Join(s.User, ".config")
	}
	return filepath.Join(config, "systemd", "user", s.name()+".service")
}

// AgentPath is where launchd finds the agent.
func (s Service) AgentPath() string {
	return filepath.Join(s.User, "Library", "LaunchAgents", s.label()+".plist")
}

// Unit returns the text of a systemd user unit.
func (s Service) Unit() string {
	return `# Written by "rad swarm daemon --install"; "rad swarm daemon --uninstall" removes it.
[Unit]
Description=Radswarm: keeps shares for friends, and yours with them

[Service]
Type=exec
ExecStart=` + unitWord(s.Program) + ` daemon
ExecReload=/bin/kill -HUP $MAINPID
Environment=` + unitWord("RAD_HOME="+s.Home) + `
Environment=` + unitWord("PATH="+s.Path) + `
Restart=on-failure
RestartSec=30
LimitCORE=0
UMask=0077
NoNewPrivileges=yes

[Install]
WantedBy=default.target
`
}

// unitWord quotes a word of a unit. Systemd replaces no variables in the path of a program and in an environment.
func unitWord(word string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`, "%", "%%").Replace(word) + `"`
}

// Agent returns the text of a launchd agent.
func (s Service) Agent() string {
	log := filepath.Join(s.Home, "swarm", "log", "daemon.log")
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + xmlText(s.label()) + `</string>
	<key>ProgramArguments</key>
	<array>
		<string>` + xmlText(s.Program) + `</string>
		<string>daemon</string>
	</array>
	<key>EnvironmentVariables</key>
	<dict>
		<key>RAD_HOME</key>
		<string>` + xmlText(s.Home) + `</string>
		<key>PATH</key>
		<string>` + xmlText(s.Path) + `</string>
	</dict>
	<key>RunAtLoad</key>
	<true/>
	<key>KeepAlive</key>
	<dict>
		<key>SuccessfulExit</key>
		<false/>
	</dict>
	<key>ProcessType</key>
	<string>Background</string>
	<key>Umask</key>
	<integer>63</integer>
	<key>StandardErrorPath</key>
	<string>` + xmlText(log) + `</string>
</dict>
</plist>
`
}

func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder does not fail
	return b.String()
}
