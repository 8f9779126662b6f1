package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"radswarm/blobstore"
	"radswarm/cmd/internal/control"
	"radswarm/cmd/internal/daemon"
	"radswarm/cmd/internal/ui"
	"radswarm/radicle"
)

// answersOf is what the daemon of these tests answers: one thing of each kind.
func answersOf(t *testing.T) map[string]func(*daemon.Request, func(control.Line)) (any, error) {
	t.Helper()
	bo := did(t, 2)
	when := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	friend := control.Friend{DID: bo, Name: "bo", Give: 5e9, Given: 7e9, Used: 1e9, Room: 6e9, Added: when, Seen: &when, Uptime: 0.5, Silence: "keep"}
	safety := control.Safety{Stored: true, People: 4, Spare: 1, K: 3, N: 10, Placed: 4, Safe: true}
	object := control.Object{Pointer: pointer(), Safety: safety, Added: when, Require: control.Safe, Pending: true}
	shares := []control.Share{{Index: 0, DID: &bo, Name: "bo", Online: true}, {Index: 1}}
	invitation := control.Invitation{ID: "1f2e", Give: 5e9, Name: "bo", Made: when, Ends: when, Line: "swarminvite1xyz"}
	repo := control.Repository{RID: rid(t), Name: "film", Delegates: []radicle.DID{did(t, 1)}, Readers: []radicle.DID{did(t, 1), bo}, Default: "follow"}
	return map[string]func(*daemon.Request, func(control.Line)) (any, error){
		"GET /v1/status": always(control.Status{
			DID: did(t, 1), Alias: "ana", Home: "/h", PID: 7, Started: when, Addresses: []string{"127.0.0.1:8777"},
			Friends: control.FriendCount{Total: 3, Online: 1}, Warnings: []control.Warning{{Text: "disk is full", Hint: "rad swarm free"}},
		}),
		"GET /v1/friends":                                   always(control.Friends{Friends: []control.Friend{friend}, Invitations: []control.Invitation{invitation}}),
		"POST /v1/friends":                                  always(friend),
		"GET /v1/friends/{who}":                             always(friend),
		"PATCH /v1/friends/{who}":                           always(friend),
		"lines DELETE /v1/friends/{who}":                    always(control.RemovedFriend{Moved: 3, Left: 1, Holds: 9}),
		"GET /v1/suggestions":                               always(control.Suggestions{People: []control.Suggestion{{DID: bo, Alias: "bo", Why: "followed"}}}),
		"POST /v1/invitations":                              always(invitation),
		"DELETE /v1/invitations/{id}":                       always(struct{}{}),
		"lines POST /v1/accept":                             always(control.Accepted{Friend: &friend, By: bo}),
		"GET /v1/devices":                                   always(control.Devices{Self: bo, Device: "d"}),
		"POST /v1/devices":                                  always(control.Devices{Self: bo, Further: []radicle.DID{did(t, 3)}}),
		"DELETE /v1/devices/{did}":                          always(control.Devices{Self: bo}),
		"GET /v1/net":                                       always(control.Net{Device: "d", Peers: []control.NetPeer{{DID: bo, Name: "bo", Problem: "no answer"}}}),
		"lines POST /v1/net/dial":                           always(control.Dialled{Peer: control.NetPeer{DID: bo, Name: "bo", Online: true}}),
		"GET /v1/config":                                    always(control.Config{Path: "/c"}),
		"PATCH /v1/config":                                  always(control.Config{Path: "/c", Restart: true}),
		"POST /v1/config/reload":                            always(control.Config{Path: "/c"}),
		"lines POST /v1/put":                                always(control.Stored{Object: pointer(), Safety: safety, Sent: 9}),
		"lines POST /v1/get":                                always(control.Fetched{Object: pointer(), Sources: []control.SourceReport{{DID: bo, Bytes: 9}}}),
		"GET /v1/objects":                                   always(control.Objects{Objects: []control.Object{object}}),
		"GET /v1/objects/{oid}":                             always(control.Holding{Object: object, Shares: shares}),
		"lines DELETE /v1/objects/{oid}":                    always(control.Forgotten{Object: pointer(), Deleted: 4}),
		"lines POST /v1/verify":                             always(control.Verified{Objects: []control.VerifiedObject{{Object: pointer(), Safety: safety, Shares: shares}}}),
		"GET /v1/repositories":                              always(control.Repositories{Repositories: []control.Repository{repo}}),
		"GET /v1/repositories/{rid}":                        always(repo),
		"POST /v1/zone":                                     always(control.DefaultZone{Zone: "private"}),
		"lines POST /v1/repositories/{rid}/zone":            always(control.Zoned{Repository: repo, Changed: 1}),
		"lines POST /v1/repositories/{rid}/members":         always(control.AddedMember{Repository: repo, Line: "swarmmember1xyz"}),
		"lines DELETE /v1/repositories/{rid}/members/{did}": always(repo),
	}
}

