package access

// RefusalKind sorts refusals for those who answer with a status.
type RefusalKind string

const (
	RefusedInvalid RefusalKind = "invalid" // the request itself is wrong
	RefusedMissing RefusalKind = "missing" // no such user or device
	RefusedExists  RefusalKind = "exists"
	RefusedRule    RefusalKind = "rule" // a rule forbids it
)

// Refusal is an administrator's request that was understood and refused. Its
// text is for the administrator; anything else that fails is a fault, for the log.
type Refusal struct {
	Kind RefusalKind
	Text string
}

func (r *Refusal) Error() string { return r.Text }
