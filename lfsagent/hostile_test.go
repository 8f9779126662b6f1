package lfsagent

import (
	"crypto/sha256"
	"strings"
	"testing"

	"radswarm/blobstore"
)

func TestHostileRequests(t *testing.T) {
	good := `"oid":"` + strings.Repeat("ab", 32) + `"`
	empty := blobstore.OID(sha256.Sum256(nil)).String()
	tests := []struct {
		name, line string
		code       Code
		part       string
	}{
		{"no json", `hello`, CodeRequest, "no message"},
		{"half of it", `{"event":"upload",` + good, CodeRequest, "no message"},
		{"another value", `[1]`, CodeRequest, "no message"},
		{"null", `null`, CodeRequest, "no message"},
		{"a number for the event", `{"event":5}`, CodeRequest, "no message"},
		{"deep", `{"x":` + strings.Repeat("[", 20000), CodeRequest, "no message"},
		{"long", `{"event":"upload","path":"` + strings.Repeat("x", maxLine) + `"}`, CodeRequest, "no message"},
		{"no oid", `{"event":"upload","size":1,"path":"/x"}`, CodeRequest, "no message"},
		{"short oid", `{"event":"upload","oid":"ab","size":1,"path":"/x"}`, CodeRequest, "no message"},
		{"oid of others", `{"event":"upload","oid":"` + strings.Repeat("zz", 32) + `","size":1,"path":"/x"}`, CodeRequest, "no message"},
		{"oid as a path", `{"event":"upload","oid":"../../../../etc/passwd","size":1,"path":"/x"}`, CodeRequest, "no message"},
		{"negative size", `{"event":"upload",` + good + `,"size":-1,"path":"/x"}`, CodeRequest, "-1 bytes"},
		{"huge size", `{"event":"upload",` + good + `,"size":70368744177665,"path":"/x"}`, CodeRequest, "the largest has"},
		{"size out of range", `{"event":"upload",` + good + `,"size":1e30,"path":"/x"}`, CodeRequest, "no message"},
		{"size as text", `{"event":"upload",` + good + `,"size":"5","path":"/x"}`, CodeRequest, "no message"},
		{"nothing with a name", `{"event":"upload",` + good + `,"size":0,"path":"/x"}`, CodeRequest, "cannot have this name"},
		{"something with no name", `{"event":"upload","oid":"` + empty + `","size":1,"path":"/x"}`, CodeRequest, "cannot have this name"},
		{"no path", `{"event":"upload",` + good + `,"size":1}`, CodeRequest, "names no file"},
		{"relative path", `{"event":"upload",` + good + `,"size":1,"path":"x"}`, CodeRequest, "names no file"},
		{"path with NUL", `{"event":"upload",` + good + `,"size":1,"path":"/x\u0000"}`, CodeRequest, "names no file"},
		{"path with lines", `{"event":"upload",` + good + `,"size":1,"path":"/no\n\u001b[31m\r\nfile"}`, CodeMissing, "the file is gone: /no ?[31m file"},
		{"a folder", `{"event":"upload",` + good + `,"size":1,"path":"/"}`, CodeConflict, "no file"},
		{"a server's action", `{"event":"upload",` + good + `,"size":1,"path":"/x","action":{"href":"http://x"}}`, CodeRefused, "refused"},
		{"action of another type", `{"event":"upload",` + good + `,"size":1,"path":"/x","action":false}`, CodeRefused, "refused"},
		{"the other operation", `{"event":"download",` + good + `,"size":1}`, CodeRequest, "worker for upload"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := newTalk(t, nil).init(Upload)
			k.send("%s", tt.line)
			r, _ := k.result()
			wantError(t, r, tt.code, tt.part)
			if oid := strings.Repeat("ab", 32); strings.Contains(tt.line, oid+`",`) && r.OID != oid {
				t.Errorf("the answer is about %q", r.OID)
			}
			p, path := k.object("next")
			if r, sum := k.upload(p, path); r.Error != nil || sum != p.Size {
				t.Errorf("the next object: %+v", r.Error)
			}
			if err := k.end(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestHostileInit(t *testing.T) {
	for line, part := range map[string]string{
		`{"event":"init","operation":"verify","remote":"origin"}`:                                        "neither upload nor download",
		`{"event":"init","remote":"origin"}`:                                                             "neither upload nor download",
		`{"event":"init","operation":"upload","remote":7}`:                                               "no message",
		`{"event":"init","operation":"upload","remote":"` + strings.Repeat("x", maxRemote+1) + `"}`:      "4097 bytes",
		`{"event":"init","operation":"` + strings.Repeat("\u202e", 9000) + `","remote":"origin"}`:        "neither upload nor download",
		`{"event":"init","operation":"upload","remote":"origin","concurrenttransfers":"x","new":[{}],,}`: "no message",
	} {
		k := newTalk(t, nil)
		k.send("%s", line)
		r := k.reply()
		if r.Error == nil || !strings.Contains(r.Error.Message, part) || len(r.Error.Message) > 200 {
			t.Errorf("%.60s: %+v", line, r.Error)
		}
		k.end()
	}
}

func TestRequestsOutOfOrder(t *testing.T) {
	k := newTalk(t, nil)
	p, path := k.object("early")
	r, _ := k.upload(p, path)
	wantError(t, r, CodeRequest, "before init")
	k.init(Upload)
	k.send(`{"event":"init","operation":"download","remote":"origin"}`)
	if r := k.reply(); r.Error == nil || !strings.Contains(r.Error.Message, "again") {
		t.Errorf("second init: %+v", r.Error)
	}
	if r, _ := k.upload(p, path); r.Error != nil {
		t.Errorf("still a worker for upload: %+v", r.Error)
	}
}

// Later versions may send more. It is not answered.
func TestUnknownIsIgnored(t *testing.T) {
	k := newTalk(t, nil)
	k.send(`{"event":"hello","size":"?"}`)
	k.send(``)
	k.send(`  `)
	k.send(`{"event":"init","operation":"upload","remote":"origin","version":2,"features":["bundle"]}`)
	if got := k.line(); got != "{}\n" {
		t.Errorf("init: %q", got)
	}
	k.send(`{"event":"checkpoint","oid":"x"}`)
	p, path := k.object("a film")
	k.send(`{"event":"upload","oid":"%v","size":%d,"path":%q,"action":null,"actions":[1],"OTHER":{}}`, p.OID, p.Size, path)
	if r, sum := k.result(); r.Error != nil || sum != p.Size {
		t.Errorf("%+v", r.Error)
	}
}