func pointer() control.Pointer { return control.Pointer{OID: blobstore.OID{0xab, 0xcd, 0xef}, Size: 9} }

func rid(t *testing.T) radicle.RID {
	t.Helper()
	id, err := radicle.ParseRID("rad:z3gqcJUoA1n9HaHKufZs5FCSGazv5")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// What each command asks, and which type its JSON is: what the daemon answered, and nothing else.
func TestRequests(t *testing.T) {
	w := newWorld(t).with(t)
	d := w.daemon(t, answersOf(t))
	film := file(t, "film")
	there, err := filepath.Abs("there")
	if err != nil {
		t.Fatal(err)
	}
	oid, bo, three, repo := pointer().OID.String(), did(t, 2).String(), did(t, 3).String(), "--repo "+rid(t).String()
	r := "/v1/repositories/" + rid(t).String()
	for _, test := range []struct {
		line   string
		what   string
		body   string
		answer any // of the type of the JSON
	}{
		{"status", "GET /v1/status", "", control.Status{}},
		{"", "GET /v1/status", "", control.Status{}},
		{"friend", "GET /v1/friends", "", control.Friends{}},
		{"friend list", "GET /v1/friends", "", control.Friends{}},
		{"friend show bo", "GET /v1/friends/bo", "", control.Friend{}},
		{"friend show a/../b", "GET /v1/friends/a/../b", "", control.Friend{}},
		{"friend add " + bo + " --give 5GB --addr h:1 --addr h:2", "POST /v1/friends", `{"did":"` + bo + `","give":5000000000,"addresses":["h:1","h:2"]}`, control.Friend{}},
		{"friend set bo --up 2MB/s --down none --name cy", "PATCH /v1/friends/bo", `{"name":"cy","up":2000000,"down":0}`, control.Friend{}},
		{"friend remove bo --drain", "DELETE /v1/friends/bo", `{"drain":true}`, control.RemovedFriend{}},
		{"friend suggest", "GET /v1/suggestions", "", control.Suggestions{}},
		{"invite --give 5GB --name bo --for 7d", "POST /v1/invitations", `{"give":5000000000,"name":"bo","life":604800000000000}`, control.Invitation{}},
		{"invite cancel 1f2e", "DELETE /v1/invitations/1f2e", "", struct{}{}},
		{"device", "GET /v1/devices", "", control.Devices{}},
		{"device add " + three, "POST /v1/devices", `{"did":"` + three + `"}`, control.Devices{}},
		{"device remove " + three, "DELETE /v1/devices/" + three, "", control.Devices{}},
		{"net", "GET /v1/net", "", control.Net{}},
		{"net dial bo", "POST /v1/net/dial", `{"who":"bo"}`, control.Dialled{}},
		{"config", "GET /v1/config", "", control.Config{}},
		{"config set --limit 5GB --accept-public no", "PATCH /v1/config", `{"limit":5000000000,"accept_public":"no"}`, control.Config{}},
		{"config reload", "POST /v1/config/reload", "", control.Config{}},
		{"put " + film + " --require full", "POST /v1/put", `{"path":"` + film + `","require":"full"}`, control.Stored{}},
		{"get " + oid + " -o there", "POST /v1/get", `{"oid":"` + oid + `","to":"` + there + `"}`, control.Fetched{}},
		{"get " + oid + ":9 -o there --force", "POST /v1/get", `{"oid":"` + oid + `","size":9,"to":"` + there + `","replace":true}`, control.Fetched{}},
		{"ls", "GET /v1/objects", "", control.Objects{}},
		{"who-holds " + oid, "GET /v1/objects/" + oid, "", control.Holding{}},
		{"forget " + strings.ToUpper(oid), "DELETE /v1/objects/" + oid, `{}`, control.Forgotten{}},
		{"verify --quick --heal", "POST /v1/verify", `{"quick":true,"heal":true}`, control.Verified{}},
		{"verify " + oid + " --path there", "POST /v1/verify", `{"oids":["` + oid + `"],"path":"` + there + `"}`, control.Verified{}},
		{"member " + repo, "GET " + r, "", control.Repository{}},
		{"member add " + bo + " --no-read " + repo, "POST " + r + "/members", `{"did":"` + bo + `","no_read":true}`, control.AddedMember{}},
		{"member remove " + bo + " " + repo, "DELETE " + r + "/members/" + bo, "", control.Repository{}},
		{"zone --all", "GET /v1/repositories", "", control.Repositories{}},
		{"zone " + repo, "GET " + r, "", control.Repository{}},
		{"zone default public --all --sure", "POST /v1/zone", `{"zone":"public","sure":true}`, control.DefaultZone{}},
		{"zone default private " + repo, "POST " + r + "/zone", `{"default":"private"}`, control.Zoned{}},
		{"zone set public --all --sure " + repo, "POST " + r + "/zone", `{"all":true,"zone":"public","sure":true}`, control.Zoned{}},
		{"zone set public " + oid + ":9 " + repo, "POST " + r + "/zone", `{"object":{"oid":"` + oid + `","size":9},"zone":"public"}`, control.Zoned{}},
	} {
		text := w.line(t, test.line)
		if text.exit != 0 || text.out == "" || strings.Contains(text.err, "error") {
			t.Errorf("%s: %v", test.line, text)
		}
		if diff := cmp.Diff([]asked{{test.what, test.body}}, d.requests()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.line, diff)
		}
		checkJSON(t, test.line, w.line(t, test.line+" --json -q"), test.answer)
		d.requests()
	}
}

