package enroll

import (
	"crypto/sha256"
	"encoding/hex"
	"html/template"
	"net/http"
	"strings"

	"vpn-otpd/radiusd/access"
)

// enrollmentPage shows a secret, to be scanned or typed, and asks for a code of it.
type enrollmentPage struct {
	access.Pending
	Groups []string     // the secret, as it is typed
	QR     *qrImage     // nil: it can't be drawn
	App    template.URL // opens an authenticator app on this device; "": none
	Mark   string       // which enrollment it is; see markOf
	Field  string       // that the alert is about: "code", "label" or ""
}

func (enrollmentPage) here() string { return "enroll" }

// showEnrollment shows the enrollment that is under way.
func (x *exchange) showEnrollment() error {
	if x.visit.Pass.Enrollment == nil {
		return x.redirect("")
	}
	return x.showPending(http.StatusOK, "", "")
}

func (x *exchange) showPending(status int, label, field string) error {
	pending, err := x.h.options.Enroller.Pending(x.ctx, x.visit.Pass)
	if access.FaultOf(err) == access.FaultExpired {
		return x.showExpired()
	}
	if err != nil {
		return err
	}
	if pending.Confirmed {
		return x.page(http.StatusOK, "codes", codesPage{Waiting: true, Again: true, Return: x.returnLink()})
	}
	if label != "" {
		pending.Label = label
	} else if pending.Label == "" {
		pending.Label = x.text.of("enroll", "label_default")
	}
	p := enrollmentPage{Pending: pending, Groups: groupsOf(pending.Secret), Mark: markOf(x.visit.Pass), Field: field}
	if image, err := drawQR(pending.URI); err == nil {
		p.QR = &image
	}
	if strings.HasPrefix(pending.URI, "otpauth://totp/") {
		p.App = template.URL(pending.URI)
	}
	return x.page(status, "enroll", p)
}

// showExpired offers to begin again, to those who may.
func (x *exchange) showExpired() error {
	x.visit.Pass.Enrollment = nil
	x.warn("fault", string(access.FaultExpired))
	return x.page(http.StatusConflict, "expired", expiredPage{MayBegin: x.visit.signedIn()})
}

type expiredPage struct{ MayBegin bool }

// beginEnrollment begins, or goes on where it has begun, so that a second tab
// shows the same secret.
func (x *exchange) beginEnrollment() error {
	if !x.visit.signedIn() {
		return x.notSignedIn()
	}
	if back := x.h.checkReturn(x.field("return")); back != nil {
		x.visit.Return = back.String()
	}
	return x.begin(x.field("replaces"))
}

func (x *exchange) begin(replaces string) error {
	if x.isUnderWay(replaces) {
		return x.redirect("enroll")
	}
	pass, err := x.h.options.Enroller.Begin(x.ctx, x.visit.Pass, replaces, x.from)
	if access.FaultOf(err) == access.FaultFresh {
		return x.redirect("change?" + changeQuery(replaces))
	}
	if err != nil {
		return err
	}
	x.visit.Pass = pass
	return x.redirect("enroll")
}

func (x *exchange) isUnderWay(replaces string) bool {
	if x.visit.Pass.Enrollment == nil {
		return false
	}
	pending, err := x.h.options.Enroller.Pending(x.ctx, x.visit.Pass)
	return err == nil && pending.Replaces == replaces && !pending.Confirmed
}

// notSignedIn is for what only who is signed in may do.
func (x *exchange) notSignedIn() error {
	if x.visit.holdsTicket() {
		return x.redirect("")
	}
	return access.FaultSession
}

// markOf tells the pages of two enrollments in one browser apart. It opens nothing.
func markOf(pass access.Pass) string {
	sum := sha256.Sum256(pass.Enrollment)
	return hex.EncodeToString(sum[:6])
}

// groupsOf parts a secret into groups of four letters.
func groupsOf(secret string) []string {
	var groups []string
	for ; len(secret) > 4; secret = secret[4:] {
		groups = append(groups, secret[:4])
	}
	return append(groups, secret)
}
