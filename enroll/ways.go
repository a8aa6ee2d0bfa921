package enroll

import (
	"errors"
	"fmt"
	"slices"
)

// checkWays: each way to sign in has what it needs.
func checkWays(o Options) error {
	for _, way := range o.SignIn {
		switch {
		case way == SignInPassword, way == SignInProvider && o.Provider != nil, way == SignInHeader && o.Header != nil:
		case way == SignInProvider:
			return errors.New("to sign in at an identity provider the enrollment page needs one")
		case way == SignInHeader:
			return errors.New("to sign in by a header the enrollment page needs one")
		default:
			return fmt.Errorf("the enrollment page knows no sign-in by %q", way)
		}
	}
	return nil
}

func (h *Handler) offers(way SignInWay) bool { return slices.Contains(h.options.SignIn, way) }

// wayShown is a way to sign in, as it is offered: a form, or a button.
type wayShown struct {
	Way  SignInWay
	Text string // of the button
}

func (x *exchange) signInPage(back, name string) signInPage {
	p := signInPage{Return: back, UserName: name}
	for _, way := range x.h.options.SignIn {
		shown := wayShown{Way: way}
		switch way {
		case SignInProvider:
			shown.Text = x.signInAt(x.h.options.ProviderLabel)
		case SignInHeader:
			shown.Text = x.signInAt(x.h.options.HeaderLabel)
			if x.stated.err == nil {
				shown.Text = fmt.Sprintf(x.text.of("signin", "as"), x.stated.identity.Name)
			}
		}
		p.Ways = append(p.Ways, shown)
	}
	return p
}

// signInAt is what a button says that leads to somebody, or to the organization.
func (x *exchange) signInAt(label string) string {
	if label == "" {
		return x.text.of("signin", "organization")
	}
	return fmt.Sprintf(x.text.of("signin", "with"), label)
}
