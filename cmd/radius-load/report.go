package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// report is a result as programs read it. Times are in microseconds.
type report struct {
	Mode              string  `json:"mode"`
	Seconds           float64 `json:"seconds"`
	Logins            int     `json:"logins"`
	LoginsPerSecond   float64 `json:"logins_per_second"`
	RequestsPerSecond float64 `json:"requests_per_second"`
	Refused           int     `json:"refused"`
	Unanswered        int     `json:"unanswered"`
	P50               int64   `json:"p50_us"`
	P90               int64   `json:"p90_us"`
	P99               int64   `json:"p99_us"`
	P999              int64   `json:"p999_us"`
	Max               int64   `json:"max_us"`
	Junk              int     `json:"junk"`
}

func (l *load) report(r result) report {
	took := latencyOf(r.took)
	return report{
		Mode: string(l.mode), Seconds: r.seconds, Logins: len(r.took),
		LoginsPerSecond: float64(r.inTime) / r.seconds, RequestsPerSecond: float64(r.requests) / r.seconds,
		Refused: r.refused, Unanswered: r.unanswered, Junk: r.junk,
		P50: took.P50.Microseconds(), P90: took.P90.Microseconds(), P99: took.P99.Microseconds(),
		P999: took.P999.Microseconds(), Max: took.Max.Microseconds(),
	}
}

func (r report) print(w io.Writer) {
	fmt.Fprintf(w, "%d logins in %.1f s: %.0f logins/s, %.0f requests/s\n", r.Logins, r.Seconds, r.LoginsPerSecond, r.RequestsPerSecond)
	fmt.Fprintf(w, "took: half %s, 90%% %s, 99%% %s, 99.9%% %s, longest %s\n", micro(r.P50), micro(r.P90), micro(r.P99), micro(r.P999), micro(r.Max))
	fmt.Fprintf(w, "refused %d, unanswered %d\n", r.Refused, r.Unanswered)
	if r.Junk > 0 {
		fmt.Fprintf(w, "beside %d junk datagrams, %.0f a second\n", r.Junk, float64(r.Junk)/r.Seconds)
	}
}

func micro(us int64) time.Duration { return time.Duration(us) * time.Microsecond }

func loadCommand() *cobra.Command {
	l := &load{}
	var secret, secretFile, modeName string
	var asJSON bool
	c := &cobra.Command{
		Use:   "run",
		Short: "Log simulated users in, and say how fast it went",
		Long: `Log simulated users in at a server, as many at a time as --in-progress says, or
so many a second as --rate does. Percentiles are exact, over all logins that
ended in an accept; at a rate they count from when a login was due. It fails
where not a single login ended in an accept.`,
		Example: `  radius-load users --users 100000 >users.csv
  vpn-otpctl import csv users.csv
  radius-load run --server 127.0.0.1:1812 --secret-file secret --users 100000 --mode code`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			l.mode = mode(modeName)
			if secretFile != "" {
				octets, err := os.ReadFile(secretFile)
				if err != nil {
					return err
				}
				secret = strings.TrimRight(string(octets), "\r\n")
			}
			l.server.Secret = []byte(secret)
			if err := l.check(); err != nil {
				return err
			}
			r, err := l.measure(c.Context())
			if err != nil {
				return err
			}
			printed := l.report(r)
			if asJSON {
				err = json.NewEncoder(c.OutOrStdout()).Encode(printed)
			} else {
				printed.print(c.OutOrStdout())
			}
			if err == nil && printed.Logins == 0 {
				err = fmt.Errorf("no login ended in an accept: %d refused, %d unanswered", printed.Refused, printed.Unanswered)
			}
			return err
		},
	}
	l.users.flags(c)
	flags := c.Flags()
	flags.StringVar(&l.server.Address, "server", "127.0.0.1:1812", "whom to ask, `host:port`")
	flags.StringVar(&secret, "secret", "", "shared with the server; others on this machine can read it")
	flags.StringVar(&secretFile, "secret-file", "", "a `file` with the secret")
	flags.BoolVar(&l.server.AllowWithoutMessageAuthenticator, "allow-without-message-authenticator", false, "take replies of servers that can't sign them")
	flags.StringVar(&modeName, "mode", string(modeCode), "code, append, challenge, password or echo")
	flags.IntVar(&l.inProgress, "in-progress", 64, "logins at the same time")
	flags.IntVar(&l.sockets, "sockets", 4, "sockets to send from; one has 256 identifiers")
	flags.IntVar(&l.rate, "rate", 0, "logins a second; 0: as many as there can be")
	flags.DurationVar(&l.duration, "for", 10*time.Second, "how long to begin new logins")
	flags.IntVar(&l.junk, "junk", 0, "junk datagrams a second, beside the logins")
	flags.BoolVar(&l.reuse, "reuse", false, "use each code any number of times, for servers that remember nothing")
	flags.BoolVar(&l.sessions, "session-ids", false, "send an Acct-Session-Id, as some VPN servers do")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object")
	return c
}
