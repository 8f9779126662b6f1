package cob_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"radswarm/radicle"
	"radswarm/radicle/cob"
	"radswarm/radicle/gitobj"
)

// update rewrites operations.json: go test -run OperationVectors ./radicle/cob -update
var update = flag.Bool("update", false, "rewrite testdata/vectors/radicle/cob/operations.json")

// operation is a row of operations.json: what goes in, and the objects that come out.
type operation struct {
	Why               string
	Seed              byte // the key's seed is 32 times this
	Alias             radicle.Alias
	Seconds           int64
	Type              cob.TypeName
	Message           string
	Tips, Related     []radicle.Oid
	Resource          radicle.Oid `json:",omitzero"`
	Actions           []string
	Document          string      `json:",omitempty"` // embedded as radicle.json
	Tree, Commit      radicle.Oid `json:",omitzero"`
	CommitText        string
	publishedTree     string // by Radicle's documentation, or written by rad 1.10.0; "" where only the commit was
	publishedCommitID string
}

const (
	heartwoodDelegates = `{"delegates":["did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"],"payload":{`
	twoDelegates       = `{"delegates":["did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi",` +
		`"did:key:z6Mkt67GdsW7715MEfRuP4pSZxJRJh6kj6Y48WRqVv4N1tRk"],"payload":{`
	crefsPayload   = `"xyz.radicle.crefs":{"rules":{"refs/tags/releases/*":{"allow":"delegates","threshold":1}}},`
	projectPayload = `"xyz.radicle.project":{"defaultBranch":"master","description":"Radicle Heartwood Protocol & Stack","name":"heartwood"}},"threshold":1}`
	secondPayload  = `"xyz.radicle.project":{"defaultBranch":"master","description":"Second","name":"heartwood"}},"threshold":1}`
)

// operations are those of Radicle's documentation tests and of rad 1.10.0, with the ids that were published for them.
func operations(t *testing.T) []operation {
	ids := func(list ...string) []radicle.Oid {
		var oids []radicle.Oid
		for _, s := range list {
			oids = append(oids, parse(t, s))
		}
		return oids
	}
	const identity, crefs, addBo, rename = "0656c217f917c3e06234771e9ecae53aba5e173e", "5eccb9caedcfac0873c99b48fad9f583ea71735d",
		"7f841dc88bb585b3e5aa7c12c159bbc67bdb3c6f", "68fee2c8948df02c4755c307768f078e0deee3dd"
	const base, head = "f2de534b5e81d7c6e2dcaf58c3dd91573c0a0354", "42d894a83c9c356552a57af09ccdbd5587a99045"
	rows := []operation{
		{
			Why: "rad init", Type: "xyz.radicle.id", Message: "Initialize identity", Document: heartwoodDelegates + projectPayload,
			Actions:       []string{`{"blob":"d96f425412c9f8ad5d9a9a05c9831d0728e2338d","parent":null,"signature":"z5nGqUvrmfiSyLjNCHWTWYvVMcPUZcvo9TxPKzEKXYBdSgUzbrqf1cYsmpGgbQvYunnsrLSsubEmxZaRdKM4quqQR","title":"Initial revision","type":"revision"}`},
			publishedTree: "fc8a67224be6088f6ace394748c6320934c946b5", publishedCommitID: identity,
		},
		{
			Why: "rad id update: add crefs", Type: "xyz.radicle.id", Message: "Propose revision", Tips: ids(identity),
			Document:      heartwoodDelegates + crefsPayload + projectPayload,
			Actions:       []string{`{"blob":"a67780106c3bf969d364ddf559c048edfa23fa71","parent":"0656c217f917c3e06234771e9ecae53aba5e173e","signature":"z4yeuBqFqZwBQ53BmSW4KRaQoeDrvcDdLyKiZKCVf2ASRrbdRrmWv7NY2vBeDaBrwowUhsY7gvRtqTihTiaruF4Wx","title":"Add crefs","type":"revision"}`},
			publishedTree: "5448e5389a0ef944932d6901ef8bca1c5f1391f9", publishedCommitID: crefs,
		},
		{
			Why: "rad id update: add a delegate", Type: "xyz.radicle.id", Message: "Propose revision", Tips: ids(crefs),
			Document:      twoDelegates + crefsPayload + projectPayload,
			Actions:       []string{`{"blob":"31a64c3b16abf0bf101f49a193acf3bb8b2cc317","parent":"5eccb9caedcfac0873c99b48fad9f583ea71735d","signature":"z5dAodMbrc2RRQWc2oxECG7Cirao4d5hiz5cr5g2bGCHfwozX8HsWcxYgXz7bNWigjE5whJH4KXgVC6t3mMhim7D8","title":"Add bob","type":"revision"}`},
			publishedTree: "65b36c78324f2472caba41d5b13d96fe944a8cf9", publishedCommitID: addBo,
		},
		{
			Why: "rad id update: rename, with a description", Type: "xyz.radicle.id", Message: "Propose revision", Tips: ids(addBo),
			Document:      twoDelegates + crefsPayload + secondPayload,
			Actions:       []string{`{"blob":"ae4f55910dc7e764bc6b3f6ee92687362c8ffded","description":"A longer text","parent":"7f841dc88bb585b3e5aa7c12c159bbc67bdb3c6f","signature":"z5oJD6w4ri9QFKydTAVkq574eqgZgFzJfjXyRfXfACdjDjQ1XT9XYinaqsietzTHg2smgfxYaJs5qMKXxfHBbmL1T","title":"Rename","type":"revision"}`},
			publishedTree: "2bf4480aea3b4fceef24bb218f5e7ba6b155a57f", publishedCommitID: rename,
		},
		{
			Why: "rad id accept, by Bo", Seed: 0xfe, Alias: "bob", Type: "xyz.radicle.id", Message: "Accept revision", Tips: ids(rename),
			Actions:       []string{`{"revision":"68fee2c8948df02c4755c307768f078e0deee3dd","signature":"zCAzjNbXJ4hmkr4d16SnLBeWGKtBTtq6LF4VtphrREFYHLacL1KgCv4hhLrcQ8bDCKFU3kKnatAmNjbR67AwV5AM","type":"revision.accept"}`},
			publishedTree: "5e2e8fe5d1772cd870d33c32e008dc0de37ac713", publishedCommitID: "264272db37a5e397ac60d100bcaca63ae1de3740",
		},
		{
			Why: "a patch, in Radicle's documentation", Type: "xyz.radicle.patch", Message: "Create patch", Resource: parse(t, identity),
			Related: ids(base, head, base), // in any order, and twice
			Actions: []string{
				`{"base":"f2de534b5e81d7c6e2dcaf58c3dd91573c0a0354","description":"See commits for details.","oid":"42d894a83c9c356552a57af09ccdbd5587a99045","type":"revision"}`,
				`{"target":"delegates","title":"Add things #1","type":"edit"}`,
			},
			publishedCommitID: "6035d2f582afbe01ff23ea87528ae523d76875b6",
		},
		{
			Why: "rad cob create, which names no resource", Type: "org.radswarm.test", Message: "Create test",
			Actions:       []string{`{"parents":[],"type":"create"}`},
			publishedTree: "8a7f0807370231e0035d1e41c6f4bc9734e47ffc", publishedCommitID: "63320f85d9c8873a4fdf029b1e16d446d3ec4bc2",
		},
		{
			Why: "a type of ours with a resource, accepted and replicated by real nodes", Type: "org.radswarm.test", Message: "Create test",
			Resource: parse(t, identity), Actions: []string{`{"type":"create"}`},
			publishedTree: "3990e13d0d004db35c342f215894a781fb15242a", publishedCommitID: "fc940f4efe121aa7af7bcfb72d75622b600e3c34",
		},
	}
	for i := range rows {
		if rows[i].Seconds = when.Unix(); rows[i].Seed == 0 {
			rows[i].Seed, rows[i].Alias = 0xff, "alice"
		}
	}
	return rows
}

