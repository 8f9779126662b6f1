package cjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"radswarm/radicle/cjson"
)

func canonical(t *testing.T, text string) (string, error) {
	t.Helper()
	v, err := cjson.Parse([]byte(text))
	if err != nil {
		return "", err
	}
	b, err := cjson.Encode(v)
	return string(b), err
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		"", " ", "nul", "nulls", "tru", "True", "NaN", "Infinity", "'a'", "{", "[", "[1", "[1,", "[,]", "[1,]", "[1 2]", "{,}",
		`{"a"}`, `{"a":}`, `{"a":1,}`, `{"a":1 "b":2}`, `{a:1}`, `{1:1}`, "1 2", "[]]", "/**/1", "\v1", "\u00a01", "\ufeff1",
		"01", "-", "+1", ".5", "1.", "1.e2", "1e", "1e+", "0x1", "1_000", "--1", "1E400", "-1e999", strings.Repeat("9", 400),
		`"`, `"a`, `"\`, `"\"`, `"\x"`, `"\u"`, `"\u12"`, `"\u12g4"`, `"\U0041"`, "\"\x00\"", "\"\n\"", "\"\x1f\"",
		`"\ud800"`, `"\ud800x"`, `"\ud800\n"`, `"\ud800\u0041"`, `"\ud800\ud800"`, `"\udc00"`, `"\udc00\ud800"`,
		"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "{\"\xff\":1}",
		strings.Repeat("[", 128) + strings.Repeat("]", 128), strings.Repeat(`{"a":`, 128) + "1" + strings.Repeat("}", 128),
		strings.Repeat("[", 1<<20), strings.Repeat(`{"":`, 1<<20), "[" + strings.Repeat("0,", cjson.MaxValues) + "0]",
	} {
		v, err := cjson.Parse([]byte(text))
		if _, ok := errors.AsType[*cjson.SyntaxError](err); !ok || v != nil {
			t.Errorf("%.60q: %v, %v", text, v, err)
		}
	}
}

func TestDepth(t *testing.T) {
	deep := strings.Repeat("[", cjson.MaxDepth) + strings.Repeat("]", cjson.MaxDepth)
	if got, err := canonical(t, deep); err != nil || got != deep {
		t.Errorf("%d levels: %v", cjson.MaxDepth, err)
	}
	full := "[" + strings.Repeat("0,", cjson.MaxValues-2) + "0]"
	if got, err := canonical(t, full); err != nil || got != full {
		t.Errorf("%d values: %v", cjson.MaxValues, err)
	}
}

func TestNumbersWithoutCanonicalForm(t *testing.T) {
	for _, text := range []string{"0.0", "1.5", "1e3", "1E3", "-0", "-0.0", "18446744073709551616", "-9223372036854775809"} {
		if got, err := canonical(t, text); !errors.Is(err, cjson.ErrNumber) {
			t.Errorf("%s: %q, %v", text, got, err)
		}
		if got, err := canonical(t, `{"a":[`+text+`]}`); !errors.Is(err, cjson.ErrNumber) {
			t.Errorf("%s inside: %q, %v", text, got, err)
		}
	}
	// A member that a later one replaces counts where only normalization makes them the same, as in Radicle.
	if got, err := canonical(t, "{\"\u00e9\":0.5,\"\u00e9\":1}"); err != nil || got != "{\"\u00e9\":1}" {
		t.Errorf("same key: %q, %v", got, err)
	}
	if got, err := canonical(t, "{\"\u00e9\":0.5,\"e\u0301\":1}"); !errors.Is(err, cjson.ErrNumber) {
		t.Errorf("key that becomes the same: %q, %v", got, err)
	}
}

func TestEncodeRefusesTextThatIsNotUTF8(t *testing.T) {
	for _, v := range []cjson.Value{"\xff", cjson.Array{"a\xed\xa0\x80"}, cjson.Object{{Key: "\x80", Value: nil}}} {
		if got, err := cjson.Encode(v); !errors.Is(err, cjson.ErrText) {
			t.Errorf("%q: %q, %v", v, got, err)
		}
	}
}

