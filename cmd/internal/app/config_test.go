package app_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"radswarm/cmd/internal/app"
	"radswarm/cmd/internal/control"
)

func TestConfigIsWhatWasSaved(t *testing.T) {
	p := control.Place{Dir: filepath.Join(t.TempDir(), "swarm")}
	c, err := app.LoadConfig(p)
	if err != nil || !reflect.DeepEqual(c, app.DefaultConfig()) {
		t.Fatalf("%+v, %v", c, err)
	}
	c.Listen, c.Advertise = []string{"127.0.0.1:0", "[::1]:0"}, []string{"ana.example:8777"}
	c.Shares, c.Limit, c.Floor, c.Up, c.AcceptPublic = "/mnt/disk", 50e9, -1, 2e6, "named"
	c.Transports, c.Guess = []string{"tcp"}, false
	for range 2 { // the second replaces the first
		if err := c.Save(p); err != nil {
			t.Fatal(err)
		}
	}
	back, err := app.LoadConfig(p)
	if err != nil || !reflect.DeepEqual(back, c) {
		t.Errorf("%+v, %v", back, err)
	}
	info, err := os.Stat(filepath.Join(p.Dir, app.ConfigFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	entries, err := os.ReadDir(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.Contains(e.Name(), ".new-") {
			t.Errorf("%s is left behind", e.Name())
		}
	}
}

func TestConfigTakesSizesAsPeopleWriteThem(t *testing.T) {
	c, err := app.ParseConfig([]byte(`{"limit": "50GB", "floor": -1, "up": "2MiB/s", "down": 1000, "listen": [":9000"]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := app.DefaultConfig()
	want.Limit, want.Floor, want.Up, want.Down, want.Listen = 50e9, -1, 2<<20, 1000, []string{":9000"}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("%+v", c)
	}
}

func TestConfigRefuses(t *testing.T) {
	for text, field := range map[string]string{
		``:                                "",
		`[]`:                              "",
		`{"limit": 1} {}`:                 "",
		`{"limit": 1,}`:                   "",
		`{"limits": 1}`:                   "limits",
		`{"limit": -1}`:                   "limit",
		`{"limit": 4611686018427387905}`:  "limit",
		`{"up": "fast"}`:                  "",
		`{"up": "99999PB"}`:               "",
		`{"guess": "yes"}`:                "guess",
		`{"listen": ["ana"]}`:             "listen",
		`{"listen": ["ana:1"]}`:           "listen",
		`{"listen": ["127.0.0.1:x"]}`:     "listen",
		`{"listen": ["127.0.0.1:70000"]}`: "listen",
		`{"listen": ["127.0.0.1:1", "127.0.0.1:2"]}`: "listen",
		`{"advertise": ["ana"]}`:                     "advertise",
		`{"advertise": ["ana:0"]}`:                   "advertise",
		`{"shares": ""}`:                             "shares",
		`{"accept_public": "maybe"}`:                 "accept_public",
		`{"transports": []}`:                         "transports",
		`{"transports": ["udp"]}`:                    "transports",
		`{"mdns": true}`:                             "mdns",
	} {
		_, err := app.ParseConfig([]byte(text))
		if e, ok := errors.AsType[*app.ConfigError](err); !ok || e.Field != field || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// What cannot be used is not written, and what was there stays.
func TestConfigSaveRefuses(t *testing.T) {
	p := control.Place{Dir: filepath.Join(t.TempDir(), "swarm")}
	c := app.DefaultConfig()
	c.Up = -1
	if _, ok := errors.AsType[*app.ConfigError](c.Save(p)); !ok {
		t.Error("saved")
	}
	if _, err := os.Stat(filepath.Join(p.Dir, app.ConfigFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestConfigErrorNamesTheFile(t *testing.T) {
	p := control.Place{Dir: t.TempDir()}
	path := filepath.Join(p.Dir, app.ConfigFile)
	if err := os.WriteFile(path, []byte("{\n\n\"limit\": x}"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := app.LoadConfig(p)
	if e := app.Explain(err); e == nil || e.Code != control.CodeUsage || e.Hint != "${EDITOR:-vi} "+path || !strings.Contains(e.Message, path+": line 3: ") {
		t.Errorf("%+v", e)
	}
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.LoadConfig(p); err == nil {
		t.Error("a file of any length is read")
	}
}

// Whatever is read is valid, and is read again as it was written.
func FuzzParseConfig(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"listen": [":0"], "limit": "5GB", "floor": -1, "up": 1e3}`, `{"shares": "/x", "transports": ["quic"]}`, `{"mdns": true}`, `[1`,
		`{"advertise": ["ana.example:8777"], "accept_public": "no", "upnp": false}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		c, err := app.ParseConfig(text)
		if err != nil {
			if _, ok := errors.AsType[*app.ConfigError](err); !ok {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		again, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		back, err := app.ParseConfig(again)
		if err != nil || !reflect.DeepEqual(back, c) {
			t.Fatalf("%s: %+v, %v", again, back, err)
		}
	})
}