// write writes a row's operation.
func (o operation) write(t *testing.T, w gitobj.Writer) *cob.Entry {
	t.Helper()
	c := cob.Change{
		Type: o.Type, Message: o.Message, Tips: o.Tips, Related: o.Related, Resource: o.Resource, Actions: actions(o.Actions...),
	}
	if o.Document != "" {
		c.Embeds = []cob.Embed{{Name: "radicle.json", Blob: blob(t, w, o.Document)}}
	}
	return mustWrite(t, w, c, signer(o.Seed), cob.Author(o.Alias, signer(o.Seed).NID(), when))
}

func TestOperationVectors(t *testing.T) {
	w := gitobj.NewMemory(20)
	rows := operations(t)
	for i, row := range rows {
		e := row.write(t, w)
		if e.ID.String() != row.publishedCommitID || row.publishedTree != "" && e.Tree.String() != row.publishedTree {
			t.Errorf("%s: commit %v, tree %v, want %s, %s", row.Why, e.ID, e.Tree, row.publishedCommitID, row.publishedTree)
		}
		read, err := cob.ReadEntry(t.Context(), w, e.ID, cob.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(e, read, ignoreHidden); diff != "" || read.Verify() != nil {
			t.Errorf("%s: what was written and what is read: %s, %v", row.Why, diff, read.Verify())
		}
		_, text, err := w.Read(t.Context(), e.ID, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		rows[i].Tree, rows[i].Commit, rows[i].CommitText = e.Tree, e.ID, string(text)
	}
	checkFile(t, "operations.json", rows)
}

func checkFile(t *testing.T, name string, rows any) {
	t.Helper()
	var want bytes.Buffer
	enc := json.NewEncoder(&want)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(rows); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("..", "..", "testdata", "vectors", "radicle", "cob", name)
	if *update {
		if err := os.WriteFile(file, want.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want.Bytes()) {
		t.Errorf("%s does not hold what the code makes:\n%s", file, want.Bytes())
	}
}
