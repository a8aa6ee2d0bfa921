package exchange

import (
	"archive/tar"
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
)

// googleTar is a tar of files, in the order of their names; a text that begins
// with -> is a link.
func googleTar(t testing.TB, files map[string]string) string {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o400, Size: int64(len(files[name]))}
		link, is := strings.CutPrefix(files[name], "->")
		if is {
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, link, 0
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if !is {
			if _, err := w.Write([]byte(files[name])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func readGoogleTar(t testing.TB, files map[string]string) Batch {
	t.Helper()
	return readText(t, func(text string) (Batch, error) { return GoogleAuthenticator(strings.NewReader(text)) }, googleTar(t, files))
}

func TestGoogleAuthenticator(t *testing.T) {
	t.Parallel()
	batch := readGoogleTar(t, map[string]string{
		"home/.google_authenticator.bak": "no",
		"home/alice/.bashrc":             "alias ll='ls -l'\n",
		"home/alice/.google_authenticator": secretA[:26] + "\n\" RATE_LIMIT 3 30 1514764800\n\" WINDOW_SIZE 17\n" +
			"\" DISALLOW_REUSE 50492159 50492161 50492160\n\" TOTP_AUTH\n12345678\n87654321\n",
		"home/ü:b/.google_authenticator":  secretA + "\r\n\" TOTP_AUTH\r\n\" STEP_SIZE 60\r\n\" TIME_SKEW -7\r\n",
		"srv/alice/.google_authenticator": secretB + "\n\" TOTP_AUTH\n",
	})
	wantNames(t, batch, "alice", "ü:b")
	wantSkipped(t, batch,
		"file 3: 2 scratch codes are left out: new recovery codes are made here",
		"file 4: TIME_SKEW is left out: codes may be refused until the device's clock is set",
		"file 5: another file of the same user; file 3 counts")
	alice, other := batch.Accounts[0].Devices[0], batch.Accounts[1].Devices[0]
	if encode(alice.Secret) != secretA[:26] || alice.LastStep != 50492161 || alice.Period != 30 || alice.Digits != 6 || alice.Algorithm != "SHA1" {
		t.Errorf("%+v", alice)
	}
	if other.Period != 60 || other.LastStep != 0 {
		t.Errorf("%+v", other)
	}
}

func TestGoogleAuthenticatorSkips(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ path, text, reason string }{
		"counter":          {"", secretA + "\n\" HOTP_COUNTER 1\n\" TOTP_AUTH\n", faultEvent},
		"neither":          {"", secretA + "\n", "no TOTP_AUTH: the secret isn't in use"},
		"switched off":     {"", secretA + "\n\" TOTP_AUTH\n\" OTP_DISABLED\n", "OTP_DISABLED: the secret isn't in use"},
		"short":            {"", "GEZDGNBVGY3TQ\n\" TOTP_AUTH\n", faultSecret},
		"guessed letters":  {"", "GEZDGNBVGY3TQ0JQ\n\" TOTP_AUTH\n", faultLetters},
		"empty":            {"", "", "no TOTP_AUTH: the secret isn't in use"},
		"1 s":              {"", secretA + "\n\" TOTP_AUTH\n\" STEP_SIZE 1\n", faultPeriod},
		"step of nothing":  {"", secretA + "\n\" TOTP_AUTH\n\" STEP_SIZE x\n", faultPeriod},
		"stamps of words":  {"", secretA + "\n\" TOTP_AUTH\n\" DISALLOW_REUSE now\n", "DISALLOW_REUSE isn't a list of time stamps"},
		"negative stamps":  {"", secretA + "\n\" TOTP_AUTH\n\" DISALLOW_REUSE -1\n", "DISALLOW_REUSE isn't a list of time stamps"},
		"endless stamps":   {"", secretA + "\n\" TOTP_AUTH\n\" DISALLOW_REUSE 99999999999999999999\n", "DISALLOW_REUSE isn't a list of time stamps"},
		"link":             {"", "->/etc/shadow", "a link or a folder and not a file"},
		"large":            {"", secretA + "\n\" TOTP_AUTH\n" + strings.Repeat("x", maxLine), "the file has more than 64 KiB"},
		"of nobody":        {".google_authenticator", secretA + "\n\" TOTP_AUTH\n", "the file isn't in a folder named as its user"},
		"of a parent":      {"home/../.google_authenticator", secretA + "\n\" TOTP_AUTH\n", "the file isn't in a folder named as its user"},
		"of a long folder": {strings.Repeat("x", 257) + "/.google_authenticator", secretA + "\n\" TOTP_AUTH\n", "the user name has more than 256 characters"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := test.path
			if path == "" {
				path = "home/alice/.google_authenticator"
			}
			batch := readGoogleTar(t, map[string]string{path: test.text})
			wantNames(t, batch)
			wantSkipped(t, batch, "file 1: "+test.reason)
		})
	}
}

func TestGoogleAuthenticatorRefuses(t *testing.T) {
	t.Parallel()
	whole := googleTar(t, map[string]string{"home/alice/.google_authenticator": secretA + "\n\" TOTP_AUTH\n"})
	for name, text := range map[string]string{
		"no tar":         strings.Repeat(secretA, 100),
		"nothing":        "",
		"no end":         whole[:1024],
		"half a header":  whole[:300],
		"half a file":    whole[:512+10],
		"a wrong number": strings.Replace(whole, "0000400", "0000600", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			batch, err := GoogleAuthenticator(strings.NewReader(text))
			if err == nil || strings.Contains(err.Error(), secretA) || batch.Accounts != nil {
				t.Errorf("%v, %d users", err, len(batch.Accounts))
			}
		})
	}
}