// checkJSON checks that an output is one value of a type, with no field that it does not have and none missing.
func checkJSON(t *testing.T, line string, got said, want any) {
	t.Helper()
	value := reflect.New(reflect.TypeOf(want))
	decoder := json.NewDecoder(strings.NewReader(got.out))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value.Interface()); err != nil || decoder.More() || got.err != "" || got.exit != 0 {
		t.Errorf("%s --json: %v, %v", line, err, got)
		return
	}
	again, err := json.MarshalIndent(value.Interface(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(again)+"\n", got.out); diff != "" {
		t.Errorf("%s --json:\n%s", line, diff)
	}
}

// An object may be named by as many digits as are needed.
func TestShortNames(t *testing.T) {
	w := newWorld(t).with(t)
	answers := answersOf(t)
	one, other := pointer(), pointer()
	other.OID[4] = 1
	answers["GET /v1/objects"] = always(control.Objects{Objects: []control.Object{{Pointer: one}, {Pointer: other}}})
	d := w.daemon(t, answers)
	got := w.line(t, "who-holds abcdef000")
	checkRefused(t, "two", got, ui.Usage, "2 objects begin with abcdef000: give more digits", "rad swarm ls")
	got = w.line(t, "who-holds abcdee")
	checkRefused(t, "none", got, ui.NotFound, "no object here begins with abcdee", "rad swarm ls")
	d.requests()
	if got := w.line(t, "who-holds abcdef0001"); got.exit != 0 {
		t.Error(got)
	}
	want := []asked{{"GET /v1/objects", ""}, {"GET /v1/objects/" + other.OID.String(), ""}}
	if diff := cmp.Diff(want, d.requests()); diff != "" {
		t.Error(diff)
	}
}

