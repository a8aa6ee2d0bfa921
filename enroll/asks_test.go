package enroll

import (
	"net/http"
	"testing"

	"vpn-otpd/radiusd/access"
)

// What the first factor asks is asked in its words; after its answer comes the code.
func TestFirstFactorAsks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *Options) { o.RejectDelay = 0 })
	w.enrolled("phone")
	question := func(reason access.Reason, message, state string) (access.Decision, error) {
		return access.Decision{Verdict: access.Challenge, Reason: reason, Message: message, State: state, TriesLeft: 1}, nil
	}
	w.decide = func(r access.Request) (access.Decision, error) {
		switch r.State + " " + string(r.Password) {
		case " " + fakePassword:
			return question(access.PasswordAsks, "Which <b>colour</b>?\n", "one")
		case "one blue":
			return question(access.PasswordAsks, "", "two")
		case "two ":
			return question(access.CodeNeeded, "", "three")
		case "three " + fakeCode:
			return access.Decision{Verdict: access.Accept, Reason: access.TOTPAccepted, User: "alice", Epoch: 7}, nil
		}
		return access.Decision{Verdict: access.Reject, Reason: access.PasswordExpired}, nil
	}
	b := w.browser(t)
	b.post("signin", "username", "alice", "password", fakePassword).leadsTo("")
	b.get("").is(http.StatusOK, "Which &lt;b&gt;colour&lt;/b&gt;?</label>").without("one-time-code")
	b.post("code", "code", "blue").leadsTo("")
	b.get("").is(http.StatusOK, ">Answer</label>").without("colour")
	b.post("code", "code", "").leadsTo("")
	b.get("").is(http.StatusOK, "one-time-code").without(">Answer<")
	b.post("code", "code", fakeCode).leadsTo("")
	w.browser(t).post("signin", "username", "alice", "password", "old").is(http.StatusUnprocessableEntity, "Your password has expired.")
}
