package main

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"vpn-otpd/radiusd/totp"
)

// phone is an authenticator app: it scans the page, and shows codes.
type phone struct {
	*testing.T
	secret string
	last   int64 // the step of the code that it showed last
}

// scan reads the QR code from a picture of the whole page.
func (p *tab) scan() *phone {
	p.Helper()
	address := readQR(p.T, do(p, "taking a picture", chromedp.FullScreenshot(100)))
	uri, err := url.Parse(address)
	if err != nil || uri.Scheme != "otpauth" || uri.Host != "totp" || uri.Query().Get("secret") == "" {
		p.Fatalf("the QR code says %q", address)
	}
	return &phone{T: p.T, secret: uri.Query().Get("secret")}
}

func readQR(t *testing.T, picture []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "page.png")
	if err := os.WriteFile(path, picture, 0o600); err != nil {
		t.Fatal(err)
	}
	output, err := exec.Command("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", path).Output()
	if err != nil {
		t.Fatalf("zbarimg reads nothing in the picture: %v", err)
	}
	return strings.TrimSpace(string(output))
}

// typed is the secret as it stands on the page in letters.
func (p *tab) typed() string {
	p.Helper()
	return strings.Join(strings.Fields(p.read(`document.querySelector("#secret").innerText`)), "")
}

// code is one that counts now and wasn't shown before. Three of them count at a
// time, the first for as long as the clock of a phone may be late.
func (d *phone) code() string {
	d.Helper()
	const late = 10 * time.Second // what is left of a step must do for the form to be sent
	for deadline := time.Now().Add(3 * testPeriod); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		now := time.Now()
		step := totp.Step(now, int(testPeriod.Seconds()))
		first := step - 1
		if totp.Step(now.Add(late), int(testPeriod.Seconds())) != step {
			first = step
		}
		if d.last = max(d.last+1, first); d.last <= step+1 {
			return d.at(d.last)
		}
		d.last--
	}
	d.Fatal("there is no further code")
	return ""
}

const testPeriod = 30 * time.Second

// now is what the phone shows now, used or not.
func (d *phone) now() string { return d.at(totp.Step(time.Now(), int(testPeriod.Seconds()))) }

// at is the code of a step.
func (d *phone) at(step int64) string {
	d.Helper()
	moment := time.Unix(step*int64(testPeriod.Seconds()), 0).UTC().Format("2006-01-02 15:04:05 UTC")
	output, err := exec.Command("oathtool", "--totp", "--base32", "--now", moment, d.secret).Output()
	if err != nil {
		d.Fatalf("oathtool: %v", err)
	}
	return strings.TrimSpace(string(output))
}

// tooLate reports whether the last code doesn't count any more.
func (d *phone) tooLate() bool {
	return d.last < totp.Step(time.Now(), int(testPeriod.Seconds()))-1
}

// give types a code of a device and sends the form, once more where the machine
// was too slow for the first. The answer is no refusal.
func (p *tab) give(d *phone) {
	p.Helper()
	for {
		p.fill("#code", d.code())
		if status := p.press("#submit"); status == 200 {
			return
		}
		if !d.tooLate() {
			p.Fatalf("the code was refused:\n%s", p.describe())
		}
	}
}

// refused types a code that must not do, and says so on the same form.
func (p *tab) refused(code, why string) {
	p.Helper()
	p.fill("#code", code)
	if status := p.press("#submit"); status != 422 {
		p.Fatalf("%s came back with status %d:\n%s", code, status, p.describe())
	}
	p.shows(why)
}