// The errors of a daemon are a line, a hint and the exit code of their code, be it at once or in the middle of lines.
func TestDaemonErrors(t *testing.T) {
	w := newWorld(t).with(t)
	answers := answersOf(t)
	for _, e := range ui.Exits() {
		if e.Code == "" || e.Code == control.CodeLocked {
			continue
		}
		refusal := &control.Error{Code: e.Code, Message: "it is so", Hint: "rad swarm do"}
		answers["GET /v1/friends/{who}"] = func(*daemon.Request, func(control.Line)) (any, error) { return nil, refusal }
		answers["lines POST /v1/put"] = func(_ *daemon.Request, tell func(control.Line)) (any, error) {
			tell(control.Line{Note: "it begins"})
			return nil, refusal
		}
		t.Run(string(e.Code), func(t *testing.T) {
			w.daemon(t, answers)
			checkRefused(t, "show", w.line(t, "friend show bo --json"), e.Number, "it is so", "rad swarm do")
			checkRefused(t, "put", w.line(t, "-q put "+file(t, "film")), e.Number, "it is so", "rad swarm do")
		})
	}
}

// A locked daemon is unlocked with what the environment has, and asked once more; where that does not help, it is said.
func TestUnlockOnTheWay(t *testing.T) {
	w := newWorld(t).with(t)
	w.env["SSH_AUTH_SOCK"] = "/agent"
	locked := &control.Error{Code: control.CodeLocked, Message: "the Radicle key is locked", Hint: "rad swarm unlock"}
	open := false
	answers := answersOf(t)
	answers["POST /v1/unlock"] = func(in *daemon.Request, _ func(control.Line)) (any, error) {
		var u control.Unlock
		if err := in.Decode(&u); err != nil {
			return nil, err
		}
		if open = u.Passphrase == "secret"; !open {
			return nil, locked
		}
		return control.Status{}, nil
	}
	answers["POST /v1/invitations"] = func(*daemon.Request, func(control.Line)) (any, error) {
		if !open {
			return nil, locked
		}
		return control.Invitation{Line: "swarminvite1xyz"}, nil
	}
	d := w.daemon(t, answers)
	whats := func() (list []string) {
		for _, a := range d.requests() {
			list = append(list, a.What)
		}
		return list
	}
	checkRefused(t, "locked", w.line(t, "invite --give 5GB"), ui.Locked, "the Radicle key is locked", "rad swarm unlock")
	if diff := cmp.Diff([]string{"POST /v1/invitations", "POST /v1/unlock"}, whats()); diff != "" {
		t.Error(diff)
	}
	checkRefused(t, "unlock", w.line(t, "unlock"), ui.Locked, "the Radicle key is locked", "rad swarm unlock")
	whats()
	w.env["RAD_PASSPHRASE"] = "secret"
	if got := w.line(t, "invite --give 5GB -q"); got.exit != 0 || got.out != "swarminvite1xyz\n" || got.err != "" {
		t.Error(got)
	}
	if diff := cmp.Diff([]string{"POST /v1/invitations", "POST /v1/unlock", "POST /v1/invitations"}, whats()); diff != "" {
		t.Error(diff)
	}
	open = false
	delete(w.env, "RAD_PASSPHRASE")
	w.in = stdin(t, "secret\r\nand more")
	if got := w.line(t, "unlock --stdin"); got.exit != 0 || got.out != "unlocked\n" || !open {
		t.Error(got)
	}
}

// Ctrl-C in the middle of work ends it, and says how it goes on.
func TestInterrupted(t *testing.T) {
	w := newWorld(t).with(t)
	answers := answersOf(t)
	began, gone := make(chan struct{}), make(chan struct{})
	answers["lines POST /v1/put"] = func(_ *daemon.Request, tell func(control.Line)) (any, error) {
		tell(control.Line{Progress: &control.Progress{What: "sending", Bytes: 1, Total: 9}})
		close(began)
		<-gone
		return nil, errors.New("nobody hears this")
	}
	w.daemon(t, answers)
	defer close(gone)
	ctx, stop := contextUntil(t, began)
	defer stop()
	got := w.runUntil(ctx, "put", file(t, "film"))
	want := "error: interrupted\nhint: say the same again: it goes on where it was; rad swarm status shows what spreads by itself\n"
	if got.exit != ui.Interrupted || got.out != "" || !strings.HasSuffix(got.err, want) {
		t.Error(got)
	}
}

