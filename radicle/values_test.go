package radicle_test

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/mr-tron/base58"

	"radswarm/radicle"
)

const (
	anaNID  = "z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi"
	sha1Oid = "d96f425412c9f8ad5d9a9a05c9831d0728e2338d"
	sha1RID = "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji"
)

func TestOidParse(t *testing.T) {
	sha256 := strings.Repeat("ab", 32)
	for _, s := range []string{sha1Oid, sha256, strings.Repeat("0", 40), strings.Repeat("0", 63) + "1"} {
		oid, err := radicle.ParseOid(s)
		if err != nil || oid.String() != s || 2*oid.Len() != len(s) {
			t.Errorf("ParseOid(%q) = %v of %d bytes, %v", s, oid, oid.Len(), err)
		}
		again, err := radicle.OidFromBytes(oid.Bytes())
		if err != nil || again != oid {
			t.Errorf("OidFromBytes(%v) = %v, %v", oid, again, err)
		}
	}
	upper, err := radicle.ParseOid(strings.ToUpper(sha1Oid))
	if err != nil || upper.String() != sha1Oid {
		t.Errorf("upper case: %v, %v", upper, err)
	}
	for _, n := range []int{0, 1, 38, 39, 41, 42, 62, 63, 65, 66, 1 << 20} {
		if _, err := radicle.ParseOid(strings.Repeat("a", n)); !errors.Is(err, radicle.ErrOid) {
			t.Errorf("%d digits: %v", n, err)
		}
	}
	for _, s := range []string{"+f" + sha1Oid[2:], "g" + sha1Oid[1:], " " + sha1Oid[1:]} {
		if _, err := radicle.ParseOid(s); !errors.Is(err, radicle.ErrOid) {
			t.Errorf("ParseOid(%q): %v", s, err)
		}
	}
}

func TestOidZero(t *testing.T) {
	var zero radicle.Oid
	null, err := radicle.ParseOid(strings.Repeat("0", 40))
	if err != nil || !null.IsZero() || !zero.IsZero() || null == zero {
		t.Errorf("null id %v, zero value %v, %v", null, zero, err)
	}
	if zero.Len() != 0 || zero.String() != "" || len(zero.Bytes()) != 0 {
		t.Errorf("zero value: %d bytes, %q", zero.Len(), zero)
	}
	if _, err := zero.MarshalText(); !errors.Is(err, radicle.ErrOid) {
		t.Errorf("zero value as text: %v", err)
	}
	oid, _ := radicle.ParseOid(sha1Oid)
	if oid.IsZero() {
		t.Errorf("%v is no id", oid)
	}
	oid.Bytes()[0] = 0 // a copy
	if oid.String() != sha1Oid {
		t.Errorf("Bytes gave away the id's own bytes")
	}
}

func TestOidCompare(t *testing.T) {
	short, long := strings.Repeat("00", 19)+"02", strings.Repeat("00", 31)+"01"
	a, _ := radicle.ParseOid(short)
	b, _ := radicle.ParseOid(long)
	if a.Compare(a) != 0 || a.Compare(b) != 1 || b.Compare(a) != -1 {
		t.Errorf("%v and %v are not ordered by their bytes", a, b)
	}
}

func TestRID(t *testing.T) {
	oid, _ := radicle.ParseOid(sha1Oid)
	for _, s := range []string{sha1RID, strings.TrimPrefix(sha1RID, "rad:")} {
		rid, err := radicle.ParseRID(s)
		if err != nil || rid.Oid() != oid || rid != radicle.NewRID(oid) || rid.String() != sha1RID {
			t.Errorf("ParseRID(%q) = %v, %v", s, rid, err)
		}
		if want := strings.TrimPrefix(sha1RID, "rad:"); rid.Canonical() != want {
			t.Errorf("canonical form %q, want %q", rid.Canonical(), want)
		}
	}
	var zero radicle.RID
	if !zero.IsZero() || zero.String() != "" || zero.Canonical() != "" {
		t.Errorf("zero value: %q, %q", zero, zero.Canonical())
	}
	if _, err := zero.MarshalText(); !errors.Is(err, radicle.ErrRID) {
		t.Errorf("zero value as text: %v", err)
	}
}

