package profile

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
)

// odd is a configuration with keys that nobody knows, in an order and spacing that nobody would choose.
const odd = `{ "zeta" : [1,  2],
	"node":{"workers":3 , "alias":"ana","future":{"x":1.50,"é":"ü"} },

  "preferredSeeds":["z6MkrLMMsiPWUcNPHcRajuMi9mDfYckSoJyPwwnknocNYPm7@iris.radicle.network:8776"] , "cli":{},
  "alpha":null}
`

func parse(t *testing.T, text string) *Config {
	t.Helper()
	c, err := ParseConfig([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestParseConfig(t *testing.T) {
	c := parse(t, odd)
	if c.Alias != "ana" || c.Hints || c.Network != "main" || c.Seeding.Default != "block" {
		t.Errorf("got %+v", c)
	}
	if len(c.PreferredSeeds) != 1 || c.PreferredSeeds[0].Addr != "iris.radicle.network:8776" {
		t.Errorf("preferred seeds %v", c.PreferredSeeds)
	}
	if got := string(c.Text()); got != odd {
		t.Errorf("text changed: %s", cmp.Diff(odd, got))
	}
	if got, ok := c.Get("node", "future", "é"); !ok || string(got) != `"ü"` {
		t.Errorf("Get: %s, %v", got, ok)
	}
	if _, ok := c.Get("node", "workers", "x"); ok {
		t.Error("Get went into a number")
	}
}

func TestConfigHintsFollowRadicle(t *testing.T) {
	for text, want := range map[string]bool{
		`{"node":{"alias":"a"}}`:                        true,
		`{"node":{"alias":"a"},"cli":{}}`:               false,
		`{"node":{"alias":"a"},"cli":{"hints":true}}`:   true,
		`{"node":{"alias":"a"},"cli":{"hints":false}}`:  false,
		`{"node":{"alias":"a"},"cli":{"other":"what"}}`: false,
	} {
		if c := parse(t, text); c.Hints != want {
			t.Errorf("%s: hints %v", text, c.Hints)
		}
	}
}

func TestParseConfigRefuses(t *testing.T) {
	for name, c := range map[string]struct{ text, key string }{
		"empty":              {"", ""},
		"null":               {"null", ""},
		"list":               {"[]", ""},
		"cut":                {`{"node":{"alias":"a"}`, ""},
		"text after":         {`{"node":{"alias":"a"}} {}`, ""},
		"not UTF-8":          {"{\"node\":{\"alias\":\"a\xff\"}}", ""},
		"no node":            {`{}`, "node"},
		"no alias":           {`{"node":{}}`, "node.alias"},
		"alias with space":   {`{"node":{"alias":"a b"}}`, "node.alias"},
		"alias too long":     {`{"node":{"alias":"` + strings.Repeat("a", 33) + `"}}`, "node.alias"},
		"alias a number":     {`{"node":{"alias":7}}`, "node.alias"},
		"key twice":          {`{"node":{"alias":"a"},"node":{"alias":"b"}}`, ""},
		"alias twice":        {`{"node":{"alias":"a","alias":"b"}}`, "node"},
		"other case":         {`{"node":{"Alias":"a"}}`, "node.alias"},
		"seed without NID":   {`{"preferredSeeds":["iris:8776"],"node":{"alias":"a"}}`, "preferredSeeds"},
		"seed without port":  {`{"preferredSeeds":["z6MkrLMMsiPWUcNPHcRajuMi9mDfYckSoJyPwwnknocNYPm7@iris"],"node":{"alias":"a"}}`, "preferredSeeds"},
		"deeply nested":      {`{"x":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `,"node":{"alias":"a"}}`, ""},
		"node is text":       {`{"node":"alias"}`, "node"},
		"one byte too large": {`{"node":{"alias":"a"}}` + strings.Repeat(" ", MaxConfig-21), ""},
	} {
		_, err := ParseConfig([]byte(c.text))
		e, ok := errors.AsType[*ConfigError](err)
		if !ok || e.Key != c.key {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ParseConfig([]byte(`{"node":{"alias":"a"}}` + strings.Repeat(" ", MaxConfig-22))); err != nil {
		t.Errorf("largest: %v", err)
	}
}

func TestConfigWithKeepsTheRest(t *testing.T) {
	for name, c := range map[string]struct {
		value    any
		path     []string
		from, to string // the one place that differs
	}{
		"replace":           {"bo", []string{"node", "alias"}, `"alias":"ana"`, `"alias":"bo"`},
		"replace by list":   {[]string{"<&>"}, []string{"alpha"}, `"alpha":null`, `"alpha":["<&>"]`},
		"add":               {true, []string{"node", "new"}, `"ü"} }`, `"ü"},"new": true }`},
		"add with newline":  {1, []string{"new"}, `null}`, "null,\n  \"new\": 1}"},
		"add in empty":      {true, []string{"cli", "hints"}, `"cli":{}`, `"cli":{"hints": true}`},
		"add objects":       {7, []string{"node", "a", "b", "c"}, `"ü"} }`, `"ü"},"a": {"b": {"c": 7}} }`},
		"replace one of []": {json.RawMessage(`[3]`), []string{"zeta"}, `[1,  2]`, `[3]`},
	} {
		got, err := parse(t, odd).With(c.value, c.path...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := strings.Replace(odd, c.from, c.to, 1)
		if string(got.Text()) != want {
			t.Errorf("%s: %s", name, cmp.Diff(want, string(got.Text())))
		}
		if value, ok := got.Get(c.path...); !ok {
			t.Errorf("%s: not there", name)
		} else if want, _ := marshal(c.value); string(value) != string(want) {
			t.Errorf("%s: %s", name, value)
		}
	}
}

func TestConfigWithRefuses(t *testing.T) {
	c := parse(t, odd)
	for name, change := range map[string]func() (*Config, error){
		"bad alias":     func() (*Config, error) { return c.With("a b", "node", "alias") },
		"into a number": func() (*Config, error) { return c.With(1, "node", "workers", "x") },
		"no path":       func() (*Config, error) { return c.With(1) },
		"no JSON":       func() (*Config, error) { return c.With(func() {}, "x") },
		"without alias": func() (*Config, error) { return c.Without("node", "alias") },
		"without path":  func() (*Config, error) { return c.Without() },
	} {
		if _, err := change(); !isConfigError(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if string(c.Text()) != odd {
		t.Error("the original changed")
	}
}

func isConfigError(err error) bool {
	_, ok := errors.AsType[*ConfigError](err)
	return ok
}

func TestConfigWithout(t *testing.T) {
	for name, c := range map[string]struct {
		path     []string
		from, to string
	}{
		"first":     {[]string{"zeta"}, "\"zeta\" : [1,  2],\n\t", ""},
		"middle":    {[]string{"preferredSeeds"}, ",\n\n  \"preferredSeeds\":[\"z6MkrLMMsiPWUcNPHcRajuMi9mDfYckSoJyPwwnknocNYPm7@iris.radicle.network:8776\"]", ""},
		"last":      {[]string{"alpha"}, ",\n  \"alpha\":null", ""},
		"nested":    {[]string{"node", "workers"}, `"workers":3 , `, ""},
		"only":      {[]string{"node", "future", "x"}, `"x":1.50,`, ""},
		"not there": {[]string{"node", "missing", "x"}, "", ""},
	} {
		got, err := parse(t, odd).Without(c.path...)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if want := strings.Replace(odd, c.from, c.to, 1); string(got.Text()) != want {
			t.Errorf("%s: %s", name, cmp.Diff(want, string(got.Text())))
		}
	}
	got, err := parse(t, `{"node":{"alias":"a"},"x":{"y":1}}`).Without("x", "y")
	if err != nil || string(got.Text()) != `{"node":{"alias":"a"},"x":{}}` {
		t.Errorf("the only key: %s, %v", got.Text(), err)
	}
}

func writeConfig(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestUpdateConfig(t *testing.T) {
	path := writeConfig(t, odd)
	link := filepath.Join(t.TempDir(), "link.json")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	err := UpdateConfig(link, func(c *Config) (*Config, error) { return c.With("bo", "node", "alias") })
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if want := strings.Replace(odd, `"ana"`, `"bo"`, 1); err != nil || string(got) != want {
		t.Errorf("%v %s", err, cmp.Diff(want, string(got)))
	}
	if info, err := os.Stat(path); err != nil || (runtime.GOOS != "windows" && info.Mode().Perm() != 0o640) {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Error("the link was replaced by a file")
	}
	onlyFile(t, filepath.Dir(path), "config.json")
}

func onlyFile(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 || entries[0].Name() != name {
		t.Errorf("left in %s: %v, %v", dir, entries, err)
	}
}

func TestUpdateConfigSeesOtherWriters(t *testing.T) {
	path := writeConfig(t, odd)
	calls := 0
	err := UpdateConfig(path, func(c *Config) (*Config, error) {
		if calls++; calls == 1 { // somebody else writes after we read
			other := strings.Replace(odd, `"workers":3`, `"workers":5`, 1)
			if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
				return nil, err
			}
		}
		return c.With("bo", "node", "alias")
	})
	got, _ := ReadConfig(path)
	if err != nil || calls != 2 || got.Alias != "bo" || !strings.Contains(string(got.Text()), `"workers":5`) {
		t.Errorf("%v after %d calls: %s", err, calls, got.Text())
	}
	err = UpdateConfig(path, func(c *Config) (*Config, error) {
		calls++
		if err := os.WriteFile(path, []byte(strings.Repeat(" ", calls)+odd), 0o600); err != nil {
			return nil, err
		}
		return c.With("cy", "node", "alias")
	})
	if !errors.Is(err, ErrConfigBusy) {
		t.Errorf("always changing: %v", err)
	}
	onlyFile(t, filepath.Dir(path), "config.json")
}

func TestUpdateConfigErrors(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "config.json")
	if err := UpdateConfig(missing, nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	path := writeConfig(t, odd)
	want := errors.New("no")
	if err := UpdateConfig(path, func(*Config) (*Config, error) { return nil, want }); !errors.Is(err, want) {
		t.Errorf("callback: %v", err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != odd {
		t.Errorf("changed: %v", err)
	}
}

func TestReadConfigNamesTheFile(t *testing.T) {
	path := writeConfig(t, `{"node":{"alias":""}}`)
	_, err := ReadConfig(path)
	if e, ok := errors.AsType[*ConfigError](err); !ok || e.Path != path || !errors.Is(err, radicle.ErrAlias) {
		t.Errorf("%v", err)
	}
	if _, err := ReadConfig(path + ".no"); !errors.Is(err, fs.ErrNotExist) || !isConfigError(err) {
		t.Errorf("missing: %v", err)
	}
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(odd), "node", "alias")
	f.Add([]byte(`{"node":{"alias":"a"}}`), "x", "y")
	f.Add([]byte("{}"), "cli", "")
	f.Fuzz(func(t *testing.T, text []byte, outer, inner string) {
		c, err := ParseConfig(text)
		if err != nil {
			return
		}
		with, err := c.With([]int{1}, outer, inner)
		if err != nil {
			return
		}
		if got, ok := with.Get(outer, inner); !ok || string(got) != "[1]" {
			t.Fatalf("%q, %q in %q: %s", outer, inner, text, got)
		}
		without, err := with.Without(outer, inner)
		if err != nil {
			return
		}
		if _, ok := without.Get(outer, inner); ok {
			t.Fatalf("%q, %q still in %q", outer, inner, without.Text())
		}
		sameRest(t, c, without, outer)
	})
}

// sameRest checks that all top-level values but one are the same.
func sameRest(t *testing.T, a, b *Config, except string) {
	t.Helper()
	members, err := object(a.text)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range members {
		if m.key == except {
			continue
		}
		got, ok := b.Get(m.key)
		if !ok || string(got) != string(a.text[m.from:m.to]) {
			t.Fatalf("%q: %q became %q", m.key, a.text[m.from:m.to], got)
		}
	}
}