// Names are hostile: nothing of them reaches a terminal.
func TestHostileNames(t *testing.T) {
	w := newWorld(t).with(t)
	evil := "bo\x1b]0;x\x07\u202e\r\n"
	answers := answersOf(t)
	answers["GET /v1/friends"] = always(control.Friends{Friends: []control.Friend{{DID: did(t, 2), Name: evil, Uptime: -1}}})
	answers["GET /v1/friends/{who}"] = func(*daemon.Request, func(control.Line)) (any, error) {
		return nil, &control.Error{Code: control.CodeFailed, Message: evil, Hint: evil}
	}
	answers["lines POST /v1/put"] = func(_ *daemon.Request, tell func(control.Line)) (any, error) {
		tell(control.Line{Note: evil})
		tell(control.Line{Progress: &control.Progress{What: evil}})
		return control.Stored{Failed: []control.PersonError{{Name: evil, Error: evil}}}, nil
	}
	w.daemon(t, answers)
	for _, line := range []string{"friend", "friend --json", "friend show bo", "put " + file(t, "film"), evil, "friend show " + evil, "put -- " + evil} {
		got := w.run(t, strings.Split(line, " ")...)
		for _, text := range []string{got.out, got.err} {
			if strings.ContainsAny(text, "\x1b\x07\r\u202e") {
				t.Errorf("%q prints %q", line, text)
			}
		}
	}
}

// Nothing is asked, and nobody waited for, without a terminal.
func TestAuth(t *testing.T) {
	for name, test := range map[string]struct {
		line string
		env  string
		in   string
		exit int
		want string
	}{
		"nothing said":   {"auth --alias ana", "", "", ui.Usage, "a passphrase is missing"},
		"both":           {"auth --alias ana --stdin --no-passphrase", "", "", ui.Usage, "--no-passphrase and --stdin do not go"},
		"no alias":       {"auth --no-passphrase", "", "", ui.Usage, "auth: --alias is missing"},
		"long alias":     {"auth --no-passphrase --alias " + strings.Repeat("a", 33), "", "", ui.Usage, "alias: "},
		"too long":       {"auth --alias ana --stdin", "", strings.Repeat("x", 5000), ui.Usage, "passphrase is longer"},
		"in clear":       {"auth --alias ana --no-passphrase", "", "", 0, ""},
		"environment":    {"auth --alias ana", "secret", "", 0, ""},
		"standard input": {"auth --alias ana --stdin", "other", "secret\n", 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.env != "" {
				w.env["RAD_PASSPHRASE"] = test.env
			}
			w.in = stdin(t, test.in)
			got := w.line(t, test.line)
			if test.exit != 0 {
				if _, err := os.Stat(w.home.Dir()); err == nil {
					t.Error("something was made")
				}
				if got.exit != test.exit || !strings.HasPrefix(got.err, "error: "+test.want) {
					t.Error(got)
				}
				return
			}
			key, err := os.ReadFile(w.home.SecretKey())
			if got.exit != 0 || err != nil {
				t.Fatal(got, err)
			}
			w.env["RAD_PASSPHRASE"] = ""
			if name != "in clear" {
				w.env["RAD_PASSPHRASE"] = "secret"
			}
			checkSigns(t, w)
			checkRefused(t, "again", w.line(t, "auth --alias ana --no-passphrase"), ui.Conflict, "there is a home already", "rad swarm status")
			if after, err := os.ReadFile(w.home.SecretKey()); err != nil || string(after) != string(key) {
				t.Error("the key is another one")
			}
		})
	}
}

func (a asked) String() string { return fmt.Sprint(a.What, " ", a.Body) }
