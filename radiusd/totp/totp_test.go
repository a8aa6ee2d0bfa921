package totp

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
)

func key(secret, algorithm string, digits int) Key {
	return Key{Secret: []byte(secret), Algorithm: algorithm, Digits: digits, Period: 30}
}

// The vectors of RFC 6238, appendix B, each algorithm with a secret of its
// digest's length.
func TestRFC6238(t *testing.T) {
	t.Parallel()
	const digits = "1234567890123456789012345678901234567890123456789012345678901234"
	sha1, sha256, sha512 := key(digits[:20], "SHA1", 8), key(digits[:32], "SHA256", 8), key(digits, "SHA512", 8)
	for _, vector := range []struct {
		seconds int64
		codes   [3]string
	}{
		{59, [3]string{"94287082", "46119246", "90693936"}},
		{1111111109, [3]string{"07081804", "68084774", "25091201"}},
		{1111111111, [3]string{"14050471", "67062674", "99943326"}},
		{1234567890, [3]string{"89005924", "91819424", "93441116"}},
		{2000000000, [3]string{"69279037", "90698825", "38618901"}},
		{20000000000, [3]string{"65353130", "77737706", "47863826"}},
	} {
		now := time.Unix(vector.seconds, 0)
		for i, k := range []Key{sha1, sha256, sha512} {
			if code, err := Code(k, Step(now, 30)); err != nil || code != vector.codes[i] {
				t.Errorf("%s at %d: %s, %v, want %s", k.Algorithm, vector.seconds, code, err, vector.codes[i])
			}
			if step, ok := Match(k, vector.codes[i], now); !ok || step != vector.seconds/30 {
				t.Errorf("%s at %d: step %d, %v", k.Algorithm, vector.seconds, step, ok)
			}
		}
	}
}

// A vector of eduVPN's own: one step either way and no further.
func TestWindow(t *testing.T) {
	t.Parallel()
	secret, err := ParseSecret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	if err != nil {
		t.Fatal(err)
	}
	k := key(string(secret), "SHA1", 6)
	const seconds = 1514793600
	for code, want := range map[string]int64{"130937": -1, "628637": 0, "875993": 1} {
		if step, ok := Match(k, code, time.Unix(seconds, 0)); !ok || step != seconds/30+want {
			t.Errorf("%s: step %d, %v", code, step-seconds/30, ok)
		}
	}
	for _, code := range []string{"564860", "114787", "", "62863", "6286370", "0628637", " 628637", "628637 ", "62863\x00", "６２８６３７", "628 637", "-28637"} {
		if step, ok := Match(k, code, time.Unix(seconds, 0)); ok {
			t.Errorf("%q matched step %d", code, step)
		}
	}
}

// Where two steps show one code, the newer one is taken, so that both are spent.
func TestNewerStepOfTwo(t *testing.T) {
	t.Parallel()
	k := key("12345678901234567890", "SHA1", 6)
	for step := int64(153_500); ; step++ { // the first two are not far from here
		older, _ := Code(k, step)
		for newer := step + 1; newer <= step+2; newer++ {
			if code, _ := Code(k, newer); code == older {
				if got, ok := Match(k, older, time.Unix((step+1)*30, 0)); !ok || got != newer {
					t.Errorf("steps %d and %d show %s: got %d, %v", step, newer, older, got, ok)
				}
				return
			}
		}
	}
}

func TestOddTimes(t *testing.T) {
	t.Parallel()
	k := key("12345678901234567890", "SHA1", 6)
	for _, seconds := range []int64{0, 29, -1, -30, math.MinInt64, math.MaxInt64, 1 << 60} {
		if _, ok := Match(k, "no code", time.Unix(seconds, 0)); ok {
			t.Errorf("at %d no code matched", seconds)
		}
	}
	if Step(time.Unix(-1, 0), 30) != -1 || Step(time.Unix(29, 0), 30) != 0 || Step(time.Unix(30, 0), 30) != 1 {
		t.Error("steps are counted wrong")
	}
}

// A key that could only come from a damaged row has no code at all: neither one
// that the library makes up for it, nor a panic.
func TestInvalidKey(t *testing.T) {
	t.Parallel()
	now := time.Unix(1514793600, 0)
	for name, change := range map[string]func(*Key){
		"zero":              func(k *Key) { *k = Key{} },
		"no secret":         func(k *Key) { k.Secret = nil },
		"unknown algorithm": func(k *Key) { k.Algorithm = "MD5" },
		"one digit":         func(k *Key) { k.Digits = 1 },
		"no digits":         func(k *Key) { k.Digits = 0 },
		"negative digits":   func(k *Key) { k.Digits = -3 },
		"no period":         func(k *Key) { k.Period = 0 },
		"negative period":   func(k *Key) { k.Period = -30 },
	} {
		k := key("12345678901234567890", "SHA1", 6)
		change(&k)
		if code, err := Code(k, 50493120); err == nil {
			t.Errorf("%s: it shows %q", name, code)
		}
		// What the library shows for some of these keys in this step.
		for _, code := range []string{"628637", "963806", "7", ""} {
			if step, ok := Match(k, code, now); ok {
				t.Errorf("%s: %q matched step %d", name, code, step)
			}
		}
	}
}

