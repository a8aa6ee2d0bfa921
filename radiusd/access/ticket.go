package access

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"vpn-otpd/store"
)

// A ticket is two groups of four letters that open the enrollment it was made
// for, and nothing else: 23^8 tickets, 36 bits. It is read from a prompt and
// typed, so no letter looks like another. It is derived from the enrollment's
// id, so that a prompt can be written again; the store has a MAC of it.
const (
	ticketLetters = "3479ACDEFGHJKMNPQRTVWXY"
	ticketGroup   = 4
	ticketLength  = 2 * ticketGroup
)

// ticketOf returns the ticket of an enrollment, as users read it.
func ticketOf(s Store, enrollment []byte) string {
	// 230 is the largest multiple of 23 below 256: no letter is likelier than another.
	const fair = 230
	var letters []byte
	for block := byte(0); ; block++ {
		for _, octet := range s.MAC(store.PurposeTicket, []byte("text"), enrollment, []byte{block}) {
			if octet < fair {
				letters = append(letters, ticketLetters[octet%23])
			}
			if len(letters) == ticketLength {
				return string(letters[:ticketGroup]) + "-" + string(letters[ticketGroup:])
			}
		}
	}
}

// ticketMAC is what the store keeps of a ticket; ok is false where what was
// typed has not the form of one.
func ticketMAC(s Store, typed string) (mac []byte, ok bool) {
	letters := strings.ToUpper(strings.Join(strings.FieldsFunc(typed, func(r rune) bool { return r == '-' || r == ' ' }), ""))
	if len(letters) != ticketLength || strings.Trim(letters, ticketLetters) != "" {
		return nil, false
	}
	return s.MAC(store.PurposeTicket, []byte("find"), []byte(letters)), true
}

// How many tickets may be tried: wrong ones from one network, and all in total,
// by whoever it is. At the total's pace a year of trying finds one of a hundred
// live tickets with a probability of 4 in 100.
const (
	ticketFailuresNetwork = 10
	ticketTriesTotal      = 200
	ticketTryEvery        = time.Second
)

// ticketThrottle slows those who try tickets. It is of this process alone.
type ticketThrottle struct {
	sources throttle
	total   *rate.Limiter
}

func newTicketThrottle() ticketThrottle {
	return ticketThrottle{sources: newThrottle(), total: rate.NewLimiter(rate.Every(ticketTryEvery), ticketTriesTotal)}
}

// begin lets a try through, or says why not.
func (t *ticketThrottle) begin(ctx context.Context, rule Throttle, now func() time.Time, from netip.Addr, ticket []byte) (*attempt, error) {
	source := "unknown"
	if from.IsValid() {
		source = networkOf(from).String()
	}
	try, err := t.sources.begin(ctx, rule, now, map[throttleKey]int{{source: source}: ticketFailuresNetwork}, string(ticket))
	if err != nil {
		return nil, err
	}
	if !t.total.AllowN(now(), 1) {
		try.end(0, false, now())
		return nil, errThrottled
	}
	return try, nil
}
