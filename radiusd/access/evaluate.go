package access

import "vpn-otpd/store"

// outcome is what a decision will be and what must be written for it.
type outcome struct {
	verdict   Verdict
	reason    Reason
	burns     bool        // the match must be won, or there is no accept
	lock      *store.Lock // to be kept; nil: as it is
	locksNow  bool        // this failure is the one that locks
	triesLeft int         // of the new State that a challenge gets
	firstUse  bool        // the challenge is answered by enrolling
	closed    Closed      // why first use isn't open, where that is the reason
}

// evaluate says what happens, and writes nothing. It reads top to bottom in the
// order of the decision; the first factor has passed.
func evaluate(f *facts) outcome {
	f.ruleAccount()
	if f.account.Disabled {
		return refuse(UserDisabled)
	}
	if f.resumes {
		if reason := f.stateFault(); reason != "" {
			return refuse(reason)
		}
	}

	standing := f.standing()
	f.ruleStanding(standing)
	if f.carried.Former && (f.account.EverEnrolled || f.hasMeans) { // under another name than the one typed
		return refuse(EnrolledHere)
	}
	if f.carried.Former {
		return outcome{verdict: Accept, reason: UpstreamAccepted}
	}
	if !standing.asks || !standing.requires && !f.hasMeans {
		return f.passUnasked(standing.reason)
	}
	if !f.hasMeans && f.client.Mode == ModeWeb {
		return outcome{verdict: Accept, reason: SignedIn}
	}
	locked := f.account.Lock.Until.After(f.now)
	f.ruleLock(locked)
	if f.answersFirstUse() {
		return f.answerFirstUse(f.firstUseOf(standing), locked)
	}
	if !f.hasMeans {
		return f.firstUse(f.firstUseOf(standing), locked)
	}
	if f.remembered != nil && !locked {
		return outcome{verdict: Accept, reason: LoginRemembered}
	}
	switch {
	case f.typed == typedNothing && locked:
		return f.challenge(Locked, f.settings.ChallengeTries)
	case f.typed == typedNothing:
		return f.challenge(CodeNeeded, f.settings.ChallengeTries)
	case f.typed == typedMalformed && !locked:
		return f.askAgain(CodeMalformed)
	case locked && f.match.kind >= matchTOTP:
		return f.askAgain(LockedCodeRight)
	case locked:
		return f.askAgain(Locked)
	case f.match.kind == matchUsed:
		return f.askAgain(CodeUsed)
	case f.match.kind == matchNone:
		return f.countWrong(CodeWrong)
	}
	return outcome{verdict: Accept, reason: acceptReasons[f.match.kind], burns: true}
}

var acceptReasons = map[matchKind]Reason{
	matchTOTP:      TOTPAccepted,
	matchRecovery:  RecoveryAccepted,
	matchTemporary: TemporaryAccepted,
	matchPending:   FirstUseAccepted,
}

func refuse(reason Reason) outcome { return outcome{verdict: Reject, reason: reason} }

// stateFault says why a State doesn't stand for this login; "" if it does.
func (f *facts) stateFault() Reason {
	switch {
	case f.state == nil:
		return StateUnknown
	case f.state.AskedName != f.askedName:
		return StateOtherUser
	case f.state.Client != f.client.Name:
		return StateOtherClient
	case !f.state.ExpiresAt.After(f.now):
		return StateExpired
	case f.state.Epoch != f.account.Epoch, f.state.Enrollment != nil && f.enrollment == nil:
		return StateVoid
	}
	return ""
}

// passUnasked lets in who isn't asked for a code. A client in mode code has
// sent nothing else that we could have verified.
func (f *facts) passUnasked(reason Reason) outcome {
	if f.client.Mode == ModeCode && !f.client.PassUnenrolled {
		return refuse(UnverifiedRefused)
	}
	return outcome{verdict: Accept, reason: reason}
}

// challenge asks for a code, where the client can: else it is a refusal.
func (f *facts) challenge(reason Reason, tries int) outcome {
	if f.client.Mode != ModeChallenge && f.client.Mode != ModeWeb || tries < 1 {
		return refuse(reason)
	}
	return outcome{verdict: Challenge, reason: reason, triesLeft: tries}
}

// askAgain spends one try of the State, or of the State there would have been.
func (f *facts) askAgain(reason Reason) outcome {
	tries := f.settings.ChallengeTries
	if f.state != nil {
		tries = f.state.TriesLeft
	}
	return f.challenge(reason, tries-1)
}

// countWrong counts a guess towards the lock.
func (f *facts) countWrong(reason Reason) outcome {
	lock, locksNow := f.settings.Lockout.fail(f.account.Lock, f.field, f.now)
	f.account.Lock = lock
	if locksNow {
		reason = Locked
	}
	o := f.askAgain(reason)
	o.lock, o.locksNow = &lock, locksNow
	return o
}