// TestNormalizationIsUnicodes compares with x/text wherever that does not cut long runs of combining characters.
func TestNormalizationIsUnicodes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	runes := []rune("aeoAd\u212b\u09c7\u0dc6\u1025\u304b\U0001d157\uac00\u1100\u1161\u11a8\u1112\u1175\u11c2\u0415\ufb1d\u2adc" +
		"\u0300\u0301\u0302\u0323\u0327\u0345\u05b0\u064b\u09bc\u09be\u0c56\u1037\u3099\u302a\U0001d165\U0001d16d\u034f\u0338")
	for range 50_000 {
		var text []rune
		for range r.IntN(12) {
			text = append(text, runes[r.IntN(len(runes))])
		}
		got, err := cjson.Encode(string(text))
		if want := `"` + norm.NFC.String(string(text)) + `"`; err != nil || string(got) != want {
			t.Fatalf("%+q\n got %+q, %v\nwant %+q", text, got, err, want)
		}
	}
	for r := rune(0x80); r < 0x30000; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		if got, err := cjson.Encode(string(r)); err != nil || string(got) != `"`+norm.NFC.String(string(r))+`"` {
			t.Fatalf("%U: %+q, %v", r, got, err)
		}
	}
}

// TestLongRunsAreNotCut: x/text would put U+034F after 30 of them.
func TestLongRunsAreNotCut(t *testing.T) {
	for _, n := range []int{29, 30, 31, 32, 1000} {
		marks := strings.Repeat("\u0302", n)
		got, err := cjson.Encode("a\u0323" + marks)
		want := "\"\u1ead" + marks[2:] + "\""
		if err != nil || string(got) != want {
			t.Errorf("%d marks: %+q, %v", n, got, err)
		}
	}
}

func TestEqual(t *testing.T) {
	same := [][2]string{
		{`1`, `1`},
		{`{"a":1,"b":[null,true]}`, `{"b":[null,true],"a":1}`},
		{`{"a":1,"a":2}`, `{"a":2}`},
		{`1.0`, `1.00`},
		{`10.0`, `1e1`},
		{`"\u0041"`, `"A"`},
	}
	different := [][2]string{
		{`1`, `1.0`},
		{`1`, `"1"`},
		{`null`, `false`},
		{`[]`, `{}`},
		{`null`, `[]`},
		{`[]`, `null`},
		{`[1,2]`, `[2,1]`},
		{`{"a":1}`, `{"a":1,"b":1}`},
		{`{"a":1,"b":1}`, `{"a":1}`},
		{`{"a":1}`, `{"b":1}`},
		{`"e"`, `"é"`},
	}
	check := func(pair [2]string, want bool) {
		a, err := cjson.Parse([]byte(pair[0]))
		if err != nil {
			t.Fatal(err)
		}
		b, err := cjson.Parse([]byte(pair[1]))
		if err != nil {
			t.Fatal(err)
		}
		if cjson.Equal(a, b) != want || cjson.Equal(b, a) != want {
			t.Errorf("Equal(%s, %s) is not %v", pair[0], pair[1], want)
		}
	}
	for _, pair := range same {
		check(pair, true)
	}
	for _, pair := range different {
		check(pair, false)
	}
}

func TestObjectAsMap(t *testing.T) {
	o := cjson.Object{{"a", "1"}, {"b", "2"}, {"a", "3"}}
	if v, ok := o.Get("a"); !ok || v != "3" {
		t.Errorf("Get(a) = %v, %v", v, ok)
	}
	if _, ok := o.Get("c"); ok {
		t.Error("Get(c)")
	}
	if got := fmt.Sprint(o.Set("a", "4")); got != "[{a 4} {b 2}]" {
		t.Errorf("Set(a) = %s", got)
	}
	if got := fmt.Sprint(o.Set("c", "4")); got != "[{a 3} {b 2} {c 4}]" {
		t.Errorf("Set(c) = %s", got)
	}
	if got := fmt.Sprint(o.Delete("a")); got != "[{b 2}]" {
		t.Errorf("Delete(a) = %s", got)
	}
	if got := fmt.Sprint(o); got != "[{a 1} {b 2} {a 3}]" {
		t.Errorf("the object changed: %s", got)
	}
}