func TestRIDRefuses(t *testing.T) {
	for _, s := range []string{
		"", "z", "rad:", "rad:z", "rad:rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji", "rad://z42hL2jL4XNk6K8oHQaSWfMgCL7ji",
		"RAD:z42hL2jL4XNk6K8oHQaSWfMgCL7ji", "xyz:z42hL2jL4XNk6K8oHQaSWfMgCL7ji", "rad: z42hL2jL4XNk6K8oHQaSWfMgCL7ji",
		"rad:Z42hL2jL4XNk6K8oHQaSWfMgCL7ji", "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7j0", "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7jI",
		"rad:z42hL2jL4XNk6K8oHQaSWfMgCL7jO", "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7jl", "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7já",
		"rad:z42hL2jL4XNk6K8oHQaSWfMgCL7ji\n", "rad:z42hL2jL4XNk6K8oHQaSWf", "rad:z42hL2jL4XNk6K8oHQaSWfMgCL7jiabcdef",
		"rad:f" + sha1Oid, "rad:z" + strings.Repeat("1", 19), "rad:z" + strings.Repeat("z", 1<<20), "rad:" + anaNID,
	} {
		if rid, err := radicle.ParseRID(s); !errors.Is(err, radicle.ErrRID) || len(err.Error()) > 300 {
			t.Errorf("ParseRID(%.60q) = %v, %v", s, rid, err)
		}
	}
}

func TestNIDAndDID(t *testing.T) {
	nid, err := radicle.ParseNID(anaNID)
	if err != nil || nid.String() != anaNID {
		t.Fatalf("ParseNID = %v, %v", nid, err)
	}
	did, err := radicle.ParseDID("did:key:" + anaNID)
	if err != nil || did.NID() != nid || nid.DID() != did || did.String() != "did:key:"+anaNID {
		t.Errorf("ParseDID = %v, %v", did, err)
	}
	if nid.IsZero() || did.IsZero() || !(radicle.NID{}).IsZero() || !(radicle.DID{}).IsZero() {
		t.Error("IsZero")
	}
	nid.PublicKey()[0]++ // a copy
	if nid.String() != anaNID {
		t.Error("PublicKey gave away the id's own bytes")
	}
	other := nid
	other[31]++
	if nid.Compare(other) != -1 || other.DID().Compare(did) != 1 || did.Compare(did) != 0 {
		t.Error("keys are not ordered by their bytes")
	}
}

func TestNIDRefuses(t *testing.T) {
	for _, s := range []string{
		"", "z", anaNID[1:], "z" + anaNID, anaNID + "1", anaNID[:47], "Z" + anaNID[1:], "did:key:" + anaNID,
		"fed01" + strings.Repeat("00", 32), // base16: Radicle reads it, and never writes it
		"z" + base58.Encode(append([]byte("\xed\x01"), make([]byte, 31)...)), "z" + base58.Encode([]byte("\xed\x01")),
		sha1RID[4:], "z" + strings.Repeat("1", 34), "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", // an X25519 key
		"z" + strings.Repeat("z", 1<<20),
	} {
		if nid, err := radicle.ParseNID(s); !errors.Is(err, radicle.ErrNID) || len(err.Error()) > 300 {
			t.Errorf("ParseNID(%.60q) = %v, %v", s, nid, err)
		}
		if _, err := radicle.ParseDID("did:key:" + s); !errors.Is(err, radicle.ErrDID) {
			t.Errorf("ParseDID(did:key:%.60q): %v", s, err)
		}
	}
	for _, s := range []string{"", anaNID, "did:web:" + anaNID, "DID:key:" + anaNID, "did:key:"} {
		if _, err := radicle.ParseDID(s); !errors.Is(err, radicle.ErrDID) {
			t.Errorf("ParseDID(%q): %v", s, err)
		}
	}
}

// TestLongTextIsNotDecoded: base58 takes time that grows with the square of the length.
func TestLongTextIsNotDecoded(t *testing.T) {
	for _, n := range []int{100, 1 << 10, 1 << 20} {
		_, err := radicle.ParseNID("z" + strings.Repeat("z", n))
		if want := fmt.Sprintf("%d characters long", n+1); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d digits: %v", n, err)
		}
	}
}