func TestParseSecret(t *testing.T) {
	t.Parallel()
	want := []byte("12345678901234567890")
	for _, typed := range []string{
		"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "gezd gnbv gy3t qojq gezd gnbv gy3t qojq", " GEZD-GNBV-GY3T-QOJQ-GEZD-GNBV-GY3T-QOJQ\n", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ====",
	} {
		if got, err := ParseSecret(typed); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for typed, words := range map[string]string{
		"GEZDGNBVGY3TQOJ":                      "letters",
		"":                                     "letters",
		"GEZDGNBVGY3TQOJ0":                     "letter O",
		"GEZDGNBVGY3TQOJ1":                     "letter I",
		"GEZDGNBVGY3TQOJ8":                     "letter B",
		"GEZDGNBVGY3TQOJQ9":                    "Base32",
		"GEZDGNBVGY3TQOJQÄ":                    "Base32",
		"GEZDGNBVGY3TQOJQA":                    "17 letters",
		"GEZD=GNBVGY3TQOJQ":                    "Base32",
		strings.Repeat("GEZDGNBV", 16) + "GE":  "16 to 128 letters",
		strings.Repeat("GEZDGNBVGY3TQOJQ", 20): "letters",
	} {
		got, err := ParseSecret(typed)
		if err == nil || !strings.Contains(err.Error(), words) || len(typed) > 8 && strings.Contains(err.Error(), typed[:8]) {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	if longest, err := ParseSecret(strings.Repeat("GEZDGNBV", 16)); err != nil || len(longest) != MaxSecret {
		t.Errorf("128 letters: %d octets, %v", len(longest), err)
	}
	secret, err := NewSecret(bytes.NewReader(make([]byte, 40)))
	if err != nil || FormatSecret(secret) != strings.Repeat("A", 32) {
		t.Errorf("a new secret is %q, %v", FormatSecret(secret), err)
	}
	if _, err := NewSecret(strings.NewReader("short")); err == nil {
		t.Error("a secret was drawn from nothing")
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	good := key("12345678901234567890", "SHA1", 6)
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for words, change := range map[string]func(*Key){
		"algorithm": func(k *Key) { k.Algorithm = "MD5" },
		"5 digits":  func(k *Key) { k.Digits = 5 },
		"9 digits":  func(k *Key) { k.Digits = 9 },
		"0 s":       func(k *Key) { k.Period = 0 },
		"301 s":     func(k *Key) { k.Period = 301 },
		"9":         func(k *Key) { k.Secret = k.Secret[:9] },
	} {
		k := good
		change(&k)
		if err := k.Validate(); err == nil || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), "123456") {
			t.Errorf("%s: %v", words, err)
		}
	}
}

func TestURI(t *testing.T) {
	t.Parallel()
	k := key("12345678901234567890", "SHA1", 6)
	const secret = "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	other := Key{Secret: k.Secret, Algorithm: "SHA256", Digits: 8, Period: 60}
	for _, test := range []struct {
		host, user string
		key        Key
		want       string
	}{
		{"vpn.example.org", "alice", k, "otpauth://totp/vpn.example.org:alice?" + secret + "&issuer=vpn.example.org"},
		{"vpn.example.org", "a:b/c?d@e f", k, "otpauth://totp/vpn.example.org:a_b%2Fc%3Fd%40e%20f?" + secret + "&issuer=vpn.example.org"},
		{"vpn:8443", "müller&x=y", k, "otpauth://totp/vpn_8443:m%C3%BCller%26x%3Dy?" + secret + "&issuer=vpn_8443"},
		{"v", "a", other, "otpauth://totp/v:a?" + secret + "&issuer=v&algorithm=SHA256&digits=8&period=60"},
	} {
		if got := URI(test.host, test.user, test.key); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("628637", int64(1514793600), 6)
	f.Add("", int64(-5), 8)
	f.Fuzz(func(t *testing.T, code string, seconds int64, digits int) {
		k := key("12345678901234567890", "SHA1", MinDigits+int(uint(digits)%3))
		step, ok := Match(k, code, time.Unix(seconds, 0))
		if !ok {
			return
		}
		if shown, err := Code(k, step); err != nil || shown != code {
			t.Errorf("%q matched step %d, which shows %q", code, step, shown)
		}
	})
}

func FuzzParseSecret(f *testing.F) {
	f.Add("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
	f.Add("gezd-gnbv gy3t=")
	f.Fuzz(func(t *testing.T, typed string) {
		secret, err := ParseSecret(typed)
		if err != nil {
			return
		}
		again, err := ParseSecret(FormatSecret(secret))
		if err != nil || !bytes.Equal(secret, again) {
			t.Errorf("%q is %q, written and read again %q", typed, secret, again)
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	k := key("12345678901234567890", "SHA1", 6)
	now := time.Unix(1514793600, 0)
	b.ReportAllocs()
	for b.Loop() {
		Match(k, "628637", now)
	}
}