func TestReadFields(t *testing.T) {
	v, err := cjson.Parse([]byte(`{"text":"x","flag":true,"n":7,"list":["1","2"],"null":null,"map":{},"more":1,"more":2}`))
	if err != nil {
		t.Fatal(err)
	}
	f := cjson.ReadFields(v, "text", "flag", "n", "list", "null", "absent", "map")
	atoi := func(s string) (int, error) { var n int; _, err := fmt.Sscan(s, &n); return n, err }
	list := cjson.ReadList(f, "list", atoi)
	got := fmt.Sprintln(f.Text("text"), f.Bool("flag"), f.Uint("n"), list, f.Null("null"), f.Null("absent"), f.Has("null"),
		f.Has("absent"), f.Object("map"), cjson.ReadOptional(f, "absent", atoi), f.Rest, f.Err())
	if want := "x true 7 [1 2] true true true false [] <nil> [{more 1} {more 2}] <nil>\n"; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	atoiOf := func(key string) func(*cjson.Fields) {
		return func(f *cjson.Fields) { cjson.Read(f, key, atoi) }
	}
	for name, read := range map[string]func(*cjson.Fields){
		"absent": func(f *cjson.Fields) { f.Text("absent") },
		"null":   func(f *cjson.Fields) { f.Text("null") },
		"text":   func(f *cjson.Fields) { f.Uint("text") },
		"n":      func(f *cjson.Fields) { f.Array("n") },
		"list":   func(f *cjson.Fields) { f.Object("list") },
		"map":    func(f *cjson.Fields) { f.Bool("map") },
		"parse":  atoiOf("text"),
		"items": func(f *cjson.Fields) {
			cjson.ReadList(f, "list", func(string) (int, error) { return 0, errors.New("no") })
		},
	} {
		f := cjson.ReadFields(v, "text", "n", "list", "null", "absent", "map")
		read(f)
		if _, ok := errors.AsType[*cjson.FieldError](f.Err()); !ok {
			t.Errorf("%s: %v", name, f.Err())
		}
	}
	if cjson.ReadFields(v, "more").Err() == nil {
		t.Error("a known field that stands there twice was accepted")
	}
	for _, v := range []cjson.Value{nil, "x", cjson.Array{}, cjson.Int(1)} {
		if cjson.ReadFields(v).Err() == nil {
			t.Errorf("%v was read as an object", v)
		}
	}
	for _, n := range []cjson.Number{"-1", "1.0", "18446744073709551616"} {
		f := cjson.ReadFields(cjson.Object{{"n", n}}, "n")
		if f.Uint("n"); f.Err() == nil {
			t.Errorf("%s was read as an unsigned integer", n)
		}
	}
}

// FuzzCanonical holds that what is written is JSON, reads back as the same value, and is written the same way again.
func FuzzCanonical(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add([]byte(v.JSON))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := cjson.Parse(data)
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q was parsed", data)
		}
		first, err := cjson.Encode(v)
		if err != nil {
			return
		}
		again, err := cjson.Parse(first)
		if err != nil || !json.Valid(first) {
			t.Fatalf("%q is not read back: %v", first, err)
		}
		second, err := cjson.Encode(again)
		if err != nil || string(first) != string(second) {
			t.Errorf("%q is written as %q, %v", first, second, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	v, err := cjson.Parse([]byte(`{"type":"revision","title":"Add things #1","description":"See commits for \"details\".\n",` +
		`"base":"f2de534b5e81d7c6e2dcaf58c3dd91573c0a0354","oid":"42d894a83c9c356552a57af09ccdbd5587a99045","é":[1,2,3]}`))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cjson.Encode(v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := []byte("[" + strings.Repeat(`{"type":"edit","title":"A title of some length","target":"delegates"},`, 999) + "1]")
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := cjson.Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}
