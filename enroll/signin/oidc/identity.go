package oidc

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"vpn-otpd/radiusd/access"
)

// Bounds of what is taken of a user, in octets.
const (
	maxName  = 253
	maxGroup = 256
)

// claims are what the provider says of a user, by name.
type claims map[string]json.RawMessage

// identify finds the user's name and groups in the ID token, and asks for more
// where they aren't there: some providers tell only who asks (section 5.3).
func (p *Provider) identify(ctx context.Context, known *discovered, verified *oidc.IDToken, token *oauth2.Token) (access.Identity, error) {
	var said claims
	if err := verified.Claims(&said); err != nil {
		return access.Identity{}, fmt.Errorf("%w: the ID token: %w", ErrInvalid, shortened(err))
	}
	if !p.complete(said) && known.provider.UserInfoEndpoint() != "" {
		further, err := askFurther(ctx, known, verified.Subject, token)
		if err != nil {
			return access.Identity{}, err
		}
		if !p.named(said) { // an address and whether it is verified belong together
			said[p.options.NameClaim], said["email_verified"] = further[p.options.NameClaim], further["email_verified"]
		}
		if groups := p.options.GroupsClaim; groups != "" && said[groups] == nil {
			said[groups] = further[groups]
		}
	}
	name, err := p.nameIn(said)
	if err != nil {
		return access.Identity{}, err
	}
	groups, err := p.groupsIn(said)
	if err != nil {
		return access.Identity{}, err
	}
	return access.Identity{Name: name, Groups: groups, GroupsKnown: p.options.GroupsClaim != ""}, nil
}

func (p *Provider) complete(said claims) bool {
	return p.named(said) && (p.options.GroupsClaim == "" || said[p.options.GroupsClaim] != nil)
}

func (p *Provider) named(said claims) bool {
	return said[p.options.NameClaim] != nil && (p.options.NameClaim != EmailClaim || said["email_verified"] != nil)
}

// askFurther asks for the claims that the ID token doesn't have. They count only
// if they are of the same user (section 5.3.2).
func askFurther(ctx context.Context, known *discovered, subject string, token *oauth2.Token) (claims, error) {
	info, err := known.provider.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return nil, fmt.Errorf("%w: asking about the user: %w", ErrAway, shortened(err))
	}
	if info.Subject != subject {
		return nil, fmt.Errorf("%w: asked about one user it told of another", ErrInvalid)
	}
	var further claims
	if err := info.Claims(&further); err != nil {
		return nil, fmt.Errorf("%w: what it says of the user: %w", ErrInvalid, shortened(err))
	}
	return further, nil
}

func (p *Provider) nameIn(said claims) (string, error) {
	claim := p.options.NameClaim
	var name string
	if err := json.Unmarshal(orNull(said[claim]), &name); err != nil || name == "" || len(name) > maxName {
		return "", fmt.Errorf("%w: the claim %s of the user isn't a name", ErrInvalid, claim)
	}
	if verified := string(said["email_verified"]); claim == EmailClaim && verified != `true` && verified != `"true"` {
		return "", fmt.Errorf("%w: the user's mail address isn't verified there", ErrInvalid)
	}
	return name, nil
}

// groupsIn returns all groups or an error: a rule about a group that was left out
// would be another rule.
func (p *Provider) groupsIn(said claims) ([]string, error) {
	claim := p.options.GroupsClaim
	if claim == "" {
		return nil, nil
	}
	var elsewhere map[string]string // section 5.6.2
	if err := json.Unmarshal(orNull(said["_claim_names"]), &elsewhere); err != nil || elsewhere[claim] != "" {
		return nil, fmt.Errorf("%w: the groups are too many for the provider to send", ErrInvalid)
	}
	if value := said[claim]; value == nil || string(value) == "null" { // not told, which isn't the same as none
		return nil, fmt.Errorf("%w: the claim %s of the user isn't there; who is in no group needs an empty list", ErrInvalid, claim)
	}
	var groups []string
	var one string
	if json.Unmarshal(said[claim], &groups) != nil {
		if json.Unmarshal(said[claim], &one) != nil {
			return nil, fmt.Errorf("%w: the claim %s isn't a list of texts", ErrInvalid, claim)
		}
		groups = []string{one}
	}
	if len(groups) > access.MaxGroups {
		return nil, fmt.Errorf("%w: the user is in %d groups", ErrInvalid, len(groups))
	}
	for _, group := range groups {
		if group == "" || len(group) > maxGroup {
			return nil, fmt.Errorf("%w: a group with a name of %d octets", ErrInvalid, len(group))
		}
	}
	return groups, nil
}

// orNull is for a claim that isn't there.
func orNull(value json.RawMessage) json.RawMessage {
	if value == nil {
		return json.RawMessage("null")
	}
	return value
}