func TestAlias(t *testing.T) {
	for _, s := range []string{"ana", "Ω", "a/b", "ana@z6Mk", strings.Repeat("a", 32), strings.Repeat("é", 16), "a\u200bb"} {
		alias, err := radicle.ParseAlias(s)
		if err != nil || alias.String() != s {
			t.Errorf("ParseAlias(%q) = %q, %v", s, alias, err)
		}
	}
	for _, s := range []string{
		"", " ", "a b", "a\tb", "ana\n", "a\x00", "a\x7f", "a\u0085b", "a\u00a0b", "a\u2028b", "a\u3000b", "\xff",
		strings.Repeat("a", 33), strings.Repeat("é", 17),
	} {
		if _, err := radicle.ParseAlias(s); !errors.Is(err, radicle.ErrAlias) {
			t.Errorf("ParseAlias(%q): %v", s, err)
		}
		if _, err := radicle.Alias(s).MarshalText(); !errors.Is(err, radicle.ErrAlias) {
			t.Errorf("Alias(%q).MarshalText: %v", s, err)
		}
	}
}

func TestSignatureText(t *testing.T) {
	const text = "z5nGqUvrmfiSyLjNCHWTWYvVMcPUZcvo9TxPKzEKXYBdSgUzbrqf1cYsmpGgbQvYunnsrLSsubEmxZaRdKM4quqQR"
	sig, err := radicle.ParseSignature(text)
	if err != nil || sig.String() != text {
		t.Errorf("ParseSignature = %v, %v", sig, err)
	}
	for _, s := range []string{"", "z", text[1:], text[:80], text + "1", text + "11", anaNID, "z" + strings.Repeat("z", 1<<20)} {
		if _, err := radicle.ParseSignature(s); !errors.Is(err, radicle.ErrSignature) {
			t.Errorf("ParseSignature(%.60q): %v", s, err)
		}
	}
}

// document has one field of each type: what JSON makes of them.
type document struct {
	Oid  radicle.Oid            `json:"oid"`
	RID  radicle.RID            `json:"rid"`
	NID  radicle.NID            `json:"nid"`
	DID  radicle.DID            `json:"did"`
	Name radicle.Alias          `json:"name"`
	Sig  radicle.Signature      `json:"sig"`
	Map  map[radicle.DID]string `json:"map"`
	None radicle.Oid            `json:"none,omitzero"`
}

func TestJSON(t *testing.T) {
	text := fmt.Sprintf(`{"oid":"%[1]s","rid":"%[2]s","nid":"%[3]s","did":"did:key:%[3]s","name":"ana","sig":"z%[4]s",`+
		`"map":{"did:key:%[3]s":"x"}}`, sha1Oid, sha1RID, anaNID, strings.Repeat("1", 64))
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	got, err := json.Marshal(d)
	if err != nil || string(got) != text {
		t.Errorf("\n got %s, %v\nwant %s", got, err, text)
	}
	for _, field := range []string{"oid", "rid", "nid", "did", "name", "sig"} {
		for _, value := range []string{`""`, `"?"`, `7`, `{}`, `"z1"`, `"\u0000"`} {
			bad := fmt.Sprintf(`{"%s":%s}`, field, value)
			if field == "name" && (value == `"?"` || value == `"z1"`) {
				continue
			}
			if err := json.Unmarshal([]byte(bad), new(document)); err == nil {
				t.Errorf("%s was accepted", bad)
			}
		}
	}
}

var (
	_ encoding.TextAppender = radicle.Oid{}
	_ encoding.TextAppender = radicle.RID{}
	_ encoding.TextAppender = radicle.NID{}
	_ encoding.TextAppender = radicle.DID{}
	_ encoding.TextAppender = radicle.Signature{}
	_ encoding.TextAppender = radicle.Alias("")
)

// A short DID is enough to tell people of one list apart, mostly.
func TestShort(t *testing.T) {
	d, err := radicle.ParseDID("did:key:z6MknSLrJoTcukLrE435hVNQT4JUhbvWLX4kUzqkEStBU8Vi")
	if err != nil {
		t.Fatal(err)
	}
	if got := d.Short(); got != "z6Mk…U8Vi" {
		t.Error(got)
	}
}
