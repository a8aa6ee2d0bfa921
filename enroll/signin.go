package enroll

import (
	"fmt"
	"net/http"

	"vpn-otpd/radiusd/access"
)

// The bounds of what the gate takes, in octets.
const (
	maxUserName = 253
	maxPassword = 128
)

// signIn asks the gate about a name and a password.
func (x *exchange) signIn() error {
	if !x.h.offers(SignInPassword) {
		return problem{http.StatusNotFound, "not_found"}
	}
	back := x.checkedReturn(x.field("return"))
	name, password := x.field("username"), x.field("password")
	if len(name) > maxUserName || len(password) > maxPassword {
		x.h.logger.Info("sign-in refused", "reason", access.RequestMalformed, "address", x.from)
		return x.refuseSignIn(name[:min(len(name), maxUserName)], back, access.Decision{Reason: access.RequestMalformed})
	}
	d, err := x.ask(access.Request{UserName: name, Password: []byte(password)})
	if err != nil {
		return err
	}
	return x.signInDecided(d, name, back)
}

// answerChallenge asks the gate about the code that a sign-in waits for.
func (x *exchange) answerChallenge() error {
	if x.visit.State == "" {
		return x.redirect("")
	}
	name, back := x.visit.Name, x.visit.Return
	code := x.field("code")
	if len(code) > maxPassword {
		x.warn("alert", string(access.CodeMalformed))
		return x.showCode(http.StatusUnprocessableEntity)
	}
	d, err := x.ask(access.Request{UserName: name, Password: []byte(code), State: x.visit.State})
	if err != nil {
		return err
	}
	if d.Verdict == access.Challenge {
		before := x.visit.Asks
		x.visit.State, x.visit.Asks = d.State, x.asksOf(d)
		if before != "" || x.visit.Asks != "" { // the answer was right, and this is the next question
			return x.redirect("")
		}
		x.warnOf(d)
		return x.showCode(http.StatusUnprocessableEntity)
	}
	return x.signInDecided(d, name, back)
}

// ask adds to a question what the gate wants to know of the page and the browser.
func (x *exchange) ask(question access.Request) (access.Decision, error) {
	question.Client = access.Client{Name: access.WebClient, Mode: access.ModeWeb, RequireAlways: true}
	question.CallingStation, question.Arrived = x.addressText(), x.arrived
	return x.h.options.Gate.Check(x.ctx, question)
}

// addressText is the browser's address, "" where it isn't known.
func (x *exchange) addressText() string {
	if !x.from.IsValid() {
		return ""
	}
	return x.from.String()
}

// signInDecided goes on after the gate has spoken. Who gets further does so under
// a new token: the one before may have been planted.
func (x *exchange) signInDecided(d access.Decision, name, back string) error {
	switch {
	case d.Verdict == access.Challenge:
		if err := x.renewSession(visit{Name: name, State: d.State, Asks: x.asksOf(d), Return: back}); err != nil {
			return err
		}
		return x.redirect("")
	case d.Verdict == access.Accept && d.User != "":
		pass := access.PassOf(d)
		if err := x.renewSession(visit{Pass: pass, Return: back}); err != nil {
			return err
		}
		return x.welcome()
	case d.Verdict == access.Reject:
		return x.refuseSignIn(name, back, d)
	}
	return fmt.Errorf("signing in: the gate said %q of nobody", d.Verdict)
}

// welcome leads who must enroll, and may, straight there.
func (x *exchange) welcome() error {
	standing, err := x.h.options.Enroller.Standing(x.ctx, x.visit.Pass, x.from)
	if err != nil {
		return err
	}
	if len(standing.Account.Devices) > 0 || standing.Policy != access.StandingEnforced || standing.Closed != "" {
		return x.redirect("")
	}
	err = x.begin("")
	if fault := access.FaultOf(err); fault != "" && fault != access.FaultSession {
		return x.redirect("") // where it says why not
	}
	return err
}

// signOut ends the session, and with it a sign-in that waits for its code.
func (x *exchange) signOut() error {
	if err := x.endSession(); err != nil {
		return err
	}
	return x.redirect("")
}
